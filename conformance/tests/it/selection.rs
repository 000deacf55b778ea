//! What counts: `--only` and `--skip`, waivers, `--baseline`, and what `replay` reads again.

use crate::live::{judge, report, run, stderr, stdout};
use crate::support::mock;
use serde_json::Value;
use std::path::PathBuf;
use std::process::Output;

/// A folder with files for the program.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn file(&self, name: &str, text: &str) -> String {
        std::fs::write(self.path(name), text).unwrap();
        self.path(name).display().to_string()
    }
}

/// Judges a lenient mock by the strict dialect: some clauses of `token` fail.
fn strictly(base_url: &str, more: &[&str]) -> Output {
    judge(base_url, &[&["--dialect", "strict"], more].concat())
}

const TOKEN: [&str; 4] = ["--only", "token.*", "--report", "json"];

fn ids(report: &Value, status: &str) -> Vec<String> {
    let rows = report["clauses"].as_array().unwrap().iter();
    let rows = rows.filter(|row| row["status"] == status);
    rows.map(|row| row["id"].as_str().unwrap().to_owned())
        .collect()
}

fn refused(output: &Output, words: &[&str]) {
    let said = stderr(output);
    assert_eq!(output.status.code(), Some(2), "{said}{}", stdout(output));
    for word in words {
        assert!(said.contains(word), "{word}: {said}");
    }
    assert_eq!(said.trim_end().lines().count(), 1, "{said}");
}

#[test]
fn only_what_is_selected_is_run_and_the_rest_is_no_failure() {
    // Without a base URL, the program asks its own mock no questions.
    let own = |more: &[&str]| run(&[&["server", "--cases", "0", "--seed", "1"], more].concat());
    let output = own(&["--only", "token.response.*", "--report", "json"]);
    let found = report(&output);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let verified = ids(&found, "verified");
    assert!(!verified.is_empty());
    for row in found["clauses"].as_array().unwrap() {
        let id = row["id"].as_str().unwrap();
        if id.starts_with("token.response.") {
            assert_eq!(row["status"], "verified", "{row}");
            continue;
        }
        assert_eq!(row["status"], "not_testable", "{row}");
        assert_eq!(row["why"], "left out by --only");
        assert_eq!(row["cases"].as_array().map(Vec::len), Some(0), "{row}");
    }
    let dry = run(&["server", "--dry-run", "--only", "calculator.*"]);
    let planned = stdout(&dry);
    assert!(planned.contains("\ncalculator.") && !planned.contains("\ntoken."));

    let lenient = mock("lenient");
    let url = lenient.base_url();
    let failing = strictly(&url, &TOKEN);
    assert_eq!(failing.status.code(), Some(1));
    let failed = ids(&report(&failing), "failed").join(",");
    let skipped = strictly(&url, &[&TOKEN[..], &["--skip", &failed]].concat());
    let found = report(&skipped);
    assert_eq!(skipped.status.code(), Some(0), "{}", found["summary"]);
    assert_eq!(found["findings"].as_array().map(Vec::len), Some(0));
    for id in failed.split(',') {
        assert_eq!(crate::live::clause(&found, id)["why"], "left out by --skip");
    }

    for (flags, words) in [
        (
            &["--only", "token.respons.*"][..],
            &[
                "--only: no clause matches `token.respons.*`",
                "similar: `token.response.",
            ][..],
        ),
        (
            &["--skip", "token.respons.scope"],
            &[
                "--skip: unknown clause",
                "similar: `token.response.scope`",
                "list",
            ],
        ),
        (
            &["--only", "token.*", "--skip", "*"],
            &["leave no clause of dialect `documented`"],
        ),
        (&["--only", "token.*,refund.*"], &["`refund.*`"]),
    ] {
        refused(&own(flags), words);
    }
}

