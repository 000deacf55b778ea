//! Requests that are no HTTP, or cannot be framed: they never reach the pipeline. Each leaves a
//! log line and a count, and is answered with a sentence.

use crate::http::reply::Reply;
use crate::pipeline::Service;
use crate::server::socket::Socket;
use hyper::header::{CONNECTION, HOST};
use hyper::{Request, StatusCode, Version};

/// What hyper answers where it cannot read a head. It has no body.
const HYPERS: &[(&[u8], u16, &str)] = &[
    (
        b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n",
        400,
        "this is not an HTTP/1.1 request: its first line or a header cannot be read",
    ),
    (
        b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n",
        431,
        "the head of the request is too large: at most 64 KiB and 100 headers are read",
    ),
    (
        b"HTTP/1.1 414 URI Too Long\r\nconnection: close\r\ncontent-length: 0\r\n",
        414,
        "the URL of the request is too long",
    ),
];

/// Whether a request names one host (RFC 9112, section 3.2); otherwise why not.
pub fn host<B>(request: &Request<B>) -> Result<(), &'static str> {
    let mut hosts = request.headers().get_all(HOST).iter();
    match (hosts.next(), hosts.next()) {
        (_, Some(_)) => Err("the request has more than one Host header; send exactly one"),
        (None, _) if request.version() >= Version::HTTP_11 => {
            Err("the request has no Host header; HTTP/1.1 needs exactly one")
        }
        _ => Ok(()),
    }
}

/// The answer to a request whose connection is not to be trusted any further.
pub fn reply(why: &str) -> Reply {
    let kind = "text/plain; charset=utf-8";
    Reply::text(StatusCode::BAD_REQUEST, kind, &format!("{why}\n")).with(CONNECTION, "close")
}

/// Logs and counts a request that never reached the pipeline.
pub fn refused(service: &Service, why: &str) {
    service.metrics.malformed();
    tracing::info!(malformed = why, "refused what is not HTTP");
}

/// A connection has ended in an error: where that was the client's, it is told and logged.
pub fn ended(service: &Service, socket: &Socket, error: &hyper::Error) {
    if error.is_timeout() {
        if socket.is_half_way() {
            let why = "the head of the request did not arrive in time (--head-timeout)";
            socket.last_words(&answer(408, why));
            refused(service, why);
        }
    } else if error.is_parse() {
        refused(service, &error.to_string());
    }
}

/// A whole answer with a sentence, after which the connection closes.
pub fn answer(status: u16, why: &str) -> Vec<u8> {
    let reason = StatusCode::from_u16(status).ok();
    let reason = reason.and_then(|status| status.canonical_reason());
    let retry = if status == 503 {
        "retry-after: 1\r\n"
    } else {
        ""
    };
    format!(
        "HTTP/1.1 {status} {}\r\n{retry}content-type: text/plain; charset=utf-8\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{why}\n",
        reason.unwrap_or_default(),
        why.len() + 1,
    )
    .into_bytes()
}

/// The answer in place of one that hyper made, which says nothing but the status.
pub fn in_place_of(written: &[u8]) -> Option<Vec<u8>> {
    let starts = |(head, ..): &&(&[u8], u16, &str)| written.starts_with(head);
    let (head, status, why) = HYPERS.iter().find(starts)?;
    let rest = &written[head.len()..];
    // Nothing but the date follows: what has more headers is no answer of hyper's.
    let is_date = rest.is_empty() || rest.starts_with(b"date: ");
    let lines = rest.windows(2).filter(|two| *two == b"\r\n").count();
    (is_date && lines <= 2).then(|| answer(*status, why))
}
