//! The reports of a certification: the same formats by the same reporters, waivers and a baseline.

use super::{is_golden, normalised, readers};
use crate::merchant::{merchants, stderr, stdout, write};
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;

/// Certifies a shop that believes the callback, or one that does it right.
fn certified(fault: &str, more: &[&str]) -> Output {
    let driver = merchants().join("python/merchant.toml");
    let mut command = Command::new(env!("CARGO_BIN_EXE_flexiti-conformance"));
    command
        .args(["merchant", "--seed", "1", "--driver"])
        .arg(driver)
        .args(more)
        .env("SHOP_FAULT", fault);
    command.output().unwrap()
}

fn json(output: &Output, code: i32) -> Value {
    let (text, said) = (stdout(output), stderr(output));
    assert_eq!(output.status.code(), Some(code), "{text}{said}");
    readers::shop_json(&text)
}

/// A report without the times of a run.
fn timeless(text: &str) -> String {
    let mut text = normalised(text);
    for (pattern, instead) in [
        (r#""driver": ?"[0-9a-f]{64}""#, r#""driver": "…""#),
        (r"127\.0\.0\.1:[0-9]+", "127.0.0.1:4359"),
        (r"[0-9]+ ms", "0 ms"),
        (r"[0-9]+\.[0-9]+ s\b", "0.0 s"),
    ] {
        let pattern = regex::Regex::new(pattern).unwrap();
        text = pattern.replace_all(&text, instead).into_owned();
    }
    text
}

/// One failing run in both formats for programs, golden; then what an earlier run and waivers make
/// of it.
#[test]
fn a_shops_reports_are_golden_and_are_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (report, events) = (path("report.json"), path("events.ndjson"));
    let to = [
        format!("json={report}"),
        format!("ndjson={events}"),
        "text".to_owned(),
    ];
    let mut args = vec!["--only", "callback.told/buy/en"];
    args.extend(to.iter().flat_map(|to| ["--report", to.as_str()]));
    let failing = certified("trusts_callback", &args);
    let said = stdout(&failing);
    assert_eq!(failing.status.code(), Some(1), "{said}{}", stderr(&failing));
    assert!(
        said.starts_with("seed 1\n\ndialect `documented`: "),
        "{said}"
    );
    let read = |file: &str| std::fs::read_to_string(file).unwrap();
    let found = readers::shop_json(&read(&report));
    assert_eq!(found["findings"][0]["check"], "outcome_from_callback");
    assert_eq!(found["exit_code"], 1);
    readers::shop_ndjson(&read(&events));
    is_golden("merchant-report.json", &timeless(&read(&report)));
    is_golden("merchant-events.ndjson", &timeless(&read(&events)));
    compared(&folder, &report);
    waived(&folder);
}

/// What failed in the baseline too fails nothing; what is new does.
fn compared(folder: &TempDir, report: &str) {
    let args = [
        "--only",
        "callback.told/buy/en",
        "--report",
        "json",
        "--baseline",
    ];
    let again = json(
        &certified("trusts_callback", &[&args[..], &[report]].concat()),
        0,
    );
    assert_eq!(again["summary"]["failed"], 0);
    assert_eq!(
        again["baseline"]["known"][0],
        "callback.told/buy/en (documented): outcome_from_callback"
    );
    let mended = json(&certified("", &[&args[..], &[report]].concat()), 0);
    assert_eq!(mended["baseline"]["no_longer"], again["baseline"]["known"]);
    // A baseline in which it was all right, and ones that are none.
    let file = |name: &str, value: &Value| write(folder, name, &value.to_string());
    let good = file("good.json", &mended);
    let new = json(
        &certified("trusts_callback", &[&args[..], &[&*good]].concat()),
        1,
    );
    assert_eq!(new["baseline"]["new"], again["baseline"]["known"]);
    let server = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let server = server.join("fixtures/golden/report.json");
    let server = server.display().to_string();
    let mut changed = mended.clone();
    changed["seed"] = 2.into();
    let changed = file("changed.json", &changed);
    for (file, words) in [
        (&*server, "judged: expected a JSON report of `merchant`"),
        (&*changed, "sha256: the report is not as it was written"),
    ] {
        let refused = certified("", &[&args[..], &[file]].concat());
        assert_eq!(refused.status.code(), Some(2));
        let said = stderr(&refused);
        assert!(
            said.contains("--baseline: ") && said.contains(words),
            "{said}"
        );
    }
    // Nor is a shop's report taken for a server's.
    let mut replay = Command::new(env!("CARGO_BIN_EXE_flexiti-conformance"));
    let refused = replay.args(["replay", report]).output().unwrap();
    assert_eq!(refused.status.code(), Some(2));
    let said = stderr(&refused);
    assert!(
        said.contains("judged: this is a report of `merchant`"),
        "{said}"
    );
}

/// Waivers by pattern of check and scenario; `--skip` leaves scenarios out.
fn waived(folder: &TempDir) {
    let waivers = |name: &str, scenario: &str| {
        let text = format!(
            "[[waivers]]\ncheck = \"outcome_*\"\nscenario = \"{scenario}\"\nreason = \"mended in 2.1\"\nexpires = 2999-12-31\n"
        );
        write(folder, name, &text)
    };
    let all = waivers("all.toml", "callback.*/en");
    let args = [
        "--only",
        "callback.told/buy/en",
        "--report",
        "json",
        "--waivers",
    ];
    let excused = json(
        &certified("trusts_callback", &[&args[..], &[&*all]].concat()),
        0,
    );
    let row = &excused["scenarios"][0];
    assert_eq!(row["status"], "waived");
    assert_eq!(
        row["why"],
        "outcome_from_callback: mended in 2.1 (until 2999-12-31)"
    );
    assert_eq!(excused["level"], Value::Null);
    for (name, scenario, words) in [
        (
            "odd.toml",
            "callback.tld",
            "odd.toml:3: scenario: unknown scenario `callback.tld`",
        ),
        (
            "odd.toml",
            "nothing.*",
            "odd.toml:3: scenario: no scenario matches `nothing.*`",
        ),
    ] {
        let file = waivers(name, scenario);
        let refused = certified("", &[&args[..], &[&*file]].concat());
        let said = stderr(&refused);
        assert_eq!(refused.status.code(), Some(2), "{said}");
        assert!(said.contains(words), "{said}");
    }
    let nothing = certified("", &["--only", "callback.told/buy/en", "--skip", "*/en"]);
    assert_eq!(nothing.status.code(), Some(2));
    assert!(stderr(&nothing).contains("leave no scenario"));
}
