//! Shapes of HTTP/1.1 messages over raw sockets (RFC 9112, sections 2 to 7 and 9): what is right
//! is answered, what is wrong is refused and ends the connection, and nothing smuggles a request.

use crate::shop::{KEYS, TOKEN, server};
use crate::wire::{Answer, connect, exchange_half};
use flexiti_mock::Mock;
use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::time::Duration;

/// The statuses of all answers to these bytes, after which no more come.
fn statuses(mock: &Mock, bytes: &[u8]) -> Vec<u16> {
    let raw = exchange_half(mock.address(), bytes);
    let mut rest = raw.as_slice();
    let mut found = Vec::new();
    while !rest.is_empty() {
        let (answer, more) = Answer::parse(rest, false);
        found.push(answer.status);
        rest = more;
    }
    found
}

fn post(head: &str, body: &str) -> String {
    format!(
        "POST {TOKEN} HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-www-form-urlencoded\r\nx-reference-id: 0123456789abcdef0123456789abcdef\r\n{head}\r\n{body}"
    )
}

fn chunked(chunks: &[&str], end: &str) -> String {
    let mut body = String::new();
    for chunk in chunks {
        let _ = write!(body, "{:x}\r\n{chunk}\r\n", chunk.len());
    }
    post("transfer-encoding: chunked\r\n", &format!("{body}{end}"))
}

