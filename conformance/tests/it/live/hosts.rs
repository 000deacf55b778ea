//! What may be called, and what a dry run shows.

use super::servers::{in_front_of, json, reworded, serve};
use super::{clause, judge, report, run, stderr, stdout};
use crate::support::mock;
use std::io::Write as _;

#[test]
fn other_hosts_are_refused_before_any_call() {
    for (url, flags, words) in [
        (
            "https://sandbox.invalid/flexiti/online-api",
            &[][..],
            "`sandbox.invalid` is not this machine; nothing is sent to it without --allow-host \
             sandbox.invalid",
        ),
        (
            "https://onlineapi.flexiti.fi/flexiti/online-api",
            &["--allow-host", "onlineapi.flexiti.fi"],
            "without --allow-production",
        ),
        (
            "https://onlineapi.flexiti.fi/flexiti/online-api",
            &["--allow-production"],
            "without --allow-host onlineapi.flexiti.fi",
        ),
        (
            "http://a:hunter2@127.0.0.1/",
            &[],
            "without user name, password",
        ),
        (
            "http://127.0.0.1/",
            &["--allow-host", "https://a.example"],
            "the name of one host",
        ),
    ] {
        let output = judge(url, flags);
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{url}: {said}");
        assert!(said.contains(words), "{url}: {said}");
        assert!(!said.contains("hunter2"), "{said}");
        assert_eq!(stdout(&output), "");
    }
}

#[test]
fn a_page_on_another_host_is_not_fetched() {
    let mock = mock("documented");
    let own = format!("http://{}", mock.address());
    let server = in_front_of(&mock, move |request, answer| {
        if request.is_for("/systems/init") {
            return reworded(&answer, &own, "http://pages.invalid");
        }
        answer
    });
    let output = judge(&server.base_url(), &["--report", "json"]);
    let report = report(&output);
    let pages = report["clauses"].as_array().unwrap();
    let pages = pages.iter().filter(|clause| {
        let why = clause["why"].as_str().unwrap_or_default();
        why.contains("--allow-host pages.invalid")
    });
    let mut pages = pages.peekable();
    assert!(pages.peek().is_some(), "{}", stderr(&output));
    assert!(pages.all(|clause| clause["status"] == "not_testable"));
    assert_eq!(clause(&report, "init.v2.accepted")["status"], "verified");
}

#[test]
fn a_dry_run_shows_every_request_and_sends_none() {
    let server = serve(|_, stream| {
        let _ = stream.write_all(&json(500, "{}"));
    });
    let secret = [
        "--client-id",
        "my-shop",
        "--client-secret",
        "hunter2-hunter2",
    ];
    let output = judge(&server.base_url(), &[&["--dry-run"], &secret[..]].concat());
    let shown = stdout(&output);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let token = format!("  POST {}/oauth/token\n", server.base_url());
    assert!(shown.contains(&token), "{shown}");
    assert!(shown.contains("client_id=my-shop&client_secret=$FLEXITI_CLIENT_SECRET&"));
    assert!(shown.contains("authorization: Bearer $TOKEN"));
    assert!(shown.trim_end().ends_with("nothing was sent"), "{shown}");
    assert!(
        !shown.contains("hunter2") && !shown.contains("is-hidden"),
        "{shown}"
    );
    assert_eq!(server.count(), 0);
    // Nothing is sent, so no host has to be allowed.
    let elsewhere = "https://onlineapi.flexiti.fi/flexiti/online-api";
    assert_eq!(judge(elsewhere, &["--dry-run"]).status.code(), Some(0));
    assert_eq!(run(&["server", "--dry-run"]).status.code(), Some(0));
}
