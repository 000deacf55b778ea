//! The program itself: exit codes, reports, replay, waivers.

use crate::support::mock;
use std::path::Path;
use std::process::{Command, Output};

fn run(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_flexiti-conformance"))
        .args(args)
        .env_remove("FLEXITI_BASE_URL")
        .output()
        .unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn it_starts_the_mock_itself_and_verifies_everything() {
    let output = run(&["server", "--seed", "7", "--cases", "100"]);
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
    assert!(stdout(&output).contains("seed 7"));
    assert!(
        stdout(&output).contains(" verified, 0 failed"),
        "{}",
        stdout(&output)
    );
}

#[test]
fn the_same_seed_gives_the_same_report() {
    let report = || {
        let output = run(&[
            "server",
            "--seed",
            "11",
            "--cases",
            "60",
            "--dialect",
            "strict",
            "--report",
            "json",
        ]);
        let mut report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        report["target"] = serde_json::Value::Null;
        report
    };
    assert_eq!(report(), report());
}

#[test]
fn reports_in_every_format_and_a_replay_of_what_was_found() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let mock = mock("lenient");
    let url = mock.base_url();
    let (json, junit) = (path("report.json"), path("report.xml"));
    let output = run(&[
        "server",
        "--base-url",
        &url,
        "--dialect",
        "strict",
        "--seed",
        "1",
        "--cases",
        "60",
        "--report",
        "text",
        "--report",
        &format!("json={json}"),
        "--report",
        &format!("junit={junit}"),
    ]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stdout(&output).contains("FAILED token.reference_id.required"));
    assert!(stdout(&output).contains("curl -si -X POST"));
    let report: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(&json).unwrap()).unwrap();
    assert_eq!(report["seed"], 1);
    assert_eq!(report["dialect"], "strict");
    let failed = report["clauses"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|c| c["status"] == "failed");
    assert_eq!(failed.count(), report["findings"].as_array().unwrap().len());
    let xml = std::fs::read_to_string(&junit).unwrap();
    assert!(
        xml.contains("<testcase name=\"token.reference_id.required\"") && xml.contains("<failure"),
        "{xml}"
    );
    assert!(
        !stdout(&output).contains("flexitidemo-secret"),
        "no secret in a report"
    );
    assert!(
        !std::fs::read_to_string(&json)
            .unwrap()
            .contains("flexitidemo-secret")
    );

    let replayed = run(&["replay", &json, "--base-url", &url]);
    assert_eq!(replayed.status.code(), Some(1), "{}", stdout(&replayed));
    let count = report["findings"].as_array().unwrap().len();
    assert!(
        stdout(&replayed).contains(&format!("{count} failed")),
        "{}",
        stdout(&replayed)
    );
    let mended = run(&["replay", &json, "--dialect", "documented"]);
    assert_eq!(mended.status.code(), Some(0), "{}", stdout(&mended));
}

#[test]
fn the_curl_of_a_finding_shows_it() {
    let mock = mock("lenient");
    let url = mock.base_url();
    let output = run(&[
        "server",
        "--base-url",
        &url,
        "--dialect",
        "strict",
        "--cases",
        "0",
        "--report",
        "json",
    ]);
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let finding = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .find(|finding| finding["clause"] == "token.reference_id.required")
        .unwrap();
    let curl = finding["curl"].as_str().unwrap();
    let shown = Command::new("sh")
        .args(["-c", curl])
        .env("FLEXITI_CLIENT_SECRET", "flexitidemo-secret")
        .output()
        .unwrap();
    assert!(
        stdout(&shown).starts_with("HTTP/1.1 200"),
        "{curl}\n{}",
        stdout(&shown)
    );
}

