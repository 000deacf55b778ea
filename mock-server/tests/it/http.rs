//! The wire itself: chunks, pipelines, clients that go away, and bytes that are no HTTP.

use crate::shop::{
    self, APPLY, INIT, INIT_V2, KEYS, REFERENCE, TOKEN, assert_well, demo_token_call, init_call,
    server, text, token,
};
use crate::wire::{Answer, Call, connect, exchange, exchange_half};
use serde_json::Value;
use std::io::{Read as _, Write as _};

/// A token request as raw bytes with these headers, each with its line end.
fn raw(headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "POST {TOKEN} HTTP/1.1\r\nhost: x\r\nconnection: close\r\nx-reference-id: {REFERENCE}\r\n\
         content-type: application/x-www-form-urlencoded\r\n{headers}\r\n"
    );
    [head.as_bytes(), body].concat()
}

fn first(bytes: &[u8]) -> Answer {
    Answer::parse(bytes, false).0
}

#[test]
fn chunks_are_put_together() {
    let mock = server("documented");
    let (left, right) = KEYS.split_at(20);
    for body in [
        format!("{:x}\r\n{KEYS}\r\n0\r\n\r\n", KEYS.len()),
        format!("14\r\n{left}\r\n{:X}\r\n{right}\r\n0\r\n\r\n", right.len()),
        format!(
            "14;name=value\r\n{left}\r\n{:x}\r\n{right}\r\n0\r\nx-trailer: 1\r\n\r\n",
            right.len()
        ),
    ] {
        let bytes = raw("transfer-encoding: chunked\r\n", body.as_bytes());
        let answer = first(&exchange(mock.address(), &bytes));
        assert_eq!(answer.status, 200, "{body}: {}", answer.text());
    }
}

#[test]
fn what_is_not_http_is_answered_400_and_never_5xx() {
    let mock = server("documented");
    let long_line = format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(100_000));
    let many_headers = "x-a: 1\r\n".repeat(500);
    for bytes in [
        b"GET /\r\n\r\n".to_vec(),
        b"GET / HTTP/3.0\r\n\r\n".to_vec(),
        b"\0\0\0\0\r\n\r\n".to_vec(),
        b"nonsense\r\n\r\n".to_vec(),
        // The beginning of a TLS handshake: https where http is spoken.
        b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03".to_vec(),
        long_line.into_bytes(),
        raw(&many_headers, b""),
        raw("x-a: \0\r\n", b""),
        raw("no colon\r\n", b""),
        raw("content-length: -5\r\n", KEYS.as_bytes()),
        raw(
            "content-length: 5\r\ncontent-length: 6\r\n",
            KEYS.as_bytes(),
        ),
        raw("content-length: 99999999999999999999\r\n", KEYS.as_bytes()),
        raw("transfer-encoding: gzip\r\n", KEYS.as_bytes()),
    ] {
        let answer = first(&exchange_half(mock.address(), &bytes));
        let start = String::from_utf8_lossy(&bytes[..bytes.len().min(60)]).into_owned();
        assert!(
            (400..500).contains(&answer.status),
            "{start}: {}",
            answer.status
        );
    }
    assert_well(&mock);
}

#[test]
fn unusual_but_correct_http_is_understood() {
    let mock = server("documented");
    let length = format!("content-length: {}\r\n", KEYS.len());
    let plain = String::from_utf8(raw(&length, KEYS.as_bytes())).unwrap();
    for bytes in [
        plain.replace("POST /", "POST http://x/"),
        plain.replace("HTTP/1.1", "HTTP/1.0"),
        plain
            .replace("HTTP/1.1", "HTTP/1.0")
            .replace("host: x\r\n", ""),
        plain.replace(
            "host: x\r\n",
            &format!("host: x\r\nx-long: {}\r\n", "a".repeat(60_000)),
        ),
        plain.replace("host: x", "HOST:x"),
        plain.replace("host: x\r\n", "host: x\r\nx-bytes: \u{ff}\u{fe}\r\n"),
        format!("\r\n{plain}"),
    ] {
        let answer = first(&exchange(mock.address(), bytes.as_bytes()));
        assert_eq!(answer.status, 200, "{}", &bytes[..80]);
    }
    for target in ["*", "a:1"] {
        let method = if target == "*" { "OPTIONS" } else { "CONNECT" };
        let answer = Call::new(method, target).send(mock.address());
        assert_eq!(answer.status, 404, "{method} {target}");
    }
}

