//! Starting and stopping the program: ready file, flags, signals, mistakes.

use crate::process::{Running, program, run, stderr, stdout};
use crate::shop::{APPLY, BASE, INIT, TOKEN, demo_token_call, init_call, text, token_call};
use crate::wire::{Answer, Call, connect};
use serde_json::json;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

#[test]
fn the_ready_file_tells_where_the_server_is_and_goes_with_it() {
    let mut running = Running::start(&[]);
    let address = running.address();
    assert_ne!(address.port(), 0);
    let expected = json!({
        "base_url": format!("http://{address}{BASE}"),
        "admin_url": format!("http://{address}/__admin"),
        "listen_url": format!("http://{address}"),
        "pid": running.pid(),
    });
    assert_eq!(running.ready, expected);
    // It was written beside its place; nothing of that is left.
    let names: Vec<_> = std::fs::read_dir(running.folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(names.len(), 3, "{names:?}");
    assert_eq!(demo_token_call(&[]).send(address).status, 200);
    running.signal("TERM");
    assert_eq!(running.ended().code(), Some(0));
    assert!(!running.ready_file().exists());
}

#[test]
fn both_signals_end_it_in_peace_even_with_clients_still_connected() {
    for signal in ["TERM", "INT"] {
        let mut running = Running::start(&[]);
        let idle = connect(running.address());
        let mut half = connect(running.address());
        half.write_all(
            b"POST /flexiti/online-api/oauth/token HTTP/1.1\r\ncontent-length: 9\r\n\r\n",
        )
        .unwrap();
        // Both connections are accepted once a later one is answered.
        assert_eq!(demo_token_call(&[]).send(running.address()).status, 200);
        running.signal(signal);
        assert_eq!(running.ended().code(), Some(0), "{signal}");
        drop((idle, half));
    }
}

#[test]
fn a_request_under_way_is_answered_before_the_end() {
    let mut running = Running::start(&[]);
    let request = demo_token_call(&[]).bytes(running.address());
    let (begun, rest) = request.split_at(request.len() - 1);
    let mut stream = connect(running.address());
    stream.write_all(begun).unwrap();
    // The beginning has arrived once a later request is answered.
    assert_eq!(demo_token_call(&[]).send(running.address()).status, 200);
    running.signal("TERM");
    stream.write_all(rest).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    assert_eq!(Answer::parse(&answer, false).0.status, 200);
    assert_eq!(running.ended().code(), Some(0));
}

#[test]
fn a_busy_port_is_one_line_and_exit_code_2() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = run(&["--listen", &address]);
    assert_eq!(output.status.code(), Some(2));
    let message = stderr(&output);
    assert_eq!(message.lines().count(), 1, "{message}");
    assert!(message.contains(&address), "{message}");
    assert_eq!(stdout(&output), "");
}

#[test]
fn wrong_flags_are_exit_code_2_and_named() {
    for (arguments, names) in [
        (
            vec!["--dialect", "nonsense"],
            vec!["nonsense", "documented", "lenient", "strict", "hyperswitch"],
        ),
        (vec!["--listen", "nowhere"], vec!["--listen", "nowhere"]),
        (vec!["--seed", "x"], vec!["--seed", "x"]),
        (vec!["--journal-limit", "few"], vec!["--journal-limit"]),
        (vec!["--journal-bytes", "few"], vec!["--journal-bytes"]),
        (
            vec!["--log-format", "xml"],
            vec!["--log-format", "xml", "text", "json"],
        ),
        (vec!["--log-level", "a=b=c"], vec!["--log-level", "a=b=c"]),
        (
            vec!["--public-base-url", "mock:4359"],
            vec!["--public-base-url", "mock:4359", "http"],
        ),
        (vec!["--admin-token", ""], vec!["--admin-token"]),
        (
            vec!["--config", "/nowhere/merchants.toml"],
            vec!["/nowhere/merchants.toml"],
        ),
        (
            vec!["--ready-file", "/nowhere/ready.json"],
            vec!["--ready-file", "/nowhere/ready.json"],
        ),
        (vec!["--colour"], vec!["--colour"]),
    ] {
        let output = program()
            .env("FLEXITI_MOCK_LISTEN", "127.0.0.1:0")
            .args(&arguments)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let message = stderr(&output);
        for name in names {
            assert!(message.contains(name), "{name}: {message}");
        }
        assert!(!message.contains("panicked"), "{message}");
    }
}

fn write(folder: &Path, name: &str, content: &str) -> String {
    let path = folder.join(name);
    std::fs::write(&path, content).unwrap();
    path.to_str().unwrap().to_owned()
}

const SHOP: &str = "[[merchants]]\nclient_id = \"shop\"\nclient_secret = \"shop-secret\"\n";

