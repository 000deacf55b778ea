//! `probe`, and `server` after it: what a server answers to the open questions is found out, kept,
//! and never held against it.

use super::servers::{in_front_of, reworded};
use super::{failed, judge, report, run, stderr, stdout};
use crate::support::mock;
use flexiti_contract::Contract;
use flexiti_mock::{Mock, Settings};
use serde_json::Value;
use std::sync::atomic::{AtomicUsize, Ordering};

fn probe(base_url: &str, out: &str) -> std::process::Output {
    run(&["probe", "--base-url", base_url, "--out", out])
}

#[test]
fn a_probed_dialect_is_a_file_that_the_mock_plays_and_the_judge_agrees_with() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("dialect.json");
    let file = file.to_str().unwrap();
    let theirs = mock("lenient");
    let output = probe(&theirs.base_url(), file);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let text = stdout(&output);
    assert!(text.contains("answers as `lenient`"), "{text}");
    assert!(
        text.contains("contradicts the documentation: token.encoding"),
        "{text}"
    );

    let contract = Contract::shipped();
    let probed = contract.dialect(file).unwrap();
    let lenient = contract.dialect("lenient").unwrap();
    let observed: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let knobs = observed["observed"]["knobs"].as_object().unwrap();
    assert_eq!(knobs.len(), lenient.answers.len());
    let determined = |knob: &str| knobs[knob]["told"] == "determined";
    for knob in lenient.answers.keys().filter(|knob| determined(knob)) {
        assert_eq!(probed.answers[knob], lenient.answers[knob], "{knob}");
    }
    assert!(
        knobs["lang_values"]["curl"]
            .as_str()
            .unwrap()
            .starts_with("curl ")
    );
    assert_eq!(knobs["first_order_id"]["told"], "not determined");

    // The file as the yardstick: nothing is new, on their server and on a mock that plays it.
    let settings = Settings {
        dialect: file.to_owned(),
        ..Settings::default()
    };
    let ours = Mock::start(&settings).unwrap();
    for server in [&theirs, &ours] {
        let output = judge(&server.base_url(), &["--dialect", file, "--report", "json"]);
        let report = report(&output);
        assert_eq!(failed(&report), [""; 0], "{}", stderr(&output));
        assert_eq!(
            report["learned"].as_array().unwrap().len(),
            0,
            "{}",
            report["learned"]
        );
        assert_eq!(output.status.code(), Some(0));
    }
}

#[test]
fn what_was_learned_fails_only_where_that_is_asked_for() {
    let strict = mock("strict");
    let output = judge(&strict.base_url(), &["--report", "json"]);
    let calm = report(&output);
    assert_eq!(failed(&calm), [""; 0]);
    assert_eq!(output.status.code(), Some(0), "{}", calm["summary"]);
    let learned = calm["learned"].as_array().unwrap();
    let knob = |name: &str| learned.iter().find(|row| row["knob"] == name).unwrap();
    assert_eq!(knob("cors")["answer"], false);
    assert_eq!(knob("cors")["expected"], true);
    assert_eq!(knob("error_shape")["evidence"], "documented");
    assert!(
        knob("json_null")["exchange"]["curl"]
            .as_str()
            .unwrap()
            .contains("curl")
    );

    let output = judge(&strict.base_url(), &["--fail-on", "open"]);
    assert_eq!(output.status.code(), Some(1));
    let text = stdout(&output);
    assert!(text.contains("learned: "), "{text}");
    assert!(text.lines().count() < 40, "fits a screen: {text}");
}

#[test]
fn a_server_that_changes_its_mind_is_called_unstable() {
    let documented = mock("documented");
    // The first call of a page is not allowed, the next one is, and so on.
    let asked = AtomicUsize::new(0);
    let server = in_front_of(&documented, move |request, answer| {
        let asks = request.headers.iter().any(|(name, _)| name == "origin");
        if asks && asked.fetch_add(1, Ordering::SeqCst).is_multiple_of(2) {
            let text = String::from_utf8_lossy(&answer).into_owned();
            let kept = text
                .split("\r\n")
                .filter(|line| !line.to_ascii_lowercase().starts_with("access-control"));
            return kept.collect::<Vec<_>>().join("\r\n").into_bytes();
        }
        answer
    });
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("dialect.json");
    let output = probe(&server.base_url(), file.to_str().unwrap());
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let observed: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    let cors = &observed["observed"]["knobs"]["cors"];
    assert_eq!(
        cors["told"], "unstable",
        "the header comes and goes: {cors}"
    );
}

#[test]
fn other_words_for_a_refusal_are_learned_once_and_accuse_nobody() {
    let documented = mock("documented");
    let server = in_front_of(&documented, |_, answer| {
        reworded(&answer, "\"wrong_inputs\"", "\"validation_failed\"")
    });
    let output = judge(&server.base_url(), &["--report", "json"]);
    let report = report(&output);
    assert_eq!(failed(&report), [""; 0], "{}", stderr(&output));
    let words: Vec<&Value> = report["learned"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|row| row["knob"] == "error_words")
        .collect();
    assert_eq!(words.len(), 1, "{words:?}");
    assert_eq!(words[0]["answer"]["wrong_inputs"], "validation_failed");
}

#[test]
fn a_place_that_cannot_be_written_is_an_error_before_the_first_call() {
    let documented = mock("documented");
    let server = in_front_of(&documented, |_, answer| answer);
    let output = probe(&server.base_url(), "/nowhere/at/all/dialect.json");
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("--out: /nowhere/at/all/dialect.json"),
        "{}",
        stderr(&output)
    );
    assert_eq!(server.count(), 0);
}

#[test]
fn a_probe_keeps_to_its_budget() {
    let documented = mock("documented");
    let server = in_front_of(&documented, |_, answer| answer);
    let output = run(&[
        "probe",
        "--base-url",
        &server.base_url(),
        "--max-requests",
        "40",
    ]);
    assert_eq!(output.status.code(), Some(3), "{}", stdout(&output));
    assert!(stdout(&output).contains("stopped: "), "{}", stdout(&output));
    // The first call, and the search for an admin API, come before.
    assert!(server.count() <= 44, "{}", server.count());
}
