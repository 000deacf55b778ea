//! A raw connection without a client library, plain or TLS: bytes out, answers in.

use super::answer::Answer;
use anyhow::{Context as _, anyhow};
use reqwest::Url;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream, ToSocketAddrs as _};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Connect timeout.
const CONNECT_TIME: Duration = Duration::from_secs(3);
/// Maximum number of bytes read from a connection.
const LARGEST: usize = 256 * 1024;
/// Maximum size of an answer's head, in bytes.
const LARGEST_HEAD: usize = 32 * 1024;

/// A connection.
pub struct Line {
    stream: Stream,
    /// Bytes read that belong to no answer yet.
    pending: Vec<u8>,
    read: usize,
    is_closed: bool,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lost {
    /// The server closed the connection.
    Closed,
    /// Nothing came in time.
    Late,
    /// The bytes received are not an answer.
    Odd(String),
}

enum Stream {
    Clear(TcpStream),
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
}

impl Line {
    /// Connects to the server of a URL. `ca` is a file of authorities to trust besides the
    /// system's.
    pub fn to(url: &Url, ca: Option<&Path>) -> anyhow::Result<Self> {
        let host = url.host_str().context("the URL names no host")?;
        let port = url
            .port_or_known_default()
            .context("the URL names no port")?;
        let name = host.trim_matches(['[', ']']);
        let addresses = (name, port).to_socket_addrs()?;
        let mut failed = anyhow!("the host name has no address");
        let mut tcp = None;
        for address in addresses {
            match TcpStream::connect_timeout(&address, CONNECT_TIME) {
                Ok(stream) => {
                    tcp = Some(stream);
                    break;
                }
                Err(error) => failed = error.into(),
            }
        }
        let tcp = tcp.ok_or(failed)?;
        tcp.set_nodelay(true)?;
        tcp.set_write_timeout(Some(CONNECT_TIME))?;
        let stream = if url.scheme() == "https" {
            let server = ServerName::try_from(name.to_owned())?;
            let client = ClientConnection::new(Arc::new(config(ca)?), server)?;
            Stream::Tls(Box::new(StreamOwned::new(client, tcp)))
        } else {
            Stream::Clear(tcp)
        };
        Ok(Self {
            stream,
            pending: Vec::new(),
            read: 0,
            is_closed: false,
        })
    }

    /// Sends bytes.
    pub fn say(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        // A TLS handshake reads too.
        self.stream.tcp().set_read_timeout(Some(CONNECT_TIME))?;
        match &mut self.stream {
            Stream::Clear(tcp) => tcp.write_all(bytes),
            Stream::Tls(tls) => tls.write_all(bytes).and_then(|()| tls.flush()),
        }
    }

    /// Shuts down the sending side.
    pub fn shut(&mut self) {
        if let Stream::Tls(tls) = &mut self.stream {
            tls.conn.send_close_notify();
            let _ = tls.flush();
            return;
        }
        let _ = self.stream.tcp().shutdown(Shutdown::Write);
    }

    /// The next answer, including interim ones. If `to_head`, it has no body.
    pub fn hear(&mut self, until: Instant, to_head: bool) -> Result<Answer, Lost> {
        let started = Instant::now();
        let end = loop {
            if let Some(at) = find(&self.pending, b"\r\n\r\n") {
                break at + 4;
            }
            if !could_begin(&self.pending) {
                return Err(self.odd());
            }
            if self.pending.len() > LARGEST_HEAD {
                return Err(Lost::Odd("a head over 32 KiB".to_owned()));
            }
            self.more(until)?;
        };
        let head: Vec<u8> = self.pending.drain(..end).collect();
        let head = String::from_utf8_lossy(&head).into_owned();
        let mut lines = head.split("\r\n");
        let status = lines.next().and_then(status_of);
        let status = status.ok_or_else(|| Lost::Odd(first_line(&head)))?;
        let headers: Vec<(String, String)> = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        let mut answer = Answer {
            status,
            headers,
            body: Vec::new(),
            took: started.elapsed(),
        };
        if !to_head && status >= 200 && status != 204 && status != 304 {
            answer.body = self.body(&answer, until)?;
        }
        Ok(answer)
    }

