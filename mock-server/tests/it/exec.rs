//! `flexiti-mock exec`: a server for the time of one command.

use crate::process::{program, stderr, stdout, wait_for};
use serde_json::Value;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

/// Asks for a token with the variables that the command finds.
const TOKEN: &str = "curl -s -o /dev/null -H 'x-reference-id: 0123456789abcdef0123456789abcdef' \
     -d grant_type=client_credentials -d client_id=$FLEXITI_CLIENT_ID \
     -d client_secret=$FLEXITI_CLIENT_SECRET $FLEXITI_BASE_URL/oauth/token";
/// How long anything may take before a test fails.
const LONG: Duration = Duration::from_secs(20);

/// `exec` with these flags and a line for the shell.
fn exec(flags: &[&str], line: &str) -> Command {
    let mut command = program();
    command
        .arg("exec")
        .args(flags)
        .args(["--", "sh", "-c", line]);
    command
}

fn code(output: &Output) -> i32 {
    output.status.code().expect("an exit code")
}

#[test]
fn the_command_finds_server_account_and_no_proxy_in_its_environment() {
    let line = format!(
        "{TOKEN} -w '%{{http_code}}\\n'; curl -s $FLEXITI_ADMIN_URL/merchants/$FLEXITI_CLIENT_ID; \
         echo $NO_PROXY; echo $no_proxy; cat; echo hidden >&2; exit 7"
    )
    .replace("-o /dev/null", "-o /dev/null -S");
    let mut command = exec(&["--trust-url", "https://shop.example"], &line);
    let output = command
        .env("NO_PROXY", "example.com")
        .env("http_proxy", "http://127.0.0.1:9")
        .output()
        .unwrap();
    assert_eq!(code(&output), 7);
    let text = stdout(&output);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "200", "{text}");
    let merchant: Value = serde_json::from_str(lines[1]).unwrap();
    assert_eq!(merchant["trust_url"], "https://shop.example");
    assert_eq!(lines[2], "example.com,127.0.0.1,localhost,::1");
    assert_eq!(lines[2..3], lines[3..4]);
    // Standard error is the command's alone.
    assert_eq!(stderr(&output), "hidden\n");
}

#[test]
fn flags_of_the_server_apply_and_each_run_has_keys_of_its_own() {
    let line = "echo $FLEXITI_CLIENT_ID $FLEXITI_CLIENT_SECRET; \
         curl -s $FLEXITI_ADMIN_URL/merchants/$FLEXITI_CLIENT_ID/dialect";
    let run = |flags: &[&str]| stdout(&exec(flags, line).output().unwrap());
    let first = run(&["--dialect", "lenient"]);
    assert!(first.contains("\"name\":\"lenient\""), "{first}");
    let keys = |text: &str| text.lines().next().map(str::to_owned);
    assert_ne!(keys(&first), keys(&run(&[])));
    assert_eq!(run(&["--seed", "7"]), run(&["--seed", "7"]));
}

#[test]
fn exit_codes_are_those_of_a_shell() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str, mode: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        let path = path.to_str().unwrap().to_owned();
        let changed = Command::new("chmod").args([mode, &path]).status();
        assert!(changed.unwrap().success());
        path
    };
    let plain = write("plain", "exit 0\n", "644");
    let stray = write("stray", "#!/nowhere/python\n", "755");
    let windows = write("windows", "#!/bin/sh\r\nexit 0\n", "755");
    let here = folder.path().to_str().unwrap();
    for (command, expected, says) in [
        ("true", 0, vec![]),
        ("false", 1, vec![]),
        (
            "no-such-command",
            127,
            vec!["no-such-command", "not found", "PATH"],
        ),
        ("/nowhere/program", 127, vec!["/nowhere/program", "no such"]),
        (&plain, 126, vec![&plain, "not executable"]),
        (&stray, 126, vec![&stray, "`/nowhere/python`"]),
        (&windows, 126, vec![&windows, "`/bin/sh\\r`"]),
        (here, 126, vec![here]),
    ] {
        let output = program().args(["exec", "--", command]).output().unwrap();
        let message = stderr(&output);
        assert_eq!(code(&output), expected, "{command}: {message}");
        let lines = usize::from(!says.is_empty());
        assert_eq!(message.lines().count(), lines, "{message}");
        for part in says {
            assert!(message.contains(part), "{part}: {message}");
        }
    }
    for (signal, expected) in [("KILL", 137), ("TERM", 143), ("INT", 130)] {
        let output = exec(&[], &format!("kill -{signal} $$")).output().unwrap();
        assert_eq!(code(&output), expected, "{signal}");
    }
}

