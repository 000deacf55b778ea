//! A small HTTP/1.1 client that sends exactly the bytes it is told to.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

/// How long a server may be silent before the test fails.
const PATIENCE: Duration = Duration::from_secs(20);

/// A request; nothing in it is checked or encoded unless a method says so.
#[derive(Debug, Clone)]
pub struct Call {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Call {
    pub fn new(method: &str, target: &str) -> Self {
        Self {
            method: method.to_owned(),
            target: target.to_owned(),
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    pub fn get(target: &str) -> Self {
        Self::new("GET", target)
    }

    pub fn post(target: &str) -> Self {
        Self::new("POST", target)
    }

    /// Adds a header; an empty `host` stands for none.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Takes a header away again.
    pub fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(n, _)| !n.eq_ignore_ascii_case(name));
        self
    }

    /// A body as it is; its content type is a header like any other.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// A form, percent-encoded as a careful client does it.
    pub fn form<N: AsRef<str>, V: AsRef<str>>(self, pairs: &[(N, V)]) -> Self {
        self.content_type("application/x-www-form-urlencoded")
            .body(form(pairs))
    }

    /// A JSON body.
    pub fn json(self, body: &Value) -> Self {
        self.content_type("application/json").body(body.to_string())
    }

    /// Sets the content type unless there is one.
    fn content_type(self, value: &str) -> Self {
        if self.has("content-type") {
            self
        } else {
            self.header("content-type", value)
        }
    }

    fn has(&self, name: &str) -> bool {
        self.headers
            .iter()
            .any(|(n, _)| n.eq_ignore_ascii_case(name))
    }

    /// The request as it goes over the wire: with a host, a length and `connection: close`
    /// unless it names its own.
    pub fn bytes(&self, address: SocketAddr) -> Vec<u8> {
        let mut head = format!("{} {} HTTP/1.1\r\n", self.method, self.target);
        let mut line = |name: &str, value: &str| {
            let _ = write!(head, "{name}: {value}\r\n");
        };
        if !self.has("host") {
            line("host", &address.to_string());
        }
        if !self.has("connection") {
            line("connection", "close");
        }
        if !self.has("content-length") && !self.has("transfer-encoding") {
            line("content-length", &self.body.len().to_string());
        }
        for (name, value) in &self.headers {
            if !(name == "host" && value.is_empty()) {
                line(name, value);
            }
        }
        head.push_str("\r\n");
        [head.as_bytes(), &self.body].concat()
    }

    /// Sends it on a connection of its own and gives the answer.
    pub fn send(&self, address: SocketAddr) -> Answer {
        let raw = exchange(address, &self.bytes(address));
        let (answer, rest) = Answer::parse(&raw, self.method == "HEAD");
        assert!(rest.is_empty(), "more than one answer: {rest:?}");
        answer
    }
}

/// Pairs as a form body, percent-encoded.
pub fn form<N: AsRef<str>, V: AsRef<str>>(pairs: &[(N, V)]) -> String {
    let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let pairs: Vec<String> = pairs
        .iter()
        .map(|(name, value)| format!("{}={}", encoded(name.as_ref()), encoded(value.as_ref())))
        .collect();
    pairs.join("&")
}

pub fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).expect("the server accepts");
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// Sends bytes and reads until the server closes the connection.
pub fn exchange(address: SocketAddr, bytes: &[u8]) -> Vec<u8> {
    let mut stream = connect(address);
    stream.write_all(bytes).expect("the server reads it all");
    read_all(stream)
}

/// Sends bytes, says that no more will come, and reads until the server closes.
pub fn exchange_half(address: SocketAddr, bytes: &[u8]) -> Vec<u8> {
    let mut stream = connect(address);
    stream.write_all(bytes).expect("the server reads it all");
    stream.shutdown(Shutdown::Write).unwrap();
    read_all(stream)
}

fn read_all(mut stream: TcpStream) -> Vec<u8> {
    let mut raw = Vec::new();
    stream
        .read_to_end(&mut raw)
        .unwrap_or_else(|error| panic!("no whole answer, but {raw:?}: {error}"));
    raw
}

/// A body in chunks, and what follows it (RFC 9112, section 7.1).
fn unchunked(mut rest: &[u8]) -> (Vec<u8>, &[u8]) {
    let mut body = Vec::new();
    loop {
        let end = rest.windows(2).position(|two| two == b"\r\n");
        let end = end.expect("the size of a chunk");
        let size = std::str::from_utf8(&rest[..end]).unwrap();
        let size = usize::from_str_radix(size, 16).expect("a size");
        rest = &rest[end + 2..];
        body.extend_from_slice(&rest[..size]);
        rest = &rest[size + 2..];
        if size == 0 {
            return (body, rest);
        }
    }
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    /// The first answer in `raw`, and what follows it.
    pub fn parse(raw: &[u8], to_head: bool) -> (Self, &[u8]) {
        let end = raw.windows(4).position(|bytes| bytes == b"\r\n\r\n");
        let end = end.unwrap_or_else(|| panic!("no answer: {:?}", String::from_utf8_lossy(raw)));
        let head = std::str::from_utf8(&raw[..end]).expect("a head in ASCII");
        let mut lines = head.split("\r\n");
        let status_line = lines.next().unwrap();
        let status = status_line.split(' ').nth(1).and_then(|s| s.parse().ok());
        let mut answer = Self {
            status: status.unwrap_or_else(|| panic!("no status: {status_line}")),
            headers: lines
                .map(|line| line.split_once(": ").expect("a header"))
                .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
                .collect(),
            body: Vec::new(),
        };
        if answer.header("transfer-encoding") == Some("chunked") && !to_head {
            let (body, rest) = unchunked(&raw[end + 4..]);
            answer.body = body;
            return (answer, rest);
        }
        let length = answer
            .header("content-length")
            .map_or(0, |n| n.parse().unwrap());
        let rest = &raw[end + 4..];
        let length: usize = if to_head { 0 } else { length };
        assert!(rest.len() >= length, "the body breaks off: {rest:?}");
        answer.body = rest[..length].to_vec();
        (answer, &rest[length..])
    }

    /// A header, which may stand only once.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut found = self.headers.iter().filter(|(n, _)| n == name);
        let value = found.next().map(|(_, value)| value.as_str());
        assert!(found.next().is_none(), "{name} stands twice");
        value
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).expect("a body in UTF-8")
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {} {}", self.status, self.text()))
    }

    /// The status and the `error` word of a refusal, to be compared in one go.
    pub fn refusal(&self) -> (u16, String) {
        let error = self.json()["error"].as_str().unwrap_or_default().to_owned();
        (self.status, error)
    }

    /// `param msg` of each of the `field_errors`, in order.
    pub fn fields(&self) -> Vec<String> {
        let body = self.json();
        let rows = body["field_errors"].as_array().cloned().unwrap_or_default();
        let text = |row: &Value, key: &str| row[key].as_str().unwrap_or_default().to_owned();
        rows.iter()
            .map(|row| format!("{} {}", text(row, "param"), text(row, "msg")))
            .collect()
    }
}
