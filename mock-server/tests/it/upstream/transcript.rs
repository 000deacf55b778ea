//! The transcript: in the file before the answer is given, without secrets, and readable again.

use super::{in_front_of, init, token};
use crate::process::Running;
use crate::shop::{self, CLIENT, REFERENCE, SECRET};
use crate::wire::Call;
use flexiti_contract::transcript::{Recorded, read};
use flexiti_mock::{Settings, UpstreamMode};
use serde_json::Value;
use std::path::Path;

/// The lines of a transcript, each held to the shipped schema.
fn lines(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap();
    let schema = include_str!("../../../../schemas/meta/transcript.schema.json");
    let schema = serde_json::from_str(schema).unwrap();
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    let lines = text.lines().map(|line| {
        let line: Value = serde_json::from_str(line).unwrap();
        let wrong: Vec<String> = validator
            .iter_errors(&line)
            .map(|it| it.to_string())
            .collect();
        assert!(wrong.is_empty(), "{wrong:?}: {line}");
        line
    });
    lines.collect()
}

#[test]
fn each_exchange_is_a_line_without_secrets_and_a_restart_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.ndjson");
    let real = shop::start(&Settings::default());
    let settings = in_front_of(&real.base_url(), UpstreamMode::Proxy, Some(&path));
    let front = shop::start(&settings);
    let token = token(&front);
    let order = init(&front, &token);
    let basic = Call::post(shop::TOKEN)
        .header("x-reference-id", REFERENCE)
        .header("authorization", shop::BASIC)
        .form(&[shop::GRANT])
        .send(front.address());
    assert_eq!(basic.status, 200, "{}", basic.text());
    let rows = lines(&path);
    assert_eq!(rows[0]["format"], "flexiti-mock transcript");
    assert_eq!(rows.len(), 4);
    assert_eq!(rows[1]["endpoint"], "token");
    assert_eq!(rows[1]["client_id"], CLIENT);
    assert_eq!(rows[2]["answer"]["status"], 200);
    let text = std::fs::read_to_string(&path).unwrap();
    let session = order["redirection_url"].as_str().unwrap();
    let session = session
        .rsplit('/')
        .next()
        .unwrap()
        .split('?')
        .next()
        .unwrap();
    for secret in [SECRET, &token, session, &shop::BASIC["Basic ".len()..]] {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
    // The answer that was kept is the upstream's, whose URL is not rewritten.
    let kept = rows[2]["answer"]["body"].as_str().unwrap();
    let there = real.base_url();
    let there = there.split("/flexiti").next().unwrap();
    assert!(kept.contains(&format!("{there}/checkout/***")), "{kept}");
    // The same token has the same hash, so that a later call can be told to use it.
    let issued: Value = serde_json::from_str(rows[1]["answer"]["body"].as_str().unwrap()).unwrap();
    let issued = issued["access_token"].as_str().unwrap();
    let used = rows[2]["request"]["headers"].to_string();
    assert!(
        issued.starts_with("***") && used.contains(&format!("Bearer {issued}")),
        "{used}"
    );

    // A second server may not write it; one that comes after goes on.
    let second = flexiti_mock::Mock::start(&settings).map(drop).unwrap_err();
    let second = format!("{second:#}");
    assert!(
        second.contains("another server writes this file"),
        "{second}"
    );
    drop(front);
    // What a server was writing when it was killed.
    let torn = format!("{text}{{\"at\":\"2026-01-0");
    std::fs::write(&path, &torn).unwrap();
    assert_eq!(read(&torn).unwrap().len(), 3);
    let front = shop::start(&settings);
    super::token(&front);
    drop(front);
    let after = lines(&path);
    assert_eq!(after.len(), 5);
    assert_eq!(after[..4], rows[..]);
}

#[test]
fn an_archive_is_whole_after_each_exchange() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.HAR");
    let real = shop::start(&Settings::default());
    let settings = in_front_of(&real.base_url(), UpstreamMode::Proxy, Some(&path));
    let exchanges = || {
        let text = std::fs::read_to_string(&path).unwrap();
        let har: Value = serde_json::from_str(&text).unwrap();
        let schema = serde_json::from_str(include_str!("../har.schema.json")).unwrap();
        let validator = jsonschema::validator_for(&schema).unwrap();
        let wrong: Vec<String> = validator
            .iter_errors(&har)
            .map(|it| it.to_string())
            .collect();
        assert!(wrong.is_empty(), "{wrong:?}");
        read(&text).unwrap()
    };
    let front = shop::start(&settings);
    assert!(exchanges().is_empty());
    let token = token(&front);
    let one = exchanges();
    assert_eq!(one.len(), 1);
    init(&front, &token);
    let two = exchanges();
    assert_eq!(two.len(), 2);
    drop(front);
    // A write that did not come to its end.
    let text = std::fs::read_to_string(&path).unwrap();
    let torn = text.replace("\n]}}\n", ",\n{\"pageref\":\"tr");
    std::fs::write(&path, torn).unwrap();
    let front = shop::start(&settings);
    super::token(&front);
    let three = exchanges();
    assert_eq!(three.len(), 3);
    assert_eq!(three[..2], two);
    let Recorded {
        request,
        client_id,
        endpoint,
        ..
    } = &three[1];
    assert_eq!(
        (client_id.as_deref(), endpoint.as_deref()),
        (Some(CLIENT), Some("init_plain"))
    );
    assert_eq!(
        request.body.as_deref(),
        Some("lang=en&flow=apply&amount%5Frequested=499%2E99")
    );
}

#[test]
fn what_was_answered_is_in_the_file_of_a_server_that_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.ndjson");
    let config = folder.path().join("shop.toml");
    let text = format!(
        "[[merchants]]\nclient_id = \"{CLIENT}\"\nclient_secret = \"{SECRET}\"\nupstream = true\n"
    );
    std::fs::write(&config, text).unwrap();
    let real = shop::start(&Settings::default());
    let arguments = [
        "--config",
        config.to_str().unwrap(),
        "--upstream",
        &real.base_url(),
        "--transcript",
        path.to_str().unwrap(),
    ];
    let front = Running::start(&arguments);
    let banner = front.banner();
    let line = format!("  upstream       {} answers {CLIENT}\n", real.base_url());
    assert!(
        banner.contains(&line) && !banner.contains("WARNING"),
        "{banner}"
    );
    let address = front.address();
    let clients = std::thread::spawn(move || {
        let mut answered = 0;
        loop {
            let call = shop::demo_token_call(&[shop::GRANT]).bytes(address);
            let Ok(mut stream) = std::net::TcpStream::connect(address) else {
                return answered;
            };
            let mut answer = Vec::new();
            let sent = std::io::Write::write_all(&mut stream, &call);
            let got = sent.and_then(|()| std::io::Read::read_to_end(&mut stream, &mut answer));
            if got.is_err() || !answer.starts_with(b"HTTP/1.1 200") {
                return answered;
            }
            answered += 1;
        }
    });
    crate::process::wait_for("exchanges", std::time::Duration::from_secs(20), || {
        (lines_of(&path) > 20).then_some(())
    });
    front.signal("KILL");
    let answered = clients.join().unwrap();
    let kept = read(&std::fs::read_to_string(&path).unwrap())
        .unwrap()
        .len();
    assert!(
        kept >= answered && answered >= 18,
        "{answered} answered, {kept} kept"
    );
}

fn lines_of(path: &Path) -> usize {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.lines().count()
}