#[test]
fn what_is_wrong_with_the_flags_is_said_before_the_command_runs() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let unknown = write("unknown.json", r#"{"match":{"endpoints":"token"}}"#);
    let another = write("another.json", r#"[{"times":1},{"client_id":"x"}]"#);
    let text = write("text.json", "token\n");
    let none = write("none.json", "[]");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    let here = folder.path().to_str().unwrap();
    for (flags, names) in [
        (vec!["--timeout", "soon"], vec!["--timeout", "positive"]),
        (vec!["--timeout", "-1"], vec!["--timeout", "positive"]),
        (vec!["--timeout", "0"], vec!["--timeout", "positive"]),
        (vec!["--verify", "/nowhere"], vec!["--verify", "/nowhere"]),
        (vec!["--verify", &unknown], vec![&unknown, "endpoints"]),
        (
            vec!["--verify", &another],
            vec!["another.json[1]", "client_id"],
        ),
        (vec!["--verify", &text], vec![&text]),
        (vec!["--verify", &none], vec![&none, "empty"]),
        (vec!["--journal", here], vec!["--journal", here]),
        (vec!["--journal", "/nowhere/x.har"], vec!["/nowhere"]),
        (vec!["--listen", &taken], vec![&taken]),
        (vec!["--dialect", "nonsense"], vec!["nonsense", "strict"]),
        (vec!["--trust-url", "shop"], vec!["trust_url", "shop"]),
    ] {
        let output = exec(&flags, "echo it runs").output().unwrap();
        let message = stderr(&output);
        assert_eq!(code(&output), 2, "{flags:?}: {message}");
        assert_eq!(stdout(&output), "", "{flags:?}");
        for name in names {
            assert!(message.contains(name), "{name}: {message}");
        }
    }
    assert_eq!(code(&program().arg("exec").output().unwrap()), 2);
}

#[test]
fn findings_fail_a_command_that_succeeds_and_never_hide_its_own_code() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (once, twice, journal) = (file("once.json"), file("twice.json"), file("shop.har"));
    let expected = r#"{"match":{"endpoint":"token"},"times":1}"#;
    std::fs::write(&once, expected).unwrap();
    std::fs::write(&twice, format!("[{expected},{{\"times\":2}}]")).unwrap();
    let right = TOKEN.to_owned();
    let unknown = format!("{TOKEN} -d colour=blue; {TOKEN} -d colour=blue");
    for (flags, line, expected, says) in [
        (vec!["--verify", &once], &right, 0, vec![]),
        (
            vec!["--verify", &once, "--verify", &twice],
            &unknown,
            1,
            vec!["once.json: expected exactly 1", "twice.json[0]: expected"],
        ),
        (vec!["--lint", "--verify", &once], &right, 0, vec![]),
        (
            vec!["--lint"],
            &unknown,
            1,
            vec![
                "lint: parameter_unknown",
                "colour",
                "requests: 1, 2",
                "change:",
            ],
        ),
        (
            vec!["--lint"],
            &format!("{unknown}; exit 9"),
            9,
            vec!["parameter_unknown"],
        ),
        // What nobody has seen is not right.
        (
            vec!["--lint"],
            &"true".to_owned(),
            1,
            vec!["nothing to judge"],
        ),
        (
            vec!["--lint", "--journal-limit", "1"],
            &unknown,
            1,
            vec!["dropped 1", "--journal-limit"],
        ),
    ] {
        let mut flags = flags;
        flags.extend(["--journal", &journal]);
        let output = exec(&flags, line).output().unwrap();
        let message = stderr(&output);
        assert_eq!(code(&output), expected, "{flags:?}: {message}");
        assert_eq!(message.is_empty(), says.is_empty(), "{message}");
        for part in says {
            assert!(message.contains(part), "{part}: {message}");
        }
        let har: Value = serde_json::from_slice(&std::fs::read(&journal).unwrap()).unwrap();
        let page = &har["log"]["pages"][0];
        assert!(page["startedDateTime"].is_string(), "{page}");
        let entries = har["log"]["entries"].as_array().unwrap();
        let left = line
            .matches("/oauth/token")
            .count()
            .min(if flags.contains(&"1") { 1 } else { 9 });
        assert_eq!(entries.len(), left, "{flags:?}");
        for entry in entries {
            assert_eq!(entry["pageref"], page["id"]);
        }
    }
    // Written beside its place and moved there: nothing else is left.
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 3);
}

