//! Connections: how many, how long they may be idle or slow, and what is not HTTP.

use crate::shop::{APPLY, INIT, TOKEN, demo_token_call, init_call, server, start, token};
use crate::wire::{Answer, Call, connect, exchange, exchange_half};
use flexiti_mock::{Mock, ServerLimits, Settings};
use serde_json::json;
use std::collections::HashSet;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

fn with(limits: ServerLimits) -> Mock {
    start(&Settings {
        limits,
        ..Settings::default()
    })
}

fn figure(mock: &Mock, name: &str) -> u64 {
    let metrics = mock.admin().metrics().unwrap();
    let start = format!("flexiti_mock_{name} ");
    let line = metrics.lines().find_map(|line| line.strip_prefix(&start));
    line.unwrap_or_else(|| panic!("{name}")).parse().unwrap()
}

/// Whether the server has closed a connection.
fn is_closed(stream: &mut TcpStream) -> bool {
    stream
        .set_read_timeout(Some(Duration::from_secs(5)))
        .unwrap();
    stream.read(&mut [0]).map_or(true, |count| count == 0)
}

#[test]
fn the_idlest_connection_makes_room_for_a_new_one() {
    let mock = with(ServerLimits {
        connections: 3,
        ..ServerLimits::default()
    });
    let mut idle: Vec<TcpStream> = (0..3).map(|_| connect(mock.address())).collect();
    // The first is the idlest until it sends something whole.
    idle[0]
        .write_all(
            &Call::get("/")
                .header("connection", "keep-alive")
                .bytes(mock.address()),
        )
        .unwrap();
    idle[0].read_exact(&mut [0; 12]).unwrap();
    // A head that never ends keeps nobody out either.
    idle[1].write_all(b"GET / HT").unwrap();
    assert_eq!(demo_token_call(&[]).send(mock.address()).status, 200);
    assert!(is_closed(&mut idle[1]) || is_closed(&mut idle[2]));
    for _ in 0..10 {
        assert_eq!(demo_token_call(&[]).send(mock.address()).status, 200);
    }
}

#[test]
fn bodies_that_are_still_arriving_have_bounded_room() {
    const LENGTH: usize = 1_000_000;
    let mock = server("documented");
    let head = |length: usize| {
        format!(
            "POST {TOKEN} HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n"
        )
    };
    // Half of 64 MiB is for bodies that are too long for the API.
    let mut slow: Vec<TcpStream> = (0..40)
        .map(|_| {
            let mut stream = connect(mock.address());
            stream.write_all(head(LENGTH).as_bytes()).unwrap();
            stream.write_all(&vec![b'a'; LENGTH - 1]).unwrap();
            stream
        })
        .collect();
    let answer = |stream: &mut TcpStream, rest: &[u8]| {
        stream.write_all(rest).unwrap();
        let mut raw = Vec::new();
        stream.read_to_end(&mut raw).unwrap();
        Answer::parse(&raw, false).0
    };
    // An honest one finds room, though it comes in two pieces.
    let mut honest = connect(mock.address());
    let body = "grant_type=client_credentials&client_id=flexitidemo&client_secret=";
    let rest = "flexitidemo-secret";
    let length = body.len() + rest.len();
    let form = "content-type: application/x-www-form-urlencoded\r\nx-reference-id: 0f8fad5b-d9cb-469f-a165-70867728950e\r\n\r\n";
    let start = head(length).replace("\r\n\r\n", &format!("\r\n{form}"));
    honest.write_all((start + body).as_bytes()).unwrap();
    std::thread::sleep(Duration::from_millis(50));
    assert_eq!(answer(&mut honest, rest.as_bytes()).status, 200);
    let answers: Vec<Answer> = slow.iter_mut().map(|it| answer(it, b"a")).collect();
    let refused: Vec<&Answer> = answers.iter().filter(|it| it.status == 503).collect();
    assert!(!refused.is_empty() && refused.len() < answers.len());
    for answer in refused {
        assert_eq!(answer.header("retry-after"), Some("1"));
    }
    let others = answers.iter().filter(|it| it.status != 503);
    assert!(others.into_iter().all(|it| it.status == 413));
    // The room is free again.
    let mut stream = connect(mock.address());
    stream.write_all(head(LENGTH).as_bytes()).unwrap();
    assert_eq!(answer(&mut stream, &vec![b'a'; LENGTH]).status, 413);
}

#[test]
fn an_address_may_have_so_many_connections() {
    let mock = with(ServerLimits {
        connections_per_peer: Some(1),
        ..ServerLimits::default()
    });
    let mut first = connect(mock.address());
    first
        .write_all(
            &Call::get("/")
                .header("connection", "keep-alive")
                .bytes(mock.address()),
        )
        .unwrap();
    first.read_exact(&mut [0; 12]).unwrap();
    let mut second = connect(mock.address());
    let mut raw = Vec::new();
    second.read_to_end(&mut raw).unwrap();
    let (refused, _) = Answer::parse(&raw, false);
    assert_eq!(refused.status, 503);
    assert!(refused.text().contains("--max-connections-per-peer"));
    assert_eq!(refused.header("retry-after"), Some("1"));
    assert_eq!(figure(&mock, "connections_refused_total"), 1);
}

