//! Where reports go, and that they are whole.

use super::servers::{json, serve};
use super::{judge, program, run, stderr, stdout};
use crate::support::mock;
use std::io::Write as _;
use std::process::Command;

#[test]
fn reports_that_cannot_be_written_are_refused_before_the_first_call() {
    let server = serve(|_, stream| {
        let _ = stream.write_all(&json(500, "{}"));
    });
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let file = path("report");
    std::fs::write(&file, "an older report").unwrap();
    let (json, junit, again) = (
        format!("json={file}"),
        format!("junit={file}"),
        format!("junit={}", path("./report")),
    );
    let (missing, is_folder) = (
        format!("json={}", path("no/report")),
        format!("json={}", path("")),
    );
    for (reports, words) in [
        (&[json.as_str(), &junit][..], "two reports go to"),
        (&[json.as_str(), &again], "two reports go to"),
        (&["text", "json"], "two reports go to standard output"),
        (&["-", "json=-"], "two reports go to standard output"),
        (&[missing.as_str()], "no cannot be used"),
        (&[is_folder.as_str()], "it is a folder"),
        (&["json="], "expected the path of a file"),
    ] {
        let flags: Vec<&str> = reports
            .iter()
            .flat_map(|report| ["--report", report])
            .collect();
        let output = judge(&server.base_url(), &flags);
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{reports:?}: {said}");
        assert!(
            said.contains(words) && said.contains("--report"),
            "{reports:?}: {said}"
        );
    }
    assert_eq!(server.count(), 0);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "an older report");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn the_summary_of_a_step_is_added_to_what_it_holds() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("summary.md");
    std::fs::write(&file, "# The step before\n").unwrap();
    let report = format!("markdown={}", file.display());
    let args = [
        "server",
        "--cases",
        "0",
        "--only",
        "token.accepted",
        "--report",
        &report,
    ];
    let written = |command: &mut Command| {
        assert!(command.output().unwrap().status.success());
        std::fs::read_to_string(&file).unwrap()
    };
    let added = written(program(&args).env("GITHUB_STEP_SUMMARY", &file));
    assert!(
        added.starts_with("# The step before\n## Flexiti"),
        "{added}"
    );
    // Any other file is replaced.
    let replaced = written(program(&args).env_remove("GITHUB_STEP_SUMMARY"));
    assert!(replaced.starts_with("## Flexiti"), "{replaced}");
}

#[test]
fn a_dash_is_standard_output() {
    let text = run(&["server", "--cases", "0", "--report", "-"]);
    assert!(
        stdout(&text).contains(" verified, 0 failed"),
        "{}",
        stderr(&text)
    );
    let json = run(&["server", "--cases", "0", "--report", "json=-"]);
    assert_eq!(super::report(&json)["summary"]["failed"], 0);
    assert!(
        run(&["server", "--cases", "0", "--report", "json=/dev/null"])
            .status
            .success()
    );
}

#[test]
fn junit_is_what_ci_reads() {
    let server = serve(|_, stream| {
        let _ = stream.write_all(&json(500, "{\"error\":\"red \u{fffe} \u{1} \u{ffff}\"}"));
    });
    let broken = judge(&server.base_url(), &["--report", "junit"]);
    let shown = stdout(&broken);
    assert!(shown.contains("red \u{fffd}"), "{shown}");
    assert!(
        !shown.contains(['\u{fffe}', '\u{ffff}', '\u{1}']),
        "{shown}"
    );
    let shown = stdout(&run(&[
        "server", "--cases", "0", "--seed", "1", "--report", "junit",
    ]));
    let names = shown.split("classname=\"").skip(1);
    let names: std::collections::BTreeSet<&str> =
        names.filter_map(|rest| rest.split('"').next()).collect();
    assert!(
        names.len() < 20 && names.contains("flexiti.token"),
        "{names:?}"
    );
    assert!(
        names.iter().all(|name| name.matches('.').count() == 1),
        "{names:?}"
    );
    let untimed = shown.lines().filter(|line| {
        let line = line.trim_start();
        line.starts_with("<testcase") && !line.contains(" time=")
    });
    assert_eq!(untimed.count(), 0);
    assert!(
        shown.contains("<property name=\"requirement\" value=\""),
        "{shown}"
    );
}

#[test]
fn a_replay_keeps_to_the_dialect_of_the_report() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (file, dialect) = (path("report.json"), path("mine.json"));
    let json = serde_json::json!({
        "name": "mine", "description": "For a test.", "extends": "strict", "answers": {},
    });
    std::fs::write(&dialect, json.to_string()).unwrap();
    let mock = mock("lenient");
    let url = mock.base_url();
    judge(
        &url,
        &["--dialect", &dialect, "--report", &format!("json={file}")],
    );
    std::fs::remove_file(&dialect).unwrap();
    let report = std::fs::read_to_string(&file).unwrap();
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    let failed = report["findings"].as_array().unwrap().len();
    assert!(failed > 2);
    let replayed = run(&["replay", &file, "--base-url", &url]);
    let shown = stdout(&replayed);
    assert!(
        shown.contains("dialect `mine`"),
        "{shown}{}",
        stderr(&replayed)
    );
    assert!(shown.contains(&format!("{failed} failed")), "{shown}");
    // Without a server, a mock keeps the dialect.
    let mended = run(&["replay", &file]);
    assert_eq!(mended.status.code(), Some(0), "{}", stdout(&mended));
    let other = run(&["replay", &file, "--base-url", &url, "--dialect", "lenient"]);
    assert!(
        stdout(&other).contains("dialect `lenient`"),
        "{}",
        stdout(&other)
    );
}
