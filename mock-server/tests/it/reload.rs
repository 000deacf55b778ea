//! Configuration and dialects read again while the server runs.

use crate::process::{Running, run, stderr, wait_for};
use crate::shop::{GRANT, REFERENCE, text, token_call};
use crate::wire::{Answer, Call};
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(10);

/// A configuration of merchants, given as client id, secret and further lines.
fn config(merchants: &[(&str, &str, &str)]) -> String {
    let merchant = |(id, secret, more): &(&str, &str, &str)| {
        format!("[[merchants]]\nclient_id = \"{id}\"\nclient_secret = \"{secret}\"\n{more}\n")
    };
    merchants.iter().map(merchant).collect()
}

fn dialect(ttl: u64) -> String {
    json!({"name": "ours", "description": "Ours", "extends": "documented", "answers": {"token_ttl": ttl}})
        .to_string()
}

fn tokens(running: &Running, id: &str, secret: &str) -> Answer {
    token_call(id, secret, &[GRANT]).send(running.address())
}

fn admin(running: &Running, method: &str, path: &str, body: &Value) -> Answer {
    let call = Call::new(method, &format!("/__admin{path}"));
    let call = if body.is_null() {
        call
    } else {
        call.json(body)
    };
    call.send(running.address())
}

/// How often the configuration was read again, well and in vain.
fn reloads(running: &Running) -> (u32, u32) {
    let metrics = admin(running, "GET", "/metrics", &Value::Null).text();
    let count = |result: &str| {
        let name =
            format!("flexiti_mock_reloads_total{{result=\"{result}\",what=\"configuration\"}} ");
        let line = metrics.lines().find_map(|line| line.strip_prefix(&*name));
        line.expect("the count").parse().unwrap()
    };
    (count("ok"), count("failed"))
}

fn wait_for_reloads(running: &Running, expected: (u32, u32)) {
    wait_for("the reload", PATIENCE, || {
        (reloads(running) == expected).then_some(())
    });
}

