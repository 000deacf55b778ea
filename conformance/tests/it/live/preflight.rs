//! Servers that cannot be judged: one line, exit code 3, and whole reports.

use super::servers::{always, answer, in_front_of, json};
use super::{judge, report, stderr, stdout};
use crate::formats::readers;
use crate::support::mock;

#[test]
fn what_cannot_be_judged_is_told_in_one_line() {
    let html = "content-type: text/html; charset=utf-8\r\n";
    for (bytes, words) in [
        (
            answer(302, "location: https://login.example/x\r\n", ""),
            "(302) to https://login.example/x",
        ),
        (
            json(401, r#"{"error":"invalid_client"}"#),
            "secret is wrong (401 invalid_client)",
        ),
        (
            json(400, r#"{"error":"invalid_client"}"#),
            "check --client-id",
        ),
        (
            answer(200, html, "<html><title>Hotel Wi-Fi</title>"),
            "HTML page (“Hotel Wi-Fi”)",
        ),
        (json(404, "{}"), "there is no /oauth/token below it (404)"),
        (b"garbage\r\n\r\n".to_vec(), "unreachable"),
        (Vec::new(), "unreachable"),
    ] {
        let server = always(bytes);
        let output = judge(&server.base_url(), &[]);
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(3), "{words}: {said}");
        assert!(said.contains(words), "{words}: {said}");
        assert_eq!(
            (said.lines().count(), stdout(&output).as_str()),
            (1, ""),
            "{said}"
        );
    }
}

#[test]
fn the_missing_end_of_the_base_url_is_found() {
    let mock = mock("documented");
    for end in ["", "/"] {
        let output = judge(&format!("http://{}{end}", mock.address()), &[]);
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(3), "{said}");
        assert!(
            said.contains(&format!("use --base-url {}, which", mock.base_url())),
            "{said}"
        );
    }
}

#[test]
fn reports_of_a_run_that_cannot_begin_are_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let (text, junit, events) = (path("r.txt"), path("r.xml"), path("r.ndjson"));
    std::fs::write(&text, "an older report").unwrap();
    let server = always(json(401, r#"{"error":"invalid_client"}"#));
    let text_report = format!("text={}", text.display());
    let junit_report = format!("junit={}", junit.display());
    let events_report = format!("ndjson={}", events.display());
    let reports = [
        "--report",
        "json",
        "--report",
        &text_report,
        "--report",
        &junit_report,
        "--report",
        &events_report,
    ];
    let output = judge(&server.base_url(), &reports);
    let report = report(&output);
    assert_eq!(report["stopped"], "preflight");
    assert!(
        report["because"]
            .as_str()
            .unwrap()
            .contains("invalid_client")
    );
    assert!(report["clauses"].as_array().unwrap().len() > 100);
    assert_eq!(report["summary"]["verified"], 0);
    let text = std::fs::read_to_string(text).unwrap();
    assert!(
        text.starts_with("stopped: ") && text.lines().count() == 1,
        "{text}"
    );
    readers::ndjson(&std::fs::read_to_string(events).unwrap());
    let junit = std::fs::read_to_string(junit).unwrap();
    assert!(
        junit.contains("<error") && junit.trim_end().ends_with("</testsuites>"),
        "{junit}"
    );
}

#[test]
fn a_clock_that_is_off_is_a_warning() {
    let mock = mock("documented");
    let server = in_front_of(&mock, |_, answer| {
        let text = String::from_utf8_lossy(&answer).into_owned();
        let own = text
            .lines()
            .find(|line| line.to_ascii_lowercase().starts_with("date:"));
        let old = "date: Sun, 06 Nov 1994 08:49:37 GMT";
        match own {
            Some(line) => text.replacen(line, old, 1).into_bytes(),
            None => text
                .replacen("\r\n", &format!("\r\n{old}\r\n"), 1)
                .into_bytes(),
        }
    });
    let output = judge(&server.base_url(), &["--report", "json"]);
    assert!(
        stderr(&output).contains("minutes behind this machine's"),
        "{}",
        stderr(&output)
    );
    let report = report(&output);
    assert!(
        report["notes"].to_string().contains("1994"),
        "{}",
        report["notes"]
    );
    assert!(report["summary"]["verified"].as_u64().unwrap() > 100);
}