#[test]
fn a_client_that_waits_for_100_continue_is_told_to_go_on() {
    let mock = server("documented");
    let headers = format!("expect: 100-continue\r\ncontent-length: {}\r\n", KEYS.len());
    let mut stream = connect(mock.address());
    stream.write_all(&raw(&headers, b"")).unwrap();
    let mut told = [0; 25];
    stream.read_exact(&mut told).unwrap();
    assert_eq!(&told, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(KEYS.as_bytes()).unwrap();
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).unwrap();
    assert_eq!(first(&rest).status, 200);
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let mock = server("documented");
    let keep = |call: Call| {
        call.header("connection", "keep-alive")
            .bytes(mock.address())
    };
    let bytes = [
        keep(demo_token_call(&[])),
        keep(Call::get("/nothing")),
        keep(demo_token_call(&[("scope", "admin")])),
        demo_token_call(&[]).bytes(mock.address()),
    ]
    .concat();
    let raw = exchange(mock.address(), &bytes);
    let mut rest = raw.as_slice();
    for status in [200, 404, 409, 200] {
        let (answer, after) = Answer::parse(rest, false);
        assert_eq!(answer.status, status);
        rest = after;
    }
    assert!(rest.is_empty());
}

#[test]
fn a_client_that_goes_away_leaves_the_server_well() {
    let mock = server("documented");
    let whole = demo_token_call(&[]).bytes(mock.address());
    for end in [0, 1, 20, 100, whole.len() - 1, whole.len()] {
        let mut stream = connect(mock.address());
        stream.write_all(&whole[..end]).unwrap();
        drop(stream);
    }
    // Silent ones do not keep others from being served either.
    let silent: Vec<_> = (0..100).map(|_| connect(mock.address())).collect();
    assert_well(&mock);
    drop(silent);
    assert_well(&mock);
}

#[test]
fn a_body_that_arrives_byte_by_byte_is_read() {
    let mock = server("documented");
    let mut stream = connect(mock.address());
    for byte in demo_token_call(&[]).bytes(mock.address()) {
        stream.write_all(&[byte]).unwrap();
    }
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    assert_eq!(first(&answer).status, 200);
}

/// The same request, broken off in three ways: its body is all there, but not its end.
fn broken_off(call: &Call, body: &str) -> [Call; 3] {
    let chunk = format!("{:x}\r\n{body}\r\n", body.len());
    let chunked = call.clone().header("transfer-encoding", "chunked");
    [
        call.clone().header("content-length", "1000").body(body),
        chunked.clone().body(format!("{chunk}no chunk\r\n")),
        chunked.body(chunk),
    ]
}

#[test]
fn a_body_that_breaks_off_is_refused_even_if_what_came_would_do() {
    let mock = server("documented");
    let bearer = token(&mock);
    let form = crate::wire::form(&APPLY);
    let json = r#"{"lang":"en","flow":"apply","amount_requested":1}"#;
    for (call, body, media) in [
        (
            demo_token_call(&[]),
            KEYS,
            "application/x-www-form-urlencoded",
        ),
        (
            init_call(INIT, &bearer),
            &form,
            "application/x-www-form-urlencoded",
        ),
        (init_call(INIT_V2, &bearer), json, "application/json"),
    ] {
        let call = call.without("content-type").header("content-type", media);
        let whole = call.clone().body(body).send(mock.address());
        assert_eq!(whole.status, 200, "{}", whole.text());
        for call in broken_off(&call, body) {
            let answer = first(&exchange_half(mock.address(), &call.bytes(mock.address())));
            assert_eq!(
                answer.refusal(),
                (400, "invalid_request".into()),
                "{call:?}"
            );
            let message = text(&answer.json(), "message");
            assert!(message.contains("broke off"), "{message}");
            for granted in ["access_token", "redirection_url"] {
                assert!(answer.json()[granted].is_null(), "{}", answer.text());
            }
            let journal = shop::admin(&mock, "GET", "/requests", &Value::Null).json();
            let row = journal["requests"].as_array().unwrap().last().unwrap();
            assert_eq!(row["status"], 400, "{row}");
            assert_eq!(row["order_id"], Value::Null, "{row}");
        }
    }
    // The admin API reads no half bodies either.
    let call = Call::post("/__admin/merchants").header("content-type", "application/json");
    for call in broken_off(&call, r#"{"client_id":"half"}"#) {
        let answer = first(&exchange_half(mock.address(), &call.bytes(mock.address())));
        assert_eq!(answer.status, 400, "{}", answer.text());
        let merchant = shop::admin(&mock, "GET", "/merchants/half", &Value::Null);
        assert_eq!(merchant.status, 404);
    }
    assert_well(&mock);
}

#[test]
fn a_head_that_is_far_too_long_is_431() {
    let mock = server("documented");
    for long in [
        format!("x-long: {}\r\n", "a".repeat(3 * 64 * 1024)),
        format!("x-short: {}\r\n", "a".repeat(4_000)).repeat(50),
    ] {
        let mut stream = connect(mock.address());
        // The server need not read all of it: the status line is what counts.
        let _ = stream.write_all(&raw(&long, b""));
        let mut status = [0; 12];
        stream.read_exact(&mut status).unwrap();
        assert_eq!(String::from_utf8_lossy(&status), "HTTP/1.1 431");
    }
    assert_well(&mock);
}
