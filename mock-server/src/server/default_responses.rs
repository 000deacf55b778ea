//! Complete answers that do not come from a handler, each with an explanation; they also replace
//! hyper's own answers, which have none.

use hyper::StatusCode;

/// hyper's answers to a head that it cannot parse, which have no body.
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

/// A complete answer with an explanation, after which the connection closes.
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

/// The replacement for an answer that hyper made itself.
pub fn in_place_of(written: &[u8]) -> Option<Vec<u8>> {
    let starts = |(head, ..): &&(&[u8], u16, &str)| written.starts_with(head);
    let (head, status, why) = HYPERS.iter().find(starts)?;
    let rest = &written[head.len()..];
    // Only a date may follow: an answer with more headers is not hyper's own.
    let is_date = rest.is_empty() || rest.starts_with(b"date: ");
    let lines = rest.windows(2).filter(|two| *two == b"\r\n").count();
    (is_date && lines <= 2).then(|| answer(*status, why))
}
