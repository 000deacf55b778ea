//! Proxies: never for loopback, for other hosts as asked.

use super::servers::serve;
use super::{program, stderr, stdout};
use crate::merchant::{merchants, write};
use crate::support::mock;
use std::io::Write as _;
use std::process::Command;

const DEAD: &str = "http://127.0.0.1:9";

fn through_a_dead_proxy(args: &[&str]) -> Command {
    let mut command = program(args);
    for name in [
        "http_proxy",
        "HTTP_PROXY",
        "https_proxy",
        "HTTPS_PROXY",
        "ALL_PROXY",
    ] {
        command.env(name, DEAD);
    }
    command.env_remove("NO_PROXY").env_remove("no_proxy");
    command
}

#[test]
fn loopback_never_goes_through_a_proxy() {
    let mock = mock("documented");
    let url = mock.base_url();
    let args = ["server", "--cases", "0", "--base-url", &url];
    for more in [&[][..], &["--proxy", DEAD]] {
        let output = through_a_dead_proxy(&[&args[..], more].concat())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    }
}

#[test]
fn other_hosts_are_reached_through_the_proxy() {
    let mock = mock("documented");
    let to = mock.address();
    let proxy = serve(move |request, stream| {
        let is_whole = request.target.starts_with("http://sandbox.invalid/");
        assert!(
            is_whole || request.target.contains("127.0.0.1"),
            "{}",
            request.target
        );
        let _ = stream.write_all(&request.forwarded(to));
    });
    let url = "http://sandbox.invalid/flexiti/online-api";
    let address = format!("http://{}", proxy.address);
    let account = [
        "--client-id",
        "flexitidemo",
        "--client-secret",
        "flexitidemo-secret",
    ];
    let args = [
        "server",
        "--cases",
        "0",
        "--base-url",
        url,
        "--allow-host",
        "sandbox.invalid",
    ];
    let args = [
        &args[..],
        &account,
        &["--rate", "1000", "--max-requests", "30"],
    ]
    .concat();
    let by_flag = [&args[..], &["--proxy", &address]].concat();
    let by_flag = program(&by_flag).output().unwrap();
    assert!(
        stdout(&by_flag).contains("stopped: the run has used up"),
        "{}",
        stderr(&by_flag)
    );
    let by_variable = program(&args).env("http_proxy", &address).output().unwrap();
    assert!(
        stdout(&by_variable).contains("stopped: the run has used up"),
        "{}",
        stderr(&by_variable)
    );
    // Conversations in bytes would be with the proxy.
    let bytes = [
        &[
            "server",
            "--cases",
            "0",
            "--base-url",
            url,
            "--rate",
            "1000",
        ][..],
        &["--allow-host", "sandbox.invalid", "--proxy", &address],
        &["--only", "http.message", "--report", "json"],
        &account,
    ];
    let judged = super::report(&program(&bytes.concat()).output().unwrap());
    let row = super::clause(&judged, "http.message");
    assert_eq!(row["status"], "not_testable");
    assert!(
        row["why"]
            .as_str()
            .unwrap()
            .contains("a proxy stands between")
    );
    // Somebody's live system is not asked for an admin API.
    let requests = proxy.requests.lock().unwrap();
    assert!(requests.iter().all(|request| !request.is_for("__admin")));
    let dead = through_a_dead_proxy(&args).output().unwrap();
    let said = stderr(&dead);
    assert_eq!(dead.status.code(), Some(3), "{said}");
    assert!(
        said.contains("_PROXY sets a proxy") && said.lines().count() == 1,
        "{said}"
    );
}

#[test]
fn shops_and_their_customers_use_no_proxy_for_loopback() {
    let folder = tempfile::tempdir().unwrap();
    let driver = merchants().join("python/merchant.toml");
    let driver = driver.to_str().unwrap();
    let output = through_a_dead_proxy(&["merchant", "check", driver])
        .output()
        .unwrap();
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}{}",
        stdout(&output),
        stderr(&output)
    );
    // The shop is given a proxy by its own driver file.
    let text = std::fs::read_to_string(merchants().join("python/queue.toml")).unwrap();
    let script = merchants().join("python/queue_shop.py");
    let text = text.replace("\"queue_shop.py\"", &format!("\"{}\"", script.display()));
    let text = text.replace(
        "[shop.env]",
        &format!("[shop.env]\nhttp_proxy = \"{DEAD}\""),
    );
    let driver = write(&folder, "queue.toml", &text);
    let output = program(&["merchant", "check", &driver]).output().unwrap();
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}{}",
        stdout(&output),
        stderr(&output)
    );
}

#[test]
fn the_tests_of_a_merchant_are_told_that_loopback_needs_no_proxy() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("seen");
    let command = format!("echo \"$NO_PROXY $no_proxy\" > {}", file.display());
    let mut program = through_a_dead_proxy(&["merchant", "--exec", &command]);
    program.env("NO_PROXY", "example.com").output().unwrap();
    let seen = std::fs::read_to_string(file).unwrap();
    let list = "example.com,127.0.0.1,localhost,::1";
    assert_eq!(seen.trim(), format!("{list} {list}"));
}