/// Starts a command and waits until it has written its file.
fn started(flags: &[&str], line: &str, file: &Path) -> Child {
    let child = exec(flags, line).stderr(Stdio::piped()).spawn().unwrap();
    wait_for("the command", LONG, || file.exists().then_some(()));
    child
}

fn kill(id: u32, signal: &str) {
    let line = format!("kill -{signal} {id}");
    assert!(
        Command::new("sh")
            .args(["-c", &line])
            .status()
            .unwrap()
            .success()
    );
}

#[test]
fn signals_reach_the_command_whose_end_is_awaited() {
    for (signal, passed) in [
        ("TERM", 40),
        ("HUP", 41),
        ("INT", 42),
        ("QUIT", 43),
        ("USR1", 44),
        ("USR2", 45),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ready");
        // A loop of short waits: the shell runs a trap between two commands.
        let line = format!(
            "trap 'exit {passed}' {signal}; touch {}; while :; do sleep 0.02; done",
            file.display()
        );
        let mut child = started(&[], &line, &file);
        kill(child.id(), signal);
        let status = wait_for("the end", LONG, || child.try_wait().unwrap());
        assert_eq!(status.code(), Some(passed), "{signal}");
    }
    // One that has no use for it ends by it.
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ready");
    let line = format!("touch {}; exec sleep 1000", file.display());
    let mut child = started(&[], &line, &file);
    kill(child.id(), "TERM");
    let status = wait_for("the end", LONG, || child.try_wait().unwrap());
    assert_eq!(status.code(), Some(143));
}

/// Whether a process that was started with `mark` in its arguments is alive.
fn is_alive(mark: &str) -> bool {
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let mut lines = processes.filter_map(|it| std::fs::read(it.path().join("cmdline")).ok());
    lines.any(|line| String::from_utf8_lossy(&line).contains(mark))
}

#[test]
fn a_command_that_hangs_is_ended_with_all_that_it_started() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ready");
    // One in its group, one that has left it, one whose parent is gone, and one that will not.
    let mark = format!("1000.{:09}", std::process::id());
    let line = format!(
        "trap '' TERM; sleep {mark} & (setsid sleep {mark} &); touch {}; while :; do sleep {mark}; done",
        file.display()
    );
    let mut child = started(&["--timeout", "2.5"], &line, &file);
    let status = wait_for("the end", LONG, || child.try_wait().unwrap());
    assert_eq!(status.code(), Some(124));
    let output = child.wait_with_output().unwrap();
    let message = stderr(&output);
    assert_eq!(message.lines().count(), 1, "{message}");
    assert!(message.contains("2.5 seconds (--timeout)"), "{message}");
    let gone = || (!is_alive(&mark)).then_some(());
    wait_for("the end of what it started", LONG, gone);
}

#[test]
fn nothing_is_left_of_a_command_that_has_ended() {
    let mark = format!("1001.{:09}", std::process::id());
    let folder = tempfile::tempdir().unwrap();
    let ready = folder.path().join("ready.json");
    let line = format!(
        "sleep {mark} >/dev/null 2>&1 & test -f {} && exit 5",
        ready.display()
    );
    let flags = ["--ready-file", ready.to_str().unwrap(), "--timeout", "60"];
    let output = exec(&flags, &line).output().unwrap();
    assert_eq!(code(&output), 5);
    let gone = || (!is_alive(&mark)).then_some(());
    wait_for("the end of what it started", LONG, gone);
    assert!(!ready.exists());
}

#[test]
fn on_a_terminal_the_command_may_read_from_it() {
    let program = env!("CARGO_BIN_EXE_flexiti-mock");
    let line = format!("{program} exec -- sh -c 'read word; echo got:$word'");
    // `script` gives the command a terminal of its own.
    let mut script = Command::new("script")
        .args(["-qec", &line, "/dev/null"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut keyboard = script.stdin.take().unwrap();
    std::io::Write::write_all(&mut keyboard, b"hello\n").unwrap();
    let status = wait_for("the end", LONG, || script.try_wait().unwrap());
    drop(keyboard);
    assert!(status.success(), "{status}");
    let output = script.wait_with_output().unwrap();
    assert!(stdout(&output).contains("got:hello"), "{}", stdout(&output));
}
