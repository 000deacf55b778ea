//! Nothing that observes the server stops an answer: not its log, its banner, its ready file, nor
//! whoever reads the journal or watches events.

use crate::process::{Running, program, run, stderr, wait_for};
use crate::shop::{APPLY, INIT, TOKEN, demo_token_call, init_call, server, start, text, token};
use crate::wire::{Call, connect};
use flexiti_mock::{Mock, ServerLimits, Settings};
use serde_json::Value;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::process::{Command, Stdio};
use std::time::Duration;

fn listening() -> Command {
    let mut command = program();
    command.args(["--listen", "127.0.0.1:0"]);
    command
}

/// Requests whose log lines are together longer than what a pipe and the log's buffer hold.
fn send_what_fills_the_log(running: &Running) {
    let long = format!("/{}", "!".repeat(50_000));
    for _ in 0..40 {
        assert_eq!(Call::get(&long).send(running.address()).status, 404);
    }
}

fn lines_dropped(running: &Running) -> u64 {
    let metrics = Call::get("/__admin/metrics").send(running.address()).text();
    let name = "flexiti_mock_log_lines_dropped ";
    let line = metrics.lines().find_map(|line| line.strip_prefix(name));
    line.expect("the figure").parse().unwrap()
}

#[test]
fn a_log_that_nobody_reads_stops_no_answer_and_its_lines_are_counted() {
    let mut running = Running::with_output(listening(), Stdio::piped(), Stdio::piped());
    send_what_fills_the_log(&running);
    assert!(lines_dropped(&running) > 0);
    assert_eq!(demo_token_call(&[]).send(running.address()).status, 200);
    let health = Call::get("/__admin/health").send(running.address());
    assert_eq!(health.status, 200);
    // Once somebody reads, the log says so itself.
    let mut log = running.take_stderr();
    let reader = std::thread::spawn(move || {
        let mut read = String::new();
        log.read_to_string(&mut read).unwrap();
        read
    });
    wait_for("the line", Duration::from_secs(5), || {
        demo_token_call(&[]).send(running.address());
        (lines_dropped(&running) > 0).then_some(())
    });
    std::thread::sleep(Duration::from_millis(50));
    running.signal("TERM");
    assert!(running.ended().success());
    let log = reader.join().unwrap();
    assert!(log.contains("log lines were dropped"), "{}", log.len());
}

#[test]
fn a_log_that_nobody_reads_keeps_no_server_from_ending() {
    let mut running = Running::with_output(listening(), Stdio::piped(), Stdio::piped());
    send_what_fills_the_log(&running);
    running.signal("TERM");
    assert!(running.ended().success());
}

#[test]
fn a_reader_of_the_log_that_has_gone_costs_lines_and_no_answer() {
    let mut running = Running::with_output(listening(), Stdio::piped(), Stdio::piped());
    drop(running.take_stderr());
    let pair = demo_token_call(&[]).send(running.address()).json();
    let call = init_call(INIT, &text(&pair, "access_token")).form(&APPLY);
    // A process that another test has just forked has the reader's end as well until it becomes a
    // program of its own: lines that are written meanwhile are not lost.
    wait_for("the count", Duration::from_secs(5), || {
        assert_eq!(call.send(running.address()).status, 200);
        (lines_dropped(&running) > 0).then_some(())
    });
    running.signal("TERM");
    assert!(running.ended().success());
}

/// Only Linux has a file that is always full.
#[cfg(target_os = "linux")]
#[test]
fn outputs_that_are_full_keep_no_server_from_starting_or_ending() {
    let full = std::fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let again = || Stdio::from(full.try_clone().unwrap());
    for log_format in ["text", "json"] {
        let mut command = listening();
        command.args(["--log-format", log_format]);
        let mut running = Running::with_output(command, again(), again());
        assert_eq!(demo_token_call(&[]).send(running.address()).status, 200);
        running.signal("TERM");
        assert!(running.ended().success());
    }
}

#[test]
fn a_banner_that_nobody_reads_keeps_no_server_from_being_ready() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("merchants.toml");
    let mut config = File::create(&file).unwrap();
    for number in 0..1_000 {
        let id = format!("{number:0>90}");
        writeln!(
            config,
            "[[merchants]]\nclient_id = \"{id}\"\nclient_secret = \"s-{number}\""
        )
        .unwrap();
    }
    let mut command = listening();
    command.arg("--config").arg(&file);
    let mut running = Running::with_output(command, Stdio::piped(), Stdio::null());
    let health = Call::get("/__admin/health").send(running.address());
    assert_eq!(health.status, 200);
    running.signal("TERM");
    assert!(running.ended().success());
}

#[test]
fn the_ready_file_belongs_to_the_server_that_wrote_it_last() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ready.json");
    let start = || {
        let mut command = listening();
        command.arg("--ready-file").arg(&path);
        Running::spawn(command)
    };
    let mut first = start();
    let mut second = start();
    let pid = |path: &std::path::Path| {
        let ready: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        ready["pid"].as_u64().unwrap()
    };
    first.signal("TERM");
    assert!(first.ended().success());
    assert_eq!(pid(&path), u64::from(second.pid()), "the second's stays");
    second.signal("HUP");
    assert!(second.ended().success());
    assert!(!path.exists(), "and goes with it");
}

