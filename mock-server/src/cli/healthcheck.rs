//! `healthcheck`: checks a server's health, for containers without curl.

use crate::cli::complaint::complain;
use crate::http::route::ADMIN;
use crate::server::tls::client;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::ExitCode;
use std::time::Duration;

/// The timeout of each step.
const TIME: Duration = Duration::from_secs(2);
/// How much of the answer is read, in bytes.
const ANSWER: u64 = 4_096;

/// Asks the server at an address whether it is healthy, or ready.
pub fn run(address: SocketAddr, tls: bool, ready: bool) -> ExitCode {
    let path = if ready { "ready" } else { "health" };
    match ask(address, tls, path) {
        Ok(answer) if answer.starts_with("HTTP/1.1 200") => ExitCode::SUCCESS,
        Ok(answer) => {
            let line = answer.lines().next().unwrap_or("no answer");
            let hint = if answer.contains("use https://") {
                "; use --tls"
            } else {
                ""
            };
            complain(&format!("{address} answers `{line}`{hint}"));
            ExitCode::FAILURE
        }
        Err(error) => {
            let hint = if tls && is_no_tls(&error) {
                "the server does not use TLS; leave --tls out".to_owned()
            } else {
                error.to_string()
            };
            complain(&format!("{address}: {hint}"));
            ExitCode::FAILURE
        }
    }
}

/// Whether the error means that the answer is not TLS at all.
fn is_no_tls(error: &io::Error) -> bool {
    let error = error.get_ref().and_then(|error| error.downcast_ref());
    matches!(
        error,
        Some(rustls::Error::InvalidMessage(
            rustls::InvalidMessage::InvalidContentType
        ))
    )
}

fn ask(address: SocketAddr, tls: bool, path: &str) -> io::Result<String> {
    let stream = TcpStream::connect_timeout(&address, TIME)?;
    stream.set_read_timeout(Some(TIME))?;
    stream.set_write_timeout(Some(TIME))?;
    if tls {
        answer(client::unchecked(stream, address.ip())?, address, path)
    } else {
        answer(stream, address, path)
    }
}

fn answer(mut stream: impl Read + Write, address: SocketAddr, path: &str) -> io::Result<String> {
    let request =
        format!("GET {ADMIN}/{path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    stream.take(ANSWER).read_to_end(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}