#[test]
fn mistakes_in_the_configuration_are_exit_code_2_and_name_file_and_key() {
    let folder = tempfile::tempdir().unwrap();
    for (content, names) in [
        (
            format!("{SHOP}colour = \"blue\"\n"),
            vec!["colour", "client_id", "trust_url"],
        ),
        (
            format!("colour = \"blue\"\n{SHOP}"),
            vec!["colour", "merchants"],
        ),
        (
            format!("{SHOP}{SHOP}"),
            vec!["client_id", "shop", "duplicate"],
        ),
        (
            "[[merchants]]\nclient_id = \"shop\"\n".into(),
            vec!["client_secret", "missing"],
        ),
        ("merchants = []\n".into(), vec!["merchants", "one"]),
        (String::new(), vec!["merchants"]),
        (
            format!("{SHOP}trust_url = \"https://shop.example/\"\n"),
            vec!["shop", "trust_url", "slash"],
        ),
        (
            format!("{SHOP}success_url = \"shop.example\"\n"),
            vec!["success_url", "shop.example", "http"],
        ),
        (
            format!("{SHOP}lang = \"de\"\n"),
            vec!["lang", "de", "en", "fr"],
        ),
        (
            format!("{SHOP}username = \"u\"\n"),
            vec!["username", "password"],
        ),
        (
            format!("{SHOP}provisioned = \"yes\"\n"),
            vec!["provisioned", "true or false"],
        ),
        (
            format!(
                "{}client_secret = \"\"\n",
                SHOP.replace("client_secret = \"shop-secret\"\n", "")
            ),
            vec!["client_secret"],
        ),
        ("[[merchants".into(), vec!["line 1"]),
    ] {
        let file = write(folder.path(), "merchants.toml", &content);
        let output = run(&["--listen", "127.0.0.1:0", "--config", &file]);
        assert_eq!(output.status.code(), Some(2), "{content}");
        let message = stderr(&output);
        for name in [&[file.as_str()], names.as_slice()].concat() {
            assert!(message.contains(name), "{name}: {message}");
        }
    }
    // A merchant's dialect that does not exist.
    let file = write(
        folder.path(),
        "d.toml",
        &format!("{SHOP}dialect = \"nonsense\"\n"),
    );
    let output = run(&["--listen", "127.0.0.1:0", "--config", &file]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("shop") && stderr(&output).contains("nonsense"));
}

#[test]
fn the_configured_merchants_replace_the_demo_merchant() {
    let folder = tempfile::tempdir().unwrap();
    let file = write(folder.path(), "merchants.toml", SHOP);
    let running = Running::start(&["--config", &file]);
    let shop = token_call("shop", "shop-secret", &[]).send(running.address());
    assert_eq!(shop.status, 200);
    let demo = demo_token_call(&[]).send(running.address());
    assert_eq!(demo.refusal(), (400, "invalid_client".into()));
    let banner = running.banner();
    assert!(banner.contains("shop"), "{banner}");
    assert!(!banner.contains("shop-secret"), "{banner}");
    assert!(!banner.contains("flexitidemo"), "{banner}");
}

#[test]
fn a_dialect_file_of_the_users_own_is_spoken() {
    let folder = tempfile::tempdir().unwrap();
    let dialect = json!({
        "name": "ours", "description": "The words of oauth2-server 3.", "extends": "documented",
        "answers": {"token_style": "nos3", "token_ttl": 60},
    });
    let file = write(folder.path(), "ours.json", &dialect.to_string());
    let running = Running::start(&["--dialect", &file]);
    let answer = demo_token_call(&[]).send(running.address());
    assert_eq!(answer.json()["expires_in"], 60);
    let answer = token_call("nobody", "guess", &[]).send(running.address());
    let message = text(&answer.json(), "message");
    assert_eq!(message, "Invalid client: client is invalid");
    assert!(running.banner().contains("`ours`"));
}

/// The commands that the banner offers.
fn commands(banner: &str) -> Vec<&str> {
    banner
        .lines()
        .filter(|line| line.contains("curl "))
        .collect()
}

/// Runs commands in one shell and gives their lines.
fn in_a_shell(commands: &[&str], secret: &str) -> Vec<String> {
    let output = Command::new("sh")
        .args(["-ec", &commands.join("\n")])
        .env("CLIENT_SECRET", secret)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    stdout(&output).lines().map(str::to_owned).collect()
}