/// What is tried, the bytes, and the statuses of the answers.
type Shape = (&'static str, String, Vec<u16>);

const GET: &str = "GET / HTTP/1.1\r\nhost: x\r\n";

fn length(length: &str) -> String {
    format!("content-length: {length}\r\n")
}

/// Lines and header fields.
fn heads() -> Vec<Shape> {
    vec![
        // Section 2.2: a line before the first is passed over, and so are bare line feeds.
        ("a blank line first", format!("\r\n{GET}\r\n"), vec![200]),
        (
            "bare line feeds",
            GET.replace("\r\n", "\n") + "\n",
            vec![200],
        ),
        // Section 3: the request line.
        ("no version", "GET /\r\n\r\n".to_owned(), vec![400]),
        (
            "version 2.0 in text",
            "GET / HTTP/2.0\r\nhost: x\r\n\r\n".to_owned(),
            vec![400],
        ),
        (
            "version 1.2",
            "GET / HTTP/1.2\r\nhost: x\r\n\r\n".to_owned(),
            vec![400],
        ),
        (
            "a blank in the target",
            "GET /a b HTTP/1.1\r\nhost: x\r\n\r\n".to_owned(),
            vec![400],
        ),
        (
            "absolute form",
            GET.replace("GET /", "GET http://x/") + "\r\n",
            vec![200],
        ),
        ("no host", "GET / HTTP/1.1\r\n\r\n".to_owned(), vec![400]),
        ("two hosts", format!("{GET}host: y\r\n\r\n"), vec![400]),
        // Section 5: header fields.
        (
            "a blank before the colon",
            format!("{GET}a : b\r\n\r\n"),
            vec![400],
        ),
        ("no colon", format!("{GET}nonsense\r\n\r\n"), vec![400]),
        (
            "a zero byte in a value",
            format!("{GET}a: b\0c\r\n\r\n"),
            vec![400],
        ),
        ("an empty name", format!("{GET}: b\r\n\r\n"), vec![400]),
        (
            "a value with bytes beyond ASCII",
            format!("{GET}a: \u{e9}\r\n\r\n"),
            vec![200],
        ),
    ]
}

/// The length of a body.
fn lengths() -> Vec<Shape> {
    let right = KEYS.len().to_string();
    vec![
        // Section 6: the length of a body.
        ("a length", post(&length(&right), KEYS), vec![200]),
        (
            "the same length twice",
            post(&format!("{0}{0}", length(&right)), KEYS),
            vec![200],
        ),
        (
            "two lengths",
            post(&format!("{}{}", length(&right), length("1")), KEYS),
            vec![400],
        ),
        ("a signed length", post(&length("+1"), "a"), vec![400]),
        ("a hexadecimal length", post(&length("0x1"), "a"), vec![400]),
        (
            "a length that is no number",
            post(&length("ten"), "a"),
            vec![400],
        ),
        (
            "a length too large for any number",
            post(&length("99999999999999999999999"), "a"),
            vec![400],
        ),
        (
            "an unknown transfer coding",
            post("transfer-encoding: gzip\r\n", ""),
            vec![400],
        ),
        (
            "chunked, and then another",
            post("transfer-encoding: chunked, gzip\r\n", ""),
            vec![400],
        ),
        (
            "a body that breaks off",
            post(&length("100"), KEYS),
            vec![400],
        ),
    ]
}

/// Chunks.
fn chunks() -> Vec<Shape> {
    let (half, rest) = KEYS.split_at(10);
    vec![
        // Section 7.1: chunks.
        ("chunks", chunked(&[half, rest], "0\r\n\r\n"), vec![200]),
        (
            "a chunk extension",
            chunked(&[], &format!("{:x};a=b\r\n{KEYS}\r\n0\r\n\r\n", KEYS.len())),
            vec![200],
        ),
        (
            "a trailer",
            chunked(&[KEYS], "0\r\na: b\r\n\r\n"),
            vec![200],
        ),
        ("no size", chunked(&[KEYS], "zz\r\n"), vec![400]),
        ("a negative size", chunked(&[], "-1\r\n"), vec![400]),
        (
            "a size beyond all numbers",
            chunked(&[], "fffffffffffffffff\r\n"),
            vec![400],
        ),
        (
            "a chunk longer than its size",
            chunked(&[], &format!("1\r\n{KEYS}\r\n0\r\n\r\n")),
            vec![400],
        ),
        ("no last chunk", chunked(&[KEYS], ""), vec![400]),
    ]
}

/// Several requests on one connection.
fn connections() -> Vec<Shape> {
    let right = KEYS.len().to_string();
    vec![
        // Section 9.3: several requests on one connection, in order.
        (
            "pipelined",
            format!("{GET}\r\n{}{GET}\r\n", post(&length(&right), KEYS)),
            vec![200, 200, 200],
        ),
        (
            "what follows close",
            format!("{GET}connection: close\r\n\r\n{GET}\r\n"),
            vec![200],
        ),
        (
            "HTTP/1.0 closes",
            format!("GET / HTTP/1.0\r\n\r\n{GET}\r\n"),
            vec![200],
        ),
    ]
}

#[test]
fn messages_are_framed_as_rfc_9112_says() {
    let mock = server("documented");
    for (shape, bytes, expected) in [heads(), lengths(), chunks(), connections()].concat() {
        assert_eq!(statuses(&mock, bytes.as_bytes()), expected, "{shape}");
    }
}

#[test]
fn nothing_smuggles_a_request() {
    let mock = server("documented");
    // Both framings at once (section 6.3) are how requests are smuggled: whatever the answer to
    // the first, what follows in its body is never answered as a request.
    let smuggled = "GET /flexiti/online-api/smuggled HTTP/1.1\r\nhost: x\r\n\r\n";
    for head in [
        "content-length: 4\r\ntransfer-encoding: chunked\r\n",
        "transfer-encoding: chunked\r\ncontent-length: 4\r\n",
        "transfer-encoding:\u{b}chunked\r\ncontent-length: 4\r\n",
        "transfer-encoding: xchunked\r\ncontent-length: 4\r\n",
    ] {
        let bytes = post(head, &format!("0\r\n\r\n{smuggled}"));
        statuses(&mock, bytes.as_bytes());
    }
    let journal = mock.admin().requests("path=/flexiti/online-api/smuggled");
    assert_eq!(journal.unwrap().requests.len(), 0);
}

#[test]
fn a_request_is_read_however_it_is_cut_into_packets() {
    let mock = server("documented");
    let bytes = post(&format!("content-length: {}\r\n", KEYS.len()), KEYS);
    let bytes = format!("{bytes}GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    for size in [1, 7, 100] {
        let mut stream = connect(mock.address());
        stream.set_nodelay(true).unwrap();
        for piece in bytes.as_bytes().chunks(size) {
            stream.write_all(piece).unwrap();
            if size == 1 {
                std::thread::sleep(Duration::from_micros(50));
            }
        }
        let mut raw = Vec::new();
        stream.read_to_end(&mut raw).unwrap();
        let (first, rest) = Answer::parse(&raw, false);
        let (second, rest) = Answer::parse(rest, false);
        assert_eq!((first.status, second.status, rest.len()), (200, 200, 0));
    }
}