#[test]
fn a_head_or_a_body_that_does_not_arrive_is_answered_with_408() {
    let mock = with(ServerLimits {
        head_time: Duration::from_millis(100),
        body_time: Duration::from_millis(100),
        ..ServerLimits::default()
    });
    let mut stream = connect(mock.address());
    stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n").unwrap();
    let mut raw = Vec::new();
    stream.read_to_end(&mut raw).unwrap();
    let (late, _) = Answer::parse(&raw, false);
    assert_eq!(late.status, 408);
    assert!(late.text().contains("--head-timeout"));
    let half = Call::post(TOKEN).header("content-length", "10").body("a=1");
    let mut stream = connect(mock.address());
    stream.write_all(&half.bytes(mock.address())).unwrap();
    let mut raw = Vec::new();
    stream.read_to_end(&mut raw).unwrap();
    assert_eq!(Answer::parse(&raw, false).0.status, 408);
    // One that is merely idle is closed without a word.
    assert!(is_closed(&mut connect(mock.address())));
}

#[test]
fn what_is_not_http_is_answered_with_a_sentence_and_counted() {
    let mock = server("documented");
    let long = format!(
        "GET / HTTP/1.1\r\nhost: x\r\na: {}\r\n\r\n",
        "a".repeat(70_000)
    );
    let two = "GET / HTTP/1.1\r\nhost: a\r\nhost: b\r\nconnection: close\r\n\r\n";
    for (bytes, status, word) in [
        ("NONSENSE\r\n\r\n", 400, "not an HTTP/1.1 request"),
        (
            "GET / HTTP/1.1\r\nbad header\r\n\r\n",
            400,
            "not an HTTP/1.1 request",
        ),
        (&long, 431, "too large"),
        (
            "GET / HTTP/1.1\r\nconnection: close\r\n\r\n",
            400,
            "no Host",
        ),
        (two, 400, "more than one Host"),
    ] {
        let counted = figure(&mock, "malformed_total");
        let raw = exchange(mock.address(), bytes.as_bytes());
        let (answer, rest) = Answer::parse(&raw, false);
        assert!(rest.is_empty());
        assert_eq!(answer.status, status, "{bytes:.40}");
        assert!(
            answer.text().contains(word),
            "{bytes:.40}: {}",
            answer.text()
        );
        crate::process::wait_for("the count", Duration::from_secs(5), || {
            (figure(&mock, "malformed_total") == counted + 1).then_some(())
        });
    }
    // HTTP/1.0 needs no host.
    let raw = exchange(mock.address(), b"GET / HTTP/1.0\r\n\r\n");
    assert_eq!(Answer::parse(&raw, false).0.status, 200);
}

#[test]
fn a_client_that_has_said_all_it_will_say_gets_its_answer() {
    let mock = server("documented");
    let bytes = demo_token_call(&[]).bytes(mock.address());
    let raw = exchange_half(mock.address(), &bytes);
    assert_eq!(Answer::parse(&raw, false).0.status, 200);
    let aside = Call::get("/__admin/requests").bytes(mock.address());
    let raw = exchange_half(mock.address(), &aside);
    assert_eq!(Answer::parse(&raw, false).0.status, 200);
}

#[test]
fn connections_are_spread_over_threads_that_share_what_they_know() {
    let mock = with(ServerLimits {
        threads: 3,
        ..ServerLimits::default()
    });
    let token = token(&mock);
    let calls: Vec<_> = (0..6)
        .map(|_| {
            let (token, address) = (token.clone(), mock.address());
            std::thread::spawn(move || {
                let call = init_call(INIT, &token).form(&APPLY);
                (0..20).all(|_| call.send(address).status == 200)
            })
        })
        .collect();
    assert!(calls.into_iter().all(|call| call.join().unwrap()));
    let journal = mock.admin().requests("endpoint=init").unwrap();
    assert_eq!(journal.requests.len(), 120);
    assert!(journal.requests.iter().all(|row| row.params.is_some()));
    let ids: HashSet<Option<u64>> = journal.requests.iter().map(|row| row.order_id).collect();
    assert_eq!(ids.len(), 120, "each has an order of its own");
}

#[test]
fn many_faults_and_a_large_body_hold_up_no_request() {
    let mock = server("documented");
    let time = |body: &[u8]| {
        let call = init_call(INIT, "unknown").body(body);
        let call = call.header("content-type", "application/x-www-form-urlencoded");
        let run = || {
            let started = Instant::now();
            assert!(call.send(mock.address()).status >= 400);
            started.elapsed()
        };
        (0..3).map(|_| run()).min().unwrap()
    };
    let large = "a=1&".repeat(250_000).into_bytes();
    let whole = "a=1&".repeat(15_000).into_bytes();
    let before = [time(&large), time(&whole)];
    let faults: Vec<_> = (0..1_000)
        .map(|number| {
            let params = json!({"lang": "en", "merchant_orderid": number.to_string()});
            json!({"match": {"endpoint": "init", "params": params}, "action": {"type": "empty"}})
        })
        .collect();
    let plan = serde_json::from_value(json!({"faults": faults})).unwrap();
    mock.admin().plan_faults("flexitidemo", plan).unwrap();
    // Read once for each of them, it would take a thousand times as long.
    for (before, body) in before.into_iter().zip([large, whole]) {
        let after = time(&body);
        let limit = before * 30 + Duration::from_millis(100);
        assert!(after < limit, "{before:?}, {after:?}");
    }
}
