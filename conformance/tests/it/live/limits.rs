//! Budget, rate, 429 and 503, interruption.

use super::servers::{answer, in_front_of, json};
use super::{failed, judge, program, report, stderr, stdout};
use crate::support::mock;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

#[test]
fn a_rate_limit_is_waited_for_and_noted() {
    let mock = mock("documented");
    let server = in_front_of(&mock, |request, answer_of_mock| match request.number {
        1 | 20 | 21 => answer(429, "retry-after: 0\r\n", ""),
        40 => answer(503, "retry-after: 1\r\n", ""),
        _ => answer_of_mock,
    });
    let output = judge(&server.base_url(), &["--report", "json"]);
    let report = report(&output);
    assert_eq!(failed(&report), [""; 0], "{}", stderr(&output));
    let notes = report["notes"].to_string();
    assert!(
        notes.contains("2 answers were 429") && notes.contains("waited 1 s"),
        "{notes}"
    );
    assert_eq!(report["stopped"], serde_json::Value::Null);
}

#[test]
fn a_maintenance_window_ends_the_run_with_one_line() {
    let mock = mock("documented");
    let closed = || {
        answer(
            503,
            "retry-after: 0\r\ncontent-type: text/html\r\n",
            "<html>back soon",
        )
    };
    let server = in_front_of(&mock, move |request, answer| match request.number {
        0..30 => answer,
        _ => closed(),
    });
    let output = judge(&server.base_url(), &["--report", "json"]);
    assert_eq!(output.status.code(), Some(3));
    let said = stderr(&output);
    assert!(
        said.contains("down for maintenance") && said.lines().count() == 1,
        "{said}"
    );
    let report = report(&output);
    assert_eq!(report["stopped"], "maintenance");
    assert_eq!(failed(&report), [""; 0]);
    assert!(server.count() < 40, "{}", server.count());
    // Closed from the start.
    let server = super::servers::always(closed());
    let output = judge(&server.base_url(), &[]);
    assert_eq!(
        (output.status.code(), stdout(&output)),
        (Some(3), String::new())
    );
    assert!(
        stderr(&output).contains("maintenance"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn a_503_to_one_kind_of_request_is_a_fault_and_no_maintenance() {
    let mock = mock("documented");
    let server = in_front_of(&mock, |request, answer| {
        if request.is_for("/notifications/order-id/") {
            return json(503, "{}");
        }
        answer
    });
    let output = judge(&server.base_url(), &["--report", "json"]);
    let report = report(&output);
    assert_eq!(report["stopped"], serde_json::Value::Null);
    assert!(!failed(&report).is_empty());
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn a_spent_budget_stops_the_run() {
    let mock = mock("documented");
    let server = in_front_of(&mock, |_, answer| answer);
    let output = judge(
        &server.base_url(),
        &["--max-requests", "25", "--report", "json"],
    );
    assert_eq!(output.status.code(), Some(3));
    assert_eq!(report(&output)["stopped"], "budget");
    assert!(
        stderr(&output).contains("--max-requests"),
        "{}",
        stderr(&output)
    );
    // The first call and the look for an admin API come before the run.
    assert!(server.count() <= 27, "{}", server.count());
}

#[test]
fn an_interrupted_run_writes_its_reports() {
    let mock = mock("documented");
    let server = in_front_of(&mock, |_, answer| {
        std::thread::sleep(Duration::from_millis(10));
        answer
    });
    for signal in ["-INT", "-TERM"] {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let json = format!("json={}", path("r.json").display());
        let junit = format!("junit={}", path("r.xml").display());
        let base_url = server.base_url();
        let args = [
            "server",
            "--seed",
            "1",
            "--base-url",
            &base_url,
            "--report",
            "text",
        ];
        let seen = server.count();
        let child = program(&[&args[..], &["--report", &json, "--report", &junit]].concat())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // Past the probe.
        while server.count() < seen + 600 {
            std::thread::sleep(Duration::from_millis(10));
        }
        let id = child.id().to_string();
        let kill = format!("kill {signal} {id}");
        let killed = Command::new("sh").args(["-c", &kill]).status().unwrap();
        assert!(killed.success());
        let sent = Instant::now();
        let output = child.wait_with_output().unwrap();
        assert!(sent.elapsed() < Duration::from_secs(10));
        assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
        assert!(
            stdout(&output).contains("stopped: the run was interrupted"),
            "{}",
            stdout(&output)
        );
        let json = std::fs::read_to_string(path("r.json")).unwrap();
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(json["stopped"], "interrupted");
        assert!(json["summary"]["verified"].as_u64().unwrap() > 0);
        let junit = std::fs::read_to_string(path("r.xml")).unwrap();
        assert!(
            junit.contains("<error message=\"the run was interrupted\""),
            "{junit}"
        );
    }
}
