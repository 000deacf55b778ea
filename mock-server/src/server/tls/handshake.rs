//! The TLS handshake of a new connection.

use crate::pipeline::Service;
use crate::server::default_responses;
use crate::server::malformed;
use crate::server::tls::Tls;
use std::io::{Error, ErrorKind};
use std::net::Shutdown;
use std::pin::pin;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// The first byte of a handshake (RFC 8446, section 5.1).
const HANDSHAKE: u8 = 0x16;
/// How long a client that spoke plain HTTP has to read the error.
const FAREWELL: Duration = Duration::from_secs(1);

/// Performs the handshake; `None` if the client does not speak TLS or takes too long, which it has
/// then been told and which has been logged.
pub async fn accept(
    service: &Service,
    tls: &Tls,
    stream: TcpStream,
) -> Option<TlsStream<TcpStream>> {
    let mut late = pin!(tokio::time::sleep(service.app.limits.head_time));
    let mut first = [0];
    // Peek, because rustls needs the byte as well, and would otherwise answer in its own way.
    let begun = tokio::select! {
        begun = stream.peek(&mut first) => begun,
        // Idle for too long.
        () = late.as_mut() => return None,
    };
    if !begun.is_ok_and(|count| count > 0) {
        return None;
    }
    if first != [HANDSHAKE] {
        in_the_clear(service, stream).await;
        return None;
    }
    tokio::select! {
        accepted = TlsAcceptor::from(tls.config()).accept(stream) => {
            let failed = |error: &Error| {
                let is_gone = matches!(
                    error.kind(),
                    ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset | ErrorKind::BrokenPipe
                );
                if !is_gone {
                    malformed::refused(service, &format!("the TLS handshake failed: {error}"));
                }
            };
            accepted.inspect_err(failed).ok()
        }
        () = late => {
            let why = "the TLS handshake did not end in time (--head-timeout)";
            malformed::refused(service, why);
            None
        }
    }
}

/// Tells a client that speaks plain HTTP that this port speaks TLS.
async fn in_the_clear(service: &Service, stream: TcpStream) {
    let why = "a plain HTTP request on a TLS port: use https://";
    malformed::refused(service, why);
    let _ = stream.try_write(&default_responses::answer(400, why));
    let _ = socket2::SockRef::from(&stream).shutdown(Shutdown::Write);
    // If the socket is closed with unread data, the answer can get lost.
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
