//! Servers that hang, dribble, reset, send too much or nonsense: no panic, no accusation of a
//! server that is gone, and an end.

use super::servers::{always, answer, in_front_of, serve};
use super::{failed, judge, report, stderr};
use crate::support::mock;
use std::io::Write as _;
use std::time::{Duration, Instant};

#[test]
fn a_server_that_goes_away_is_not_accused() {
    let mock = mock("documented");
    let to = mock.address();
    let server = serve(move |request, stream| {
        if request.number < 600 {
            let _ = stream.write_all(&request.forwarded(to));
        }
    });
    let output = judge(&server.base_url(), &["--report", "json"]);
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    let report = report(&output);
    assert_eq!(report["stopped"], "unreachable");
    assert_eq!(failed(&report), [""; 0]);
    assert!(report["summary"]["verified"].as_u64().unwrap() > 0);
    // Five requests without an answer, three of them once more over a new connection, and what was on
    // its way.
    assert!(server.count() <= 615, "{}", server.count());
}

#[test]
fn a_connection_that_breaks_once_is_an_accident() {
    let mock = mock("documented");
    let to = mock.address();
    let server = serve(move |request, stream| {
        if request.number % 50 != 0 {
            let _ = stream.write_all(&request.forwarded(to));
        }
    });
    let output = judge(&server.base_url(), &["--report", "json"]);
    let report = report(&output);
    assert_eq!(report["stopped"], serde_json::Value::Null);
    // The doubts are limited; what breaks after them is taken at its word.
    assert!(
        failed(&report).iter().all(|id| *id == "http.robust"),
        "{:?}",
        failed(&report)
    );
}

#[test]
fn answers_that_are_too_big_or_nonsense_are_faults() {
    let mock = mock("documented");
    let server = in_front_of(&mock, |request, answer_of_mock| {
        if request.is_for("/notifications/order-id/") {
            return answer(
                200,
                "content-type: application/json\r\n",
                &"x".repeat(3 * 1024 * 1024),
            );
        }
        if request.is_for("/notifications/merchant-order-id/") {
            return b"HTTP/1.1 200 OK\r\ncontent-length: 9999\r\n\r\n{}".to_vec();
        }
        if request.is_for("/calculator") {
            return b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\nconnection: close\r\n\r\n\xff\xfe{}more"
                .to_vec();
        }
        answer_of_mock
    });
    let output = judge(&server.base_url(), &["--report", "json"]);
    let report = report(&output);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let findings = report["findings"].to_string();
    assert!(findings.contains("no answer: "), "{findings}");
    assert!(!failed(&report).is_empty());
}

#[test]
fn an_endless_answer_ends_in_time() {
    let hanging = serve(|_, _| std::thread::sleep(Duration::from_secs(600)));
    let dribbling = serve(|_, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 99999\r\n\r\n");
        while stream.write_all(b"x").is_ok() {
            std::thread::sleep(Duration::from_millis(500));
        }
    });
    std::thread::scope(|scope| {
        for server in [&hanging, &dribbling] {
            scope.spawn(|| {
                let started = Instant::now();
                let output = judge(&server.base_url(), &[]);
                let said = stderr(&output);
                assert_eq!(output.status.code(), Some(3), "{said}");
                assert!(said.contains("no whole answer within 10 s"), "{said}");
                assert!(started.elapsed() < Duration::from_secs(15), "{said}");
            });
        }
    });
    let flood = always(answer(200, "", &"x".repeat(5 * 1024 * 1024)));
    let output = judge(&flood.base_url(), &[]);
    assert!(
        stderr(&output).contains("the answer is over 2 MiB"),
        "{}",
        stderr(&output)
    );
}
