//! Tokens in answers, and the command lines of findings.

use super::servers::{Request, in_front_of, reworded};
use super::{judge, report, stdout};
use crate::support::mock;
use std::collections::HashSet;
use std::process::Command;
use std::sync::{Arc, Mutex};

#[test]
fn no_report_has_a_live_token() {
    let mock = mock("documented");
    let issued = Arc::new(Mutex::new(HashSet::new()));
    let kept = Arc::clone(&issued);
    // A fault in every answer that has tokens.
    let server = in_front_of(&mock, move |request, answer| {
        if !request.is_for("/oauth/token") {
            return answer;
        }
        let text = String::from_utf8_lossy(&answer).into_owned();
        for member in ["access_token\":\"", "refresh_token\":\""] {
            if let Some((_, rest)) = text.split_once(member) {
                let token = rest.split('"').next().unwrap_or_default();
                kept.lock().unwrap().insert(token.to_owned());
            }
        }
        reworded(&answer, "\"expires_in\":", "\"expires_in\":\"soon\",\"x\":")
    });
    for format in ["text", "json", "junit"] {
        let output = judge(&server.base_url(), &["--cases", "60", "--report", format]);
        let shown = stdout(&output);
        assert!(shown.contains("expires_in"), "{shown}");
        for token in issued.lock().unwrap().iter() {
            assert!(!shown.contains(token.as_str()), "{format}: {token}");
        }
    }
    assert!(issued.lock().unwrap().len() > 10);
}

/// What a request is, whatever sent it: without what depends on the client or the moment.
fn told(request: &Request) -> String {
    let mut headers: Vec<String> = request
        .headers
        .iter()
        .filter(|(name, _)| {
            !matches!(
                name.as_str(),
                "host" | "user-agent" | "accept" | "connection"
            )
        })
        .map(|(name, value)| format!("{name}: {value}"))
        .collect();
    headers.sort();
    let body = String::from_utf8_lossy(&request.body);
    let text = format!("{} {} {headers:?} {body}", request.method, request.target);
    // Each has a token of its own: 40 hexadecimal digits, or what the shell had for it.
    let words = text.split_inclusive(|c: char| !c.is_ascii_alphanumeric());
    let without_token = |word: &str| match word.len() {
        40.. if word[..40].bytes().all(|byte| byte.is_ascii_hexdigit()) => {
            format!("TOKEN{}", &word[40..])
        }
        _ => word.to_owned(),
    };
    words.map(without_token).collect()
}

#[test]
fn curl_sends_what_the_runner_sent() {
    let mock = mock("lenient");
    let server = in_front_of(&mock, |_, answer| answer);
    let output = judge(
        &server.base_url(),
        &["--dialect", "strict", "--cases", "400", "--report", "json"],
    );
    let report = report(&output);
    let sent: HashSet<String> = server.requests.lock().unwrap().iter().map(told).collect();
    let setup = report["setup"].as_array().unwrap();
    let lines: Vec<&str> = setup.iter().filter_map(|line| line.as_str()).collect();
    assert!(
        lines.iter().any(|line| line.starts_with("TOKEN=$(curl ")),
        "{lines:?}"
    );
    let findings = report["findings"].as_array().unwrap();
    assert!(findings.len() > 2);
    for finding in findings {
        let script = format!(
            "{}\n{}",
            lines.join("\n"),
            finding["curl"].as_str().unwrap()
        );
        let before = server.count();
        let shown = Command::new("sh")
            .args(["-c", &script])
            .env("FLEXITI_CLIENT_SECRET", "flexitidemo-secret")
            .output()
            .unwrap();
        assert!(shown.status.success(), "{script}");
        assert!(server.count() > before, "{script}");
        let last = told(server.requests.lock().unwrap().last().unwrap());
        // An account of a case's own has a secret of its own.
        let own = finding["replay"]["account"] != "main";
        assert!(own || sent.contains(&last), "{script}\n{last}");
    }
}