    fn body(&mut self, answer: &Answer, until: Instant) -> Result<Vec<u8>, Lost> {
        let coding = answer.header("transfer-encoding").unwrap_or_default();
        if coding.to_ascii_lowercase().contains("chunked") {
            return self.chunks(until);
        }
        let Some(length) = answer.header("content-length") else {
            // The body ends with the connection.
            while !self.is_closed {
                match self.more(until) {
                    Ok(()) | Err(Lost::Closed) => {}
                    Err(lost) => return Err(lost),
                }
            }
            return Ok(std::mem::take(&mut self.pending));
        };
        let length: usize = length
            .parse()
            .map_err(|_| Lost::Odd(format!("content-length: {length}")))?;
        self.fill(length, until)?;
        Ok(self.pending.drain(..length).collect())
    }

    fn chunks(&mut self, until: Instant) -> Result<Vec<u8>, Lost> {
        let mut body = Vec::new();
        loop {
            let line = self.line(until)?;
            let size = line.split(';').next().unwrap_or_default().trim();
            let size = usize::from_str_radix(size, 16);
            let size = size.map_err(|_| Lost::Odd(format!("a chunk of the size {line:?}")))?;
            if size == 0 {
                // Trailers.
                while !self.line(until)?.is_empty() {}
                return Ok(body);
            }
            self.fill(size.saturating_add(2), until)?;
            body.extend(self.pending.drain(..size));
            self.pending.drain(..2);
        }
    }

    /// A line without its line ending.
    fn line(&mut self, until: Instant) -> Result<String, Lost> {
        loop {
            if let Some(at) = find(&self.pending, b"\r\n") {
                let line: Vec<u8> = self.pending.drain(..at + 2).collect();
                return Ok(String::from_utf8_lossy(&line[..at]).into_owned());
            }
            self.more(until)?;
        }
    }

    /// Reads until this many bytes are pending.
    fn fill(&mut self, length: usize, until: Instant) -> Result<(), Lost> {
        if length > LARGEST {
            return Err(Lost::Odd(format!("an answer of {length} bytes")));
        }
        while self.pending.len() < length {
            self.more(until)?;
        }
        Ok(())
    }

    fn more(&mut self, until: Instant) -> Result<(), Lost> {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(Lost::Late);
        }
        if self.read > LARGEST {
            return Err(Lost::Odd("over 256 KiB".to_owned()));
        }
        let _ = self.stream.tcp().set_read_timeout(Some(left));
        let mut buffer = [0; 8 * 1024];
        let read = match &mut self.stream {
            Stream::Clear(tcp) => tcp.read(&mut buffer),
            Stream::Tls(tls) => tls.read(&mut buffer),
        };
        match read {
            Ok(0) => {
                self.is_closed = true;
                Err(Lost::Closed)
            }
            Ok(read) => {
                self.read += read;
                self.pending.extend_from_slice(&buffer[..read]);
                Ok(())
            }
            Err(error) => match error.kind() {
                ErrorKind::WouldBlock | ErrorKind::TimedOut => Err(Lost::Late),
                ErrorKind::Interrupted => Ok(()),
                _ => {
                    self.is_closed = true;
                    Err(Lost::Closed)
                }
            },
        }
    }

    fn odd(&self) -> Lost {
        Lost::Odd(first_line(&String::from_utf8_lossy(&self.pending)))
    }
}

impl Stream {
    fn tcp(&self) -> &TcpStream {
        match self {
            Self::Clear(tcp) => tcp,
            Self::Tls(tls) => &tls.sock,
        }
    }
}

/// HTTP/1 over TLS, trusting the system's authorities and those of a file.
fn config(ca: Option<&Path>) -> anyhow::Result<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(file) = ca {
        for certificate in CertificateDer::pem_file_iter(file)? {
            roots.add(certificate?)?;
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider);
    let config = config.with_safe_default_protocol_versions()?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

/// Whether these bytes may be the beginning of an answer.
fn could_begin(bytes: &[u8]) -> bool {
    const BEGINNING: &[u8] = b"HTTP/1.";
    let length = bytes.len().min(BEGINNING.len());
    bytes[..length] == BEGINNING[..length]
}

fn status_of(line: &str) -> Option<u16> {
    let rest = line.strip_prefix("HTTP/1.")?;
    let status = rest.split(' ').nth(1)?;
    (status.len() == 3).then(|| status.parse().ok())?
}

fn first_line(text: &str) -> String {
    text.lines()
        .next()
        .unwrap_or_default()
        .chars()
        .take(80)
        .collect()
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|part| part == what)
}