fn write(folder: &Path, name: &str, content: &str) -> String {
    let path = folder.join(name);
    std::fs::write(&path, content).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn sighup_reads_the_files_again_and_tokens_and_orders_live_on() {
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, content: &str| write(folder.path(), name, content);
    let file = put(
        "shops.toml",
        &config(&[
            ("stays", "one", ""),
            ("changes", "two", ""),
            ("goes", "three", ""),
        ]),
    );
    let ours = put("ours.json", &dialect(600));
    let running = Running::start(&["--config", &file, "--dialect", &ours]);
    let address = running.address();
    let made = admin(
        &running,
        "POST",
        "/merchants",
        &json!({"client_id": "made", "client_secret": "four"}),
    );
    assert_eq!(made.status, 201);
    let token = |id: &str, secret: &str| {
        let answer = tokens(&running, id, secret);
        assert_eq!(answer.json()["expires_in"], 600);
        text(&answer.json(), "access_token")
    };
    let old = [("stays", "one"), ("changes", "two"), ("made", "four")]
        .map(|(id, secret)| (id, token(id, secret)));
    let init = |id: &str, token: &str| {
        Call::post(&format!(
            "/flexiti/online-api/online/client-id/{id}/systems/init"
        ))
        .header("x-reference-id", REFERENCE)
        .header("authorization", &format!("Bearer {token}"))
        .form(&crate::shop::APPLY)
        .send(address)
    };
    let order = init("changes", &old[1].1).json()["online_order_id"].to_string();
    // What the admin API has set is not the file's to undo.
    let revoked = admin(
        &running,
        "PATCH",
        "/merchants/stays",
        &json!({"provisioned": false}),
    );
    assert_eq!(revoked.status, 200);
    let strict = admin(
        &running,
        "PUT",
        "/merchants/made/dialect",
        &json!({"name": "strict"}),
    );
    assert_eq!(strict.status, 200);

    put(
        "shops.toml",
        &config(&[
            ("stays", "one", ""),
            ("changes", "new", "dialect = \"lenient\""),
            ("comes", "five", ""),
        ]),
    );
    put("ours.json", &dialect(60));
    running.signal("HUP");
    wait_for_reloads(&running, (1, 0));

    assert_eq!(tokens(&running, "changes", "two").status, 400);
    assert_eq!(tokens(&running, "changes", "new").status, 200);
    assert_eq!(tokens(&running, "comes", "five").json()["expires_in"], 60);
    assert_eq!(tokens(&running, "goes", "three").status, 400);
    let name = |id: &str| {
        let merchant = admin(&running, "GET", &format!("/merchants/{id}"), &Value::Null).json();
        (text(&merchant, "dialect"), merchant["provisioned"].clone())
    };
    assert_eq!(name("changes"), ("lenient".to_owned(), json!(true)));
    assert_eq!(name("made"), ("strict".to_owned(), json!(true)));
    assert_eq!(name("stays"), ("ours".to_owned(), json!(false)));
    // Tokens and orders from before.
    assert_eq!(init("changes", &old[1].1).status, 200);
    let path =
        format!("/flexiti/online-api/online/client-id/changes/notifications/order-id/{order}");
    let told = Call::get(&path)
        .header("x-reference-id", REFERENCE)
        .header("authorization", &format!("Bearer {}", old[1].1))
        .send(address);
    assert_eq!(told.status, 200, "{}", told.text());
    // A reset goes to what the file says now.
    assert_eq!(admin(&running, "POST", "/reset", &Value::Null).status, 204);
    let all = admin(&running, "GET", "/merchants", &Value::Null).json();
    let ids = all["merchants"].as_array().unwrap().iter();
    let ids: Vec<String> = ids.map(|row| text(row, "client_id")).collect();
    assert_eq!(ids, ["changes", "comes", "stays"]);
}

#[test]
fn a_mistake_in_any_of_the_files_leaves_all_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, content: &str| write(folder.path(), name, content);
    let file = put("shops.toml", &config(&[("stays", "one", "")]));
    let ours = put("ours.json", &dialect(60));
    let running = Running::start(&["--config", &file, "--dialect", &ours]);
    for (round, name, content, words) in [
        (
            1,
            "shops.toml",
            "[[merchants]]\nclient_id = \"stays\"\n".to_owned(),
            "client_secret",
        ),
        (
            2,
            "shops.toml",
            config(&[("stays", "other", "dialect = \"nonsense\"")]),
            "nonsense",
        ),
        (3, "ours.json", "{".to_owned(), "ours.json"),
    ] {
        let path = folder.path().join(name);
        let before = std::fs::read_to_string(&path).unwrap();
        put(name, &content);
        running.signal("HUP");
        wait_for_reloads(&running, (0, round));
        assert_eq!(tokens(&running, "stays", "one").json()["expires_in"], 60);
        put(name, &before);
        wait_for(words, PATIENCE, || {
            running.stderr().contains(words).then_some(())
        });
    }
    running.stopped();
}

#[test]
fn with_watch_a_change_needs_no_signal_and_without_files_sighup_ends_the_server() {
    let folder = tempfile::tempdir().unwrap();
    let file = write(folder.path(), "shops.toml", &config(&[("shop", "one", "")]));
    let running = Running::start(&["--config", &file, "--watch"]);
    let next = folder.path().join("next");
    std::fs::write(&next, config(&[("shop", "two", "")])).unwrap();
    // As editors and clusters do it.
    std::fs::rename(&next, &file).unwrap();
    wait_for_reloads(&running, (1, 0));
    assert_eq!(tokens(&running, "shop", "two").status, 200);

    let mut bare = Running::start(&["--dialect", "strict"]);
    bare.signal("HUP");
    assert_eq!(bare.ended().code(), Some(0));
    let exec = run(&["exec", "--watch", "--", "true"]);
    assert_eq!(exec.status.code(), Some(2));
    assert!(stderr(&exec).contains("--watch"), "{}", stderr(&exec));
}