#[test]
fn a_waiver_excuses_its_clause_and_must_be_needed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("waivers.toml");
    let write = |text: &str| std::fs::write(&file, text).unwrap();
    let mock = mock("hyperswitch");
    let url = mock.base_url();
    let judge = |file: &Path| {
        run(&[
            "server",
            "--base-url",
            &url,
            "--dialect",
            "documented",
            "--seed",
            "1",
            "--cases",
            "0",
            "--waivers",
            file.to_str().unwrap(),
            "--report",
            "json",
        ])
    };
    write(
        "[[waivers]]\nclause = \"init.response.online_order_id\"\nreason = \"strings since May\"\n",
    );
    let report: serde_json::Value = serde_json::from_slice(&judge(&file).stdout).unwrap();
    let row = report["clauses"]
        .as_array()
        .unwrap()
        .iter()
        .find(|clause| clause["id"] == "init.response.online_order_id")
        .unwrap();
    assert_eq!(
        (&row["status"], &row["why"]),
        (&"waived".into(), &"strings since May".into())
    );
    assert_eq!(report["summary"]["waived"], 1);

    write("[[waivers]]\nclause = \"token.response.scope\"\nreason = \"old\"\n");
    let output = run(&[
        "server",
        "--cases",
        "0",
        "--waivers",
        file.to_str().unwrap(),
    ]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        stdout(&output).contains("waiver not needed: token.response.scope"),
        "{}",
        stdout(&output)
    );

    write("[[waivers]]\nclause = \"token.respons.scope\"\nreason = \"typo\"\n");
    let output = judge(&file);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("token.respons.scope"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn bad_usage_is_2_and_silence_is_3() {
    for args in [
        &["server", "--dialect", "documentd"][..],
        &["server", "--report", "yaml"],
        &["server", "--base-url", "ftp://127.0.0.1/"],
        &["server", "--rate", "0"],
        &["replay", "no-such-file.json"],
        &["serve"],
    ] {
        let output = run(args);
        assert_eq!(
            output.status.code(),
            Some(2),
            "{args:?}: {}",
            stderr(&output)
        );
        assert!(!stderr(&output).is_empty());
    }
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/flexiti/online-api", free.local_addr().unwrap());
    drop(free);
    let output = run(&["server", "--base-url", &url]);
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    assert!(
        stderr(&output).contains("unreachable"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn a_spent_budget_is_inconclusive() {
    let output = run(&["server", "--cases", "0", "--max-requests", "40"]);
    assert_eq!(output.status.code(), Some(3), "{}", stdout(&output));
    assert!(
        stdout(&output).contains("used up its requests"),
        "{}",
        stdout(&output)
    );
}

#[test]
fn a_server_that_cannot_be_steered_leaves_clauses_untestable_not_verified() {
    let mock = flexiti_mock::Mock::start(&flexiti_mock::Settings {
        admin_token: Some("hidden".into()),
        ..flexiti_mock::Settings::default()
    })
    .unwrap();
    let output = run(&[
        "server",
        "--base-url",
        &mock.base_url(),
        "--cases",
        "0",
        "--admin-token",
        "hidden",
    ]);
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
    let proxy = crate::support::without_admin(&mock);
    let output = run(&[
        "server",
        "--base-url",
        &proxy.base_url,
        "--cases",
        "0",
        "--skip",
        "http.message",
        "--report",
        "json",
    ]);
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let status = |id: &str| {
        let clauses = report["clauses"].as_array().unwrap();
        clauses.iter().find(|clause| clause["id"] == id).unwrap()["status"].clone()
    };
    assert_eq!(status("auth.token.alive"), "not_testable");
    assert_eq!(status("token.provisioned"), "not_testable");
    assert_eq!(status("callback.success"), "not_testable");
    assert_eq!(status("notification.apply.status"), "not_testable");
    assert_eq!(status("notification.order.accepted"), "verified");
    assert_eq!(status("notification.unfinished"), "verified");
    assert_eq!(status("init.amount_requested.positive"), "verified");
}

#[test]
fn list_names_every_clause_with_its_evidence() {
    let output = run(&["list", "--dialect", "strict"]);
    assert_eq!(output.status.code(), Some(0));
    let text = stdout(&output);
    assert!(
        text.lines()
            .any(|line| line.starts_with("init.buy.identity") && line.contains("documented"))
    );
}

#[test]
fn explain_spells_a_clause_out_with_sources_dialects_and_requests() {
    let text = stdout(&run(&["explain", "init.lang.required"]));
    for part in [
        "init.lang.required",
        "Evidence: documented",
        "https://flexiti.atlassian.net/",
        "A request that keeps it:",
        "A request that breaks it:",
        "POST https://HOST/flexiti/online-api/",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let text = stdout(&run(&["explain", "auth.token.scheme"]));
    assert!(text.contains("By dialect, bearer_scheme:"), "{text}");
    for unknown in ["init.lang.requird", "lang", ""] {
        let output = run(&["explain", unknown]);
        assert_eq!(output.status.code(), Some(2));
        let message = stderr(&output);
        assert!(message.contains("did you mean"), "{message}");
    }
}

#[test]
fn the_command_line_speaks_in_the_readers_words() {
    for (flag, value) in [
        ("--cases", "-1"),
        ("--cases", "many"),
        ("--jobs", "65"),
        ("--max-requests", "1e3"),
    ] {
        let output = run(&["server", flag, value]);
        assert_eq!(output.status.code(), Some(2));
        let message = stderr(&output);
        assert!(message.contains("expected a whole number"), "{message}");
    }
    for shell in ["bash", "zsh", "fish", "powershell"] {
        assert!(
            stdout(&run(&["completions", shell])).contains("self-test"),
            "{shell}"
        );
    }
    assert!(stdout(&run(&["man"])).contains(".TH flexiti"));
    for command in [
        "server",
        "replay",
        "probe",
        "diff",
        "merchant",
        "merchant init",
        "merchant check",
        "merchant fuzz",
        "merchant schema",
        "merchant keygen",
        "verify",
        "list",
        "explain",
        "self-test",
    ] {
        let words: Vec<&str> = command.split(' ').chain(["--help"]).collect();
        let help = stdout(&run(&words));
        assert!(
            help.contains("Examples:") && help.contains("Exit codes:"),
            "{command}: {help}"
        );
        assert!(
            help.contains(&format!("flexiti-conformance {command}")),
            "{help}"
        );
    }
}

#[test]
fn a_slip_in_the_name_of_a_variable_is_found() {
    let said = |name: &str| {
        let mut program = Command::new(env!("CARGO_BIN_EXE_flexiti-conformance"));
        let output = program.arg("list").env(name, "x").output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        stderr(&output)
    };
    assert!(said("FLEXITI_BASE_ULR").contains("did you mean FLEXITI_BASE_URL?"));
    assert!(said("FLEXITI_CLIENT_SECERT").contains("did you mean FLEXITI_CLIENT_SECRET?"));
    // What is somebody else's.
    for name in [
        "FLEXITI_MOCK_DIALETC",
        "FLEXITI_ADMIN_URL",
        "FLEXITI_CA_FILE",
        "FLEXITI_SHOP_COLOUR",
        "FLEXITI_PASSWORD",
    ] {
        assert_eq!(said(name), "", "{name}");
    }
}