#[test]
fn a_ready_file_replaces_no_link_folder_or_device() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("precious");
    std::fs::write(&target, "precious").unwrap();
    let link = folder.path().join("link");
    std::os::unix::fs::symlink(&target, &link).unwrap();
    for path in [link.as_path(), folder.path(), "/dev/null".as_ref()] {
        let path = path.to_str().unwrap();
        let output = run(&["--listen", "127.0.0.1:0", "--ready-file", path]);
        assert_eq!(output.status.code(), Some(2), "{path}");
        let why = stderr(&output);
        assert!(
            why.contains("--ready-file") && why.contains("plain file"),
            "{why}"
        );
    }
    assert_eq!(std::fs::read_to_string(&target).unwrap(), "precious");
    assert!(link.is_symlink());
}

#[test]
fn a_ready_file_replaces_nothing_but_a_ready_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("package.json");
    for precious in [
        "my notes\n",
        r#"{"name": "my-shop"}"#,
        r#"["base_url", "pid"]"#,
    ] {
        std::fs::write(&path, precious).unwrap();
        let output = run(&[
            "--listen",
            "127.0.0.1:0",
            "--ready-file",
            path.to_str().unwrap(),
        ]);
        let why = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{why}");
        assert!(why.contains("is not a ready file"), "{why}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), precious);
    }
    // What a server left that was killed, and what `mktemp` makes.
    for left in [
        r#"{"base_url": "http://127.0.0.1:1/flexiti/online-api", "pid": 1}"#,
        "",
    ] {
        std::fs::write(&path, left).unwrap();
        let mut command = listening();
        command.arg("--ready-file").arg(&path);
        let running = Running::spawn(command);
        assert_eq!(running.ready["pid"], running.pid());
    }
}

#[test]
fn a_made_up_admin_token_is_shown_in_every_log_format() {
    let mut command = program();
    command.args(["--listen", "0.0.0.0:0", "--log-format", "json"]);
    let running = Running::spawn(command);
    let shown: Value = serde_json::from_str(running.banner().trim()).unwrap();
    let token = format!("Bearer {}", text(&shown, "admin_token"));
    let call = Call::get("/__admin/requests").header("authorization", &token);
    assert_eq!(call.send(running.address()).status, 200);
    assert!(!running.stopped().contains(&token["Bearer ".len()..]));
}

/// Sends a request on a connection that is kept, and whose answer nobody reads.
fn unread(mock: &Mock, target: &str) -> std::net::TcpStream {
    let mut stream = connect(mock.address());
    stream
        .write_all(&Call::get(target).bytes(mock.address()))
        .unwrap();
    stream
}

#[test]
fn watchers_are_so_many_and_one_more_is_told_why_not() {
    let mock = start(&Settings {
        limits: ServerLimits {
            watchers: 2,
            ..ServerLimits::default()
        },
        ..Settings::default()
    });
    let mut watching: Vec<_> = (0..2).map(|_| unread(&mock, "/__admin/events")).collect();
    for stream in &mut watching {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
    }
    let refused = Call::get("/__admin/events").send(mock.address());
    assert_eq!(refused.status, 503);
    assert!(
        refused.text().contains("--max-watchers"),
        "{}",
        refused.text()
    );
    assert_eq!(refused.header("retry-after"), Some("5"));
    drop(watching);
    wait_for("a place", Duration::from_secs(5), || {
        token(&mock);
        let mut stream = unread(&mock, "/__admin/events");
        let mut status = [0; 12];
        stream.read_exact(&mut status).unwrap();
        status.ends_with(b"200").then_some(())
    });
}

#[test]
fn the_answer_that_nobody_reads_is_given_up_and_a_long_one_arrives_whole() {
    let mock = start(&Settings {
        limits: ServerLimits {
            write_time: Duration::from_millis(100),
            // Whether a connection was given up shows in whether there is room for another.
            connections_per_peer: Some(1),
            ..ServerLimits::default()
        },
        ..Settings::default()
    });
    let patiently = |call: &Call| {
        wait_for("room", Duration::from_secs(20), || {
            let answer = call.send(mock.address());
            (answer.status != 503).then_some(answer)
        })
    };
    // Each sign takes six in JSON.
    let body = "\u{1}".repeat(60_000);
    for _ in 0..40 {
        patiently(&Call::post(TOKEN).body(body.clone()));
    }
    let mut stream = unread(&mock, "/__admin/requests");
    for accept in ["application/json", "application/har+json"] {
        let call = Call::get("/__admin/requests").header("accept", accept);
        let answer = patiently(&call).json();
        let rows = answer["requests"].as_array();
        let rows = rows.or_else(|| answer["log"]["entries"].as_array());
        assert_eq!(rows.unwrap().len(), 40, "{accept}");
    }
    let mut read = Vec::new();
    let _ = stream.read_to_end(&mut read);
    // Far less than the 14 MB that the journal has: the rest was never rendered.
    assert!(read.len() < 13_000_000, "{}", read.len());
}

#[test]
fn requests_are_answered_while_the_journal_is_read_and_verified() {
    let mock = server("documented");
    for _ in 0..50 {
        token(&mock);
    }
    // Neither is read; each has its answer all the same.
    let reading: Vec<_> = (0..20)
        .map(|_| unread(&mock, "/__admin/requests"))
        .collect();
    assert_eq!(demo_token_call(&[]).send(mock.address()).status, 200);
    drop(reading);
}
