//! Small servers on loopback that misbehave on purpose, alone or in front of a mock.

use flexiti_mock::Mock;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// A request, as it came over the wire.
#[derive(Debug, Clone)]
pub struct Request {
    /// The number of the request, from 1.
    pub number: usize,
    pub method: String,
    /// As in the first line.
    pub target: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Request {
    /// Reads one from a connection; `None` if it is closed.
    pub fn read(stream: &mut impl Read, number: usize) -> Option<Self> {
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") {
            if stream.read(&mut byte).ok()? == 0 {
                return None;
            }
            head.push(byte[0]);
        }
        let head = String::from_utf8_lossy(&head).into_owned();
        let mut lines = head.lines();
        let mut first = lines.next()?.split(' ');
        let (method, target) = (first.next()?.to_owned(), first.next()?.to_owned());
        let headers: Vec<(String, String)> = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        let length = headers.iter().find(|(name, _)| name == "content-length");
        let length = length.and_then(|(_, value)| value.parse().ok());
        let mut body = vec![0; length.unwrap_or(0)];
        stream.read_exact(&mut body).ok()?;
        Some(Self {
            number,
            method,
            target,
            headers,
            body,
        })
    }

    pub fn is_for(&self, word: &str) -> bool {
        self.target.contains(word)
    }

    /// The whole answer of a mock.
    pub fn forwarded(&self, to: SocketAddr) -> Vec<u8> {
        use std::fmt::Write as _;
        let mut server = TcpStream::connect(to).unwrap();
        let at = self.target.find("/flexiti").or(self.target.find("/__"));
        let path = &self.target[at.or(self.target.find("/checkout")).unwrap_or(0)..];
        let mut head = format!("{} {path} HTTP/1.1\r\nconnection: close\r\n", self.method);
        for (name, value) in &self.headers {
            if name != "connection" && name != "host" {
                let _ = write!(head, "{name}: {value}\r\n");
            }
        }
        let _ = write!(head, "host: {to}\r\n\r\n");
        let _ = server.write_all(head.as_bytes());
        let _ = server.write_all(&self.body);
        let mut answer = Vec::new();
        let _ = server.read_to_end(&mut answer);
        answer
    }
}

/// An answer of JSON.
pub fn json(status: u16, body: &str) -> Vec<u8> {
    answer(status, "content-type: application/json\r\n", body)
}

pub fn answer(status: u16, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 {status} X\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n{body}")
        .into_bytes()
}

/// An answer with other words in its body.
pub fn reworded(answer: &[u8], old: &str, new: &str) -> Vec<u8> {
    let text = String::from_utf8_lossy(answer).into_owned();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let body = body.replace(old, new);
    let kept = head
        .lines()
        .filter(|line| !line.to_ascii_lowercase().starts_with("content-length"));
    let head = kept.collect::<Vec<_>>().join("\r\n");
    format!("{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

/// A running server.
pub struct Server {
    pub address: SocketAddr,
    pub requests: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    pub fn base_url(&self) -> String {
        format!("http://{}/flexiti/online-api", self.address)
    }

    pub fn count(&self) -> usize {
        self.requests.lock().unwrap().len()
    }
}

/// Serves each request, one a connection, with what `serve` writes.
pub fn serve(serve: impl Fn(&Request, &mut TcpStream) + Send + Sync + 'static) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let requests = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&requests);
    let (serve, number) = (Arc::new(serve), Arc::new(AtomicUsize::new(0)));
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let (serve, kept) = (Arc::clone(&serve), Arc::clone(&kept));
            let number = Arc::clone(&number);
            std::thread::spawn(move || {
                // A connection that was opened ahead counts for nothing.
                let number = || number.fetch_add(1, Ordering::SeqCst) + 1;
                if let Some(mut request) = Request::read(&mut stream, 0) {
                    request.number = number();
                    kept.lock().unwrap().push(request.clone());
                    serve(&request, &mut stream);
                }
            });
        }
    });
    Server { address, requests }
}

/// Answers every request alike.
pub fn always(bytes: Vec<u8>) -> Server {
    serve(move |_, stream| {
        let _ = stream.write_all(&bytes);
    })
}

/// A mock behind something that may give another answer, from the request and the mock's answer.
pub fn in_front_of(
    mock: &Mock,
    change: impl Fn(&Request, Vec<u8>) -> Vec<u8> + Send + Sync + 'static,
) -> Server {
    let to = mock.address();
    serve(move |request, stream| {
        let bytes = change(request, request.forwarded(to));
        let _ = stream.write_all(&bytes);
    })
}