#[test]
fn a_waiver_covers_cases_until_a_day() {
    let mock = mock("hyperswitch");
    let url = mock.base_url();
    let folder = Folder::new();
    let waived = |text: &str| {
        let file = folder.file("waivers.toml", text);
        let only = "init.response.*,init.encoding.*,init.v2.*";
        judge(
            &url,
            &["--waivers", &file, "--only", only, "--report", "json"],
        )
    };
    let row = |case: &str, rest: &str| {
        format!(
            "[[waivers]]\nclause = \"init.response.*\"\ncase = \"{case}\"\nreason = \"strings\"\n{rest}"
        )
    };
    let all = waived(&row("*", "expires = 2999-12-31"));
    let found = report(&all);
    assert_eq!(all.status.code(), Some(0), "{}", found["summary"]);
    let id = "init.response.online_order_id";
    assert_eq!(crate::live::clause(&found, id)["status"], "waived");
    // A waiver of some cases leaves the others.
    let some = waived(&row("init.encoding.json/*", ""));
    let found = report(&some);
    assert_eq!(some.status.code(), Some(1));
    let clause = crate::live::clause(&found, id);
    assert_eq!(clause["status"], "failed");
    let why = clause["why"].as_str().unwrap();
    assert!(why.contains("of its cases waived, but not "), "{why}");
    // One that no failing case needs is said, with its place.
    let none = waived(&format!("{}{}", row("*", ""), row("*/breaks/nothing", "")));
    assert_eq!(none.status.code(), Some(1));
    let unused = &report(&none)["unused_waivers"];
    let text = unused[0].as_str().unwrap();
    assert!(
        text.contains("*/breaks/nothing") && text.contains("waivers.toml:5"),
        "{unused}"
    );

    let old = waived(&row("*", "expires = 2026-01-31"));
    refused(
        &old,
        &[
            "waivers.toml:5: expires:",
            "`init.response.*`",
            "2026-01-31",
            "later date",
        ],
    );
    let unknown = waived("[[waivers]]\nclause = \"init.lnag.*\"\nreason = \"x\"");
    refused(
        &unknown,
        &[
            "waivers.toml:2: clause: no clause matches `init.lnag.*`",
            "similar",
        ],
    );
}

#[test]
fn with_a_baseline_only_what_is_new_fails() {
    let lenient = mock("lenient");
    let url = lenient.base_url();
    let folder = Folder::new();
    let first = strictly(&url, &TOKEN);
    assert_eq!(first.status.code(), Some(1));
    let mut baseline = report(&first);
    let failed = ids(&baseline, "failed");
    let file = folder.file("baseline.json", &stdout(&first));
    let with = |file: &str, more: &[&str]| strictly(&url, &[&["--baseline", file], more].concat());

    let text = folder.path("report.txt");
    let text_report = format!("text={}", text.display());
    let again = with(&file, &[&TOKEN[..], &["--report", &text_report]].concat());
    let found = report(&again);
    assert_eq!(again.status.code(), Some(0), "{}", found["summary"]);
    assert_eq!(ids(&found, "known"), failed);
    assert_eq!(found["baseline"]["known"], serde_json::json!(failed));
    let text = std::fs::read_to_string(text).unwrap();
    let known = format!("known, failed in the baseline too: {}", failed.join(", "));
    assert!(text.contains(&known) && !text.contains("FAILED"), "{text}");

    let flags = [
        "server",
        "--cases",
        "0",
        "--dialect",
        "strict",
        "--only",
        "token.*",
    ];
    let mended = run(&[&flags[..], &["--baseline", &file]].concat());
    assert_eq!(mended.status.code(), Some(0));
    let gone = format!("no longer fails: {}", failed.join(", "));
    assert!(stdout(&mended).contains(&gone), "{}", stdout(&mended));

    // A clause that did not fail then is new. The digest is for what is read as it stands.
    let members = baseline.as_object_mut().unwrap();
    members.shift_remove("sha256");
    let new = baseline["findings"].as_array_mut().unwrap().remove(0);
    let shorter = folder.file("shorter.json", &baseline.to_string());
    let more = with(&shorter, &TOKEN);
    assert_eq!(more.status.code(), Some(1));
    let found = report(&more);
    assert_eq!(ids(&found, "failed"), [new["clause"].as_str().unwrap()]);
    assert_eq!(found["baseline"]["new"], serde_json::json!([new["clause"]]));

    let text = stdout(&first);
    let other = text.replace("\"format_version\": 1", "\"format_version\": 2");
    for (text, words) in [
        (
            text[..text.len() / 2].to_owned(),
            &["line ", "column ", "not JSON"][..],
        ),
        (other, &["format_version: 2", "reads version 1"]),
        (
            text.replace("\"failed\"", "\"failing\""),
            &["clauses[", "`failing`", "`failed`"],
        ),
        (
            text.replacen("strict", "strikt", 1),
            &["sha256", "not as it was written"],
        ),
    ] {
        let file = folder.file("broken.json", &text);
        refused(
            &with(&file, &TOKEN),
            &[&["--baseline: ", "broken.json: "], words].concat(),
        );
    }
    refused(&with("no-such.json", &TOKEN), &["--baseline: no-such.json"]);
}

