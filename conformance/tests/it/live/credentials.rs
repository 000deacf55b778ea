//! Where the account comes from, and where its secret never goes.

use super::servers::{json, serve};
use super::{judge, program, stderr, stdout};
use crate::support::mock;
use std::io::Write as _;
use std::process::Stdio;

#[test]
fn a_secret_comes_from_a_file_or_standard_input() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("secret");
    std::fs::write(&file, "flexitidemo-secret\n").unwrap();
    let file = file.display().to_string();
    let mock = mock("documented");
    let url = mock.base_url();
    // The file is more special than the environment.
    let args = [
        "server",
        "--cases",
        "0",
        "--base-url",
        &url,
        "--client-secret-file",
    ];
    let output = program(&[&args[..], &[&file]].concat())
        .env("FLEXITI_CLIENT_SECRET", "wrong")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let mut child = program(&[&args[..], &["-"]].concat())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(b"flexitidemo-secret\r\n").unwrap();
    drop(input);
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let missing = judge(&url, &["--client-secret-file", "no-such-file"]);
    assert_eq!(missing.status.code(), Some(2));
    let said = stderr(&missing);
    assert!(said.contains("--client-secret-file no-such-file"), "{said}");
}

#[test]
fn the_demo_account_is_for_loopback_alone() {
    let url = "http://sandbox.invalid/flexiti/online-api";
    let allowed = ["--allow-host", "sandbox.invalid"];
    let output = judge(url, &allowed);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("--client-id: required for sandbox.invalid"));
    let args = ["server", "--base-url", url, "--client-id", "shop"];
    let output = program(&[&args[..], &allowed].concat())
        .stdin(Stdio::null())
        .output();
    let output = output.unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = stderr(&output);
    assert!(
        said.contains("set FLEXITI_CLIENT_SECRET") && said.contains("shop"),
        "{said}"
    );
}

#[test]
fn an_empty_variable_counts_as_not_set() {
    let output = program(&["server", "--cases", "1", "--seed", "1"])
        .env("FLEXITI_BASE_URL", "")
        .env("FLEXITI_CLIENT_ID", "")
        .env("FLEXITI_CLIENT_SECRET", "")
        .env("FLEXITI_USERNAME", "")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
}

#[test]
fn a_server_that_repeats_the_secret_does_not_get_it_into_a_report() {
    let secret = "hun+ter2/\"secret\" 22";
    let server = serve(|request, stream| {
        let body = String::from_utf8_lossy(&request.body).into_owned();
        let basic: String = request
            .headers
            .iter()
            .map(|(_, value)| value.clone())
            .collect();
        let said =
            serde_json::json!({"said": body, "plain": "hun+ter2/\"secret\" 22", "basic": basic});
        let _ = stream.write_all(&json(500, &said.to_string()));
    });
    let url = server.base_url();
    let account = ["--client-id", "shop", "--client-secret", secret];
    for format in ["text", "json", "junit"] {
        let output = judge(&url, &[&account[..], &["--report", format]].concat());
        let shown = stdout(&output) + &stderr(&output);
        assert!(shown.contains("FLEXITI_CLIENT_SECRET"), "{shown}");
        for spelling in ["ter2", "c2hvcDpod"] {
            assert!(!shown.contains(spelling), "{format}: {shown}");
        }
    }
}

#[test]
fn somebody_at_a_terminal_is_asked_without_echo() {
    // Python has the terminal that a test has not.
    let script = r"
import os, pty, sys, time
def seen(fd):
    data = os.read(fd, 1024)
    if b'Client secret' in data:
        time.sleep(0.5)
        os.write(fd, b'hunter2-typed\n')
    return data
status = pty.spawn(sys.argv[1:], seen, lambda fd: b'')
sys.exit(os.waitstatus_to_exitcode(status))
";
    let url = "http://sandbox.invalid/flexiti/online-api";
    let mut command = std::process::Command::new("python3");
    command.args([
        "-c",
        script,
        env!("CARGO_BIN_EXE_flexiti-conformance"),
        "server",
    ]);
    command.args([
        "--base-url",
        url,
        "--allow-host",
        "sandbox.invalid",
        "--client-id",
        "shop",
    ]);
    let output = command
        .env_remove("FLEXITI_CLIENT_SECRET")
        .output()
        .unwrap();
    let shown = stdout(&output);
    assert!(
        shown.contains("Client secret of shop at sandbox.invalid: "),
        "{shown}"
    );
    assert!(!shown.contains("hunter2"), "{shown}");
    assert!(shown.contains("`sandbox.invalid` is not known"), "{shown}");
    assert_eq!(output.status.code(), Some(3), "{shown}");
}
