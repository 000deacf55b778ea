//! The beginning of a secured connection.

use crate::pipeline::Service;
use crate::server::tls::Tls;
use crate::server::{malformed, own_words};
use std::io::ErrorKind;
use std::net::Shutdown;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// The first byte of a handshake (RFC 8446, section 5.1).
const HANDSHAKE: u8 = 0x16;
/// How long whoever spoke HTTP in the clear may take to read why that is wrong.
const FAREWELL: Duration = Duration::from_secs(1);

/// Makes a connection secure; none where the client does not, or takes too long. It has been told,
/// and that was logged.
pub async fn accept(
    service: &Service,
    tls: &Tls,
    stream: TcpStream,
) -> Option<TlsStream<TcpStream>> {
    let time = service.app.limits.head_time;
    let deadline = tokio::time::Instant::now() + time;
    let mut first = [0];
    // Looked at, and not taken: rustls wants it, too, and would answer in its own way.
    match tokio::time::timeout_at(deadline, stream.peek(&mut first)).await {
        Ok(Ok(1..)) if first == [HANDSHAKE] => {}
        Ok(Ok(1..)) => {
            in_the_clear(service, stream).await;
            return None;
        }
        // Gone, or idle for too long, without a word.
        _ => return None,
    }
    let accepted = TlsAcceptor::from(tls.config()).accept(stream);
    match tokio::time::timeout_at(deadline, accepted).await {
        Ok(Ok(stream)) => Some(stream),
        Ok(Err(error)) => {
            let is_gone = matches!(
                error.kind(),
                ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset | ErrorKind::BrokenPipe
            );
            if !is_gone {
                malformed::refused(service, &format!("the TLS handshake failed: {error}"));
            }
            None
        }
        Err(_) => {
            let why = "the TLS handshake did not end in time (--head-timeout)";
            malformed::refused(service, why);
            None
        }
    }
}

/// Says that this port speaks TLS to whoever does not.
async fn in_the_clear(service: &Service, stream: TcpStream) {
    let why = "this port speaks TLS, and the request came in the clear: ask for https://";
    malformed::refused(service, why);
    let _ = stream.try_write(&own_words::answer(400, why));
    let _ = socket2::SockRef::from(&stream).shutdown(Shutdown::Write);
    // Closed with something unread, the answer could get lost.
    let rest = async {
        let mut waste = [0; 4096];
        while stream.readable().await.is_ok() {
            match stream.try_read(&mut waste) {
                Ok(0) => return,
                Err(error) if error.kind() != ErrorKind::WouldBlock => return,
                _ => {}
            }
        }
    };
    let _ = tokio::time::timeout(FAREWELL, rest).await;
}