#[test]
fn a_report_that_cannot_be_replayed_is_told_with_the_place() {
    let lenient = mock("lenient");
    let url = lenient.base_url();
    let folder = Folder::new();
    let text = stdout(&strictly(&url, &TOKEN));
    let original: Value = serde_json::from_str(&text).unwrap();
    let replay = |text: &str, more: &[&str]| {
        let file = folder.file("report.json", text);
        run(&[&["replay", &file, "--base-url", &url], more].concat())
    };
    let case = original["findings"][0]["case"].as_str().unwrap().to_owned();
    let clause = original["findings"][0]["clause"]
        .as_str()
        .unwrap()
        .to_owned();
    let one = replay(&text, &["--case", &case]);
    assert_eq!(one.status.code(), Some(1), "{}", stderr(&one));
    assert!(stdout(&one).contains("1 failed"), "{}", stdout(&one));
    refused(
        &replay(&text, &["--case", "token.nothing/*"]),
        &["--case: no case matches `token.nothing/*`", &case],
    );
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut report = original.clone();
        change(&mut report);
        report.to_string()
    };
    let renamed = format!("{case} no more");
    let unsealed = |report: &mut Value| {
        report.as_object_mut().unwrap().shift_remove("sha256");
    };
    for (text, words) in [
        (text.replacen('{', "[", 1), &["line ", "column "][..]),
        (
            changed(&|it| it["format_version"] = 9.into()),
            &["format_version: 9"],
        ),
        (
            changed(&|it| it["seed"] = "x".into()),
            &["seed: \"x\"", "from 0 to"],
        ),
        (
            changed(&|it| it["findings"][0]["clause"] = "token.gone".into()),
            &["findings[0].clause: unknown clause `token.gone`", "similar"],
        ),
        (
            changed(&|it| it["findings"][0]["replay"]["clause"] = "token.gone".into()),
            &["findings[0].replay.clause"],
        ),
        (
            changed(&|it| it["findings"][0]["case"] = "token.gone/breaks/x".into()),
            &["findings[0].case: no case `token.gone/breaks/x`", &clause],
        ),
        (
            changed(&|it| {
                it["findings"][0]["case"] = renamed.clone().into();
                it["findings"][0]["replay"]["id"] = renamed.clone().into();
                unsealed(it);
            }),
            &["findings[0].replay.id: case no longer exists", &case],
        ),
        (
            changed(&|it| it["findings"][0]["replay"]["kind"] = "odd".into()),
            &["findings[0].replay.kind", "`odd`", "`positive`"],
        ),
        (
            changed(&|it| {
                it["findings"][0]["replay"]["steps"] = serde_json::json!([{ "wait": 3 }]);
            }),
            &["findings[0].replay.steps[0]", "`wait`", "`send`"],
        ),
        (
            text.replacen("grant_type", "grant_tipe", 1),
            &["sha256: the report is not as it was written"],
        ),
    ] {
        refused(&replay(&text, &[]), &[&["report.json: "], words].concat());
    }
}
