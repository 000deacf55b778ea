//! Environment variables, values, completions and manual pages of the program.

use crate::process::{Running, program, run, stderr, stdout};
use std::process::Command;

/// A start that fails at once: the port is not to be had.
const NOWHERE: [&str; 2] = ["--listen", "192.0.2.1:1"];

fn with(variables: &[(&str, &str)], arguments: &[&str]) -> (Option<i32>, String) {
    let mut command = program();
    let output = command.envs(variables.iter().copied()).args(arguments);
    let output = output.output().unwrap();
    (output.status.code(), stderr(&output))
}

#[test]
fn empty_variables_count_as_absent_and_switches_have_many_spellings() {
    let all = [
        "CONFIG",
        "DIALECT",
        "PUBLIC_BASE_URL",
        "READY_FILE",
        "SEED",
        "JOURNAL_LIMIT",
        "JOURNAL_BYTES",
        "REVEAL_SECRETS",
        "ADMIN_TOKEN",
        "HIDE_SANDBOX_BAR",
        "THREADS",
        "MAX_CONNECTIONS",
        "HEAD_TIMEOUT",
        "LOG_LEVEL",
        "LOG_FORMAT",
    ];
    let mut command = program();
    command.args(["exec", "--", "true"]);
    for name in all {
        command.env(format!("FLEXITI_MOCK_{name}"), "");
    }
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(stderr(&output), "");
    for value in ["1", "0", "true", "FALSE", "yes", "No", "on", "off"] {
        let set = [
            ("FLEXITI_MOCK_REVEAL_SECRETS", value),
            ("FLEXITI_MOCK_HIDE_SANDBOX_BAR", value),
        ];
        assert_eq!(
            with(&set, &["exec", "--", "true"]),
            (Some(0), String::new()),
            "{value}"
        );
    }
}

#[test]
fn an_error_names_the_variable_that_holds_the_value() {
    for (name, value, says) in [
        ("FLEXITI_MOCK_REVEAL_SECRETS", "maybe", "yes or on"),
        ("FLEXITI_MOCK_SEED", "x", "whole number"),
        ("FLEXITI_MOCK_MAX_CONNECTIONS", "0", "from 1 to 1000000"),
        ("FLEXITI_MOCK_LOG_FORMAT", "xml", "json"),
        ("FLEXITI_MOCK_LISTEN", "nowhere", "127.0.0.1:4359"),
    ] {
        let (code, message) = with(&[(name, value)], &["exec", "--", "true"]);
        assert_eq!(code, Some(2), "{message}");
        for part in [name, value, says] {
            assert!(message.contains(part), "{part}: {message}");
        }
    }
    // What was typed is named as it was typed.
    let (_, message) = with(&[("FLEXITI_MOCK_SEED", "x")], &["--seed", "x"]);
    assert!(
        message.contains("--seed") && !message.contains("FLEXITI_MOCK_SEED"),
        "{message}"
    );
    for (flag, value) in [
        ("--seed", "-1"),
        ("--journal-limit", "1.5"),
        ("--threads", "many"),
    ] {
        let (code, message) = with(&[], &[flag, value]);
        assert_eq!(code, Some(2));
        assert!(message.contains("expected a whole number"), "{message}");
    }
}

#[test]
fn a_misspelt_variable_is_warned_of_with_the_nearest_name() {
    let set = [
        ("FLEXITI_MOCK_DIALETC", "strict"),
        ("FLEXITI_MOCK_SERVICE_HOST", "10.0.0.1"),
    ];
    let (code, message) = with(&set, &["exec", "--", "true"]);
    assert_eq!(code, Some(0));
    assert_eq!(message.lines().count(), 1, "{message}");
    assert!(message.contains("FLEXITI_MOCK_DIALETC"), "{message}");
    assert!(
        message.contains("did you mean FLEXITI_MOCK_DIALECT?"),
        "{message}"
    );
}

#[test]
fn a_name_is_an_address_to_listen_on() {
    let mut command = program();
    command.args(["--listen", "localhost:0"]);
    let running = Running::spawn(command);
    assert!(running.address().ip().is_loopback());
    let address = format!("localhost:{}", running.address().port());
    assert_eq!(run(&["healthcheck", &address]).status.code(), Some(0));
    for wrong in [":0", "localhost", "localhost:many"] {
        let output = run(&["--listen", wrong]);
        assert_eq!(output.status.code(), Some(2));
        assert!(
            stderr(&output).contains("127.0.0.1:4359"),
            "{}",
            stderr(&output)
        );
    }
    assert_eq!(run(&NOWHERE).status.code(), Some(2));
}

#[test]
fn the_log_has_colours_only_where_they_are_wanted() {
    let bin = env!("CARGO_BIN_EXE_flexiti-mock");
    let line = format!("{bin} --listen 127.0.0.1:0 & sleep 0.5; kill $!; wait $!");
    for (variable, value, coloured) in [
        ("TERM", "xterm", true),
        ("NO_COLOR", "1", false),
        ("TERM", "dumb", false),
    ] {
        let output = Command::new("script")
            .args(["-qec", &line, "/dev/null"])
            .env("TERM", "xterm")
            .env_remove("NO_COLOR")
            .env(variable, value)
            .output()
            .unwrap();
        assert_eq!(
            stdout(&output).contains("\u{1b}["),
            coloured,
            "{variable}={value}"
        );
    }
}

#[test]
fn completions_manual_pages_and_help_know_every_sub_command() {
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let text = stdout(&run(&["completions", shell]));
        for part in ["healthcheck", "exec", "public-base-url"] {
            assert!(text.contains(part), "{shell}: {part}");
        }
    }
    let page = stdout(&run(&["man"]));
    assert!(
        page.contains(".TH flexiti") && page.contains("exec"),
        "{page}"
    );
    let folder = tempfile::tempdir().unwrap();
    let output = run(&["man", "--out", folder.path().to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(folder.path().join("flexiti-mock-exec.1").exists());
    for command in [
        "exec",
        "healthcheck",
        "openapi",
        "dialect",
        "dialect list",
        "dialect show",
        "dialect check",
        "dialect diff",
        "data",
        "data check",
        "data export",
        "data import",
        "completions",
        "man",
    ] {
        let words: Vec<&str> = command.split(' ').chain(["--help"]).collect();
        let help = stdout(&run(&words));
        assert!(
            help.contains("Examples:") && help.contains("Exit codes:"),
            "{command}: {help}"
        );
        assert!(help.contains(&format!("flexiti-mock {command}")), "{help}");
    }
    let list = stdout(&run(&["dialect", "list"]));
    for name in ["documented", "lenient", "strict", "hyperswitch"] {
        assert!(list.lines().any(|line| line.starts_with(name)), "{list}");
    }
}