#[test]
fn the_banners_two_commands_work_as_pasted_in_every_dialect() {
    for dialect in ["documented", "lenient", "strict", "hyperswitch"] {
        let running = Running::start(&["--dialect", dialect]);
        let banner = running.banner();
        assert!(banner.contains(&format!("`{dialect}`")), "{banner}");
        assert!(banner.contains(&running.url("base_url")), "{banner}");
        assert!(banner.contains("flexitidemo-secret"), "{banner}");
        let commands = commands(&banner);
        assert_eq!(commands.len(), 2, "{banner}");
        let lines = in_a_shell(&commands, "");
        assert_eq!(lines.len(), 2, "{lines:?}");
        assert_eq!(lines[0].len(), 40, "a token: {lines:?}");
        let order: serde_json::Value = serde_json::from_str(&lines[1]).unwrap();
        let url = text(&order, "redirection_url");
        let page = in_a_shell(&[&format!("curl -sf '{url}'")], "").join("\n");
        assert!(page.contains("499,99\u{a0}$"), "{page}");
    }
}

#[test]
fn with_a_configuration_the_commands_ask_for_the_secret() {
    let folder = tempfile::tempdir().unwrap();
    let file = write(folder.path(), "merchants.toml", SHOP);
    let running = Running::start(&["--config", &file]);
    let banner = running.banner();
    let lines = in_a_shell(&commands(&banner), "shop-secret");
    assert!(lines[1].contains("redirection_url"), "{lines:?}");
}

#[test]
fn every_flag_has_its_environment_variable() {
    let folder = tempfile::tempdir().unwrap();
    let config = write(folder.path(), "merchants.toml", SHOP);
    let start = || {
        let mut command = program();
        command
            .env("FLEXITI_MOCK_LISTEN", "127.0.0.1:0")
            .env("FLEXITI_MOCK_CONFIG", &config)
            .env("FLEXITI_MOCK_DIALECT", "hyperswitch")
            .env("FLEXITI_MOCK_PUBLIC_BASE_URL", "https://mock.example")
            .env("FLEXITI_MOCK_SEED", "7")
            .env("FLEXITI_MOCK_JOURNAL_LIMIT", "1")
            .env("FLEXITI_MOCK_ADMIN_TOKEN", "admin-token")
            .env("FLEXITI_MOCK_LOG_FORMAT", "json")
            .env("FLEXITI_MOCK_LOG_LEVEL", "info");
        Running::spawn(command)
    };
    let tokens = [start(), start()].map(|running| {
        let base_url = running.url("base_url");
        assert_eq!(base_url, format!("https://mock.example{BASE}"));
        // The ready file says where customers find it, and where it listens.
        let address = running.url("listen_url").replace("http://", "");
        let address = address.parse().unwrap();
        assert_eq!(
            running.url("admin_url"),
            format!("http://{address}/__admin")
        );
        let token = token_call("shop", "shop-secret", &[]).send(address).json();
        let token = text(&token, "access_token");
        let order = init_call(&INIT.replace("flexitidemo", "shop"), &token)
            .form(&APPLY)
            .send(address)
            .json();
        assert!(order["online_order_id"].is_string(), "{order}");
        assert!(text(&order, "redirection_url").starts_with("https://mock.example/"));
        let journal = Call::get("/__admin/requests");
        assert_eq!(journal.send(address).status, 401);
        let journal = journal
            .header("authorization", "Bearer admin-token")
            .send(address);
        assert_eq!(journal.json()["dropped"], 1);
        token
    });
    assert_eq!(tokens[0], tokens[1], "the seed");
}

#[test]
fn a_flag_outweighs_its_environment_variable() {
    let mut command = program();
    command
        .env("FLEXITI_MOCK_DIALECT", "nonsense")
        .env("FLEXITI_MOCK_LISTEN", "127.0.0.1:1")
        .args(["--dialect", "lenient", "--listen", "127.0.0.1:0"]);
    let running = Running::spawn(command);
    let answer = demo_token_call(&[]).without("x-reference-id");
    assert_eq!(answer.send(running.address()).status, 200);
}

#[test]
fn beyond_loopback_the_admin_api_has_a_token_that_the_banner_shows_once() {
    let mut command = program();
    command.args(["--listen", "0.0.0.0:0"]);
    let running = Running::spawn(command);
    // Clients reach it on loopback, too; the wildcard is no address to call.
    assert!(running.url("base_url").starts_with("http://127.0.0.1:"));
    let banner = running.banner();
    let token = banner
        .lines()
        .find_map(|line| line.trim().strip_prefix("admin token"))
        .expect("an admin token")
        .trim();
    assert!(token.len() >= 32, "{token}");
    let call = Call::get("/__admin/requests");
    assert_eq!(call.send(running.address()).status, 401);
    let call = call.header("authorization", &format!("Bearer {token}"));
    assert_eq!(call.send(running.address()).status, 200);
    assert_eq!(
        Call::get("/__admin/health").send(running.address()).status,
        200
    );
    assert!(!running.stderr().contains(token));
    assert_eq!(Call::post(TOKEN).send(running.address()).status, 400);
}
