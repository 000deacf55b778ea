//! What `--data` keeps: over a restart, over `kill -9`, and when the disk is full.

use crate::process::{Running, run, stderr, stdout};
use crate::shop::{APPLY, GRANT, INIT, REFERENCE, demo_token_call, init_call, text, token_call};
use crate::wire::{Answer, Call};
use serde_json::{Value, json};
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

pub fn file(folder: &Path) -> String {
    folder.join("flexiti.db").to_str().unwrap().to_owned()
}

pub fn admin(address: SocketAddr, method: &str, path: &str, body: &Value) -> Answer {
    let call = Call::new(method, &format!("/__admin{path}"));
    let call = if body.is_null() {
        call
    } else {
        call.json(body)
    };
    call.send(address)
}

pub fn see(address: SocketAddr, path: &str) -> Value {
    let answer = admin(address, "GET", path, &Value::Null);
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    answer.json()
}

pub fn told(address: SocketAddr, method: &str, path: &str, body: &Value) {
    let answer = admin(address, method, path, body);
    assert!(answer.status < 300, "{path}: {}", answer.text());
}

pub fn token(address: SocketAddr) -> Value {
    let answer = demo_token_call(&[GRANT]).send(address);
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

pub fn order(address: SocketAddr, token: &str, own_id: &str) -> u64 {
    let pairs = [&APPLY[..], &[("merchant_orderid", own_id)]].concat();
    let answer = init_call(INIT, token).form(&pairs).send(address);
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()["online_order_id"].as_u64().expect("an id")
}

pub fn notification(address: SocketAddr, token: &str, order: u64) -> Answer {
    let path =
        format!("/flexiti/online-api/online/client-id/flexitidemo/notifications/order-id/{order}");
    Call::get(&path)
        .header("x-reference-id", REFERENCE)
        .header("authorization", &format!("Bearer {token}"))
        .send(address)
}

/// All that the admin API shows of a server and its merchants.
pub fn everything(address: SocketAddr) -> Vec<(String, Value)> {
    let mut paths = vec![
        "/merchants".to_owned(),
        "/orders".to_owned(),
        "/requests".to_owned(),
    ];
    for id in ["flexitidemo", "second"] {
        for what in ["", "/clock", "/faults", "/dialect"] {
            paths.push(format!("/merchants/{id}{what}"));
        }
    }
    let orders = see(address, "/orders");
    for order in orders["orders"].as_array().unwrap() {
        paths.push(format!("/orders/{}", order["id"]));
    }
    let requests = see(address, "/requests");
    for request in requests["requests"].as_array().unwrap() {
        paths.push(format!("/requests/{}", request["id"]));
    }
    let seen = |path: String| {
        let mut value = see(address, &path);
        if let Some(curl) = value.get_mut("curl") {
            // It names a secret by its mark.
            *curl = Value::Null;
        }
        (path, without_ports(&value))
    };
    paths.into_iter().map(seen).collect()
}

/// A server has another port each time, which its URLs and the requests to it name; and what stands
/// for a secret is another mark.
pub fn without_ports(value: &Value) -> Value {
    let mut text = value.to_string();
    for before in ["127.0.0.1:", "***"] {
        let mut parts = text.split(before);
        let mut out = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            out.push_str("HERE");
            out.push_str(part.trim_start_matches(|c: char| c.is_ascii_hexdigit()));
        }
        text = out;
    }
    serde_json::from_str(&text).unwrap()
}

/// The same as before, with the place where it is not.
pub fn assert_same(now: &[(String, Value)], before: &[(String, Value)], when: &str) {
    for (now, before) in now.iter().zip(before) {
        assert_eq!(now, before, "{when}");
    }
    assert_eq!(now.len(), before.len(), "{when}");
}

/// A server with something of everything that can be kept.
pub fn fill(address: SocketAddr) -> (String, u64) {
    let tokens = token(address);
    let bearer = text(&tokens, "access_token");
    let first = order(address, &bearer, "café-1");
    told(
        address,
        "POST",
        &format!("/orders/{first}/complete"),
        &json!({"outcome": "approved"}),
    );
    let second = order(address, &bearer, "n-2");
    // A page that was opened, and an application that was begun.
    let page = text(
        &see(address, &format!("/orders/{second}")),
        "redirection_url",
    );
    let path = page
        .split_once("/checkout")
        .map(|(_, rest)| format!("/checkout{rest}"));
    assert_eq!(Call::get(&path.expect("a page")).send(address).status, 200);
    let plan = json!({"faults": [
        {"match": {"endpoint": "token", "nth": 2}, "action": {"type": "status", "status": 503}},
        {"match": {"endpoint": "init"}, "times": 0, "action": {"type": "delay", "ms": 1}},
        {"action": {"type": "expire_token"}, "match": {"endpoint": "calculator"}},
    ]});
    told(address, "PUT", "/merchants/flexitidemo/faults", &plan);
    told(
        address,
        "PATCH",
        "/merchants/flexitidemo/faults",
        &json!({"remove": 2}),
    );
    assert_eq!(demo_token_call(&[GRANT]).send(address).status, 200);
    assert_eq!(demo_token_call(&[GRANT]).send(address).status, 503);
    order(address, &bearer, "n-3");
    // A refusal, with bytes that are no UTF-8.
    let odd = init_call(INIT, &bearer).body(b"lang=\xff&flow=apply".to_vec());
    assert!(
        odd.header("content-type", "application/x-www-form-urlencoded")
            .send(address)
            .status
            >= 400
    );
    let new =
        json!({"client_id": "second", "client_secret": "second-secret", "dialect": "lenient"});
    told(address, "POST", "/merchants", &new);
    told(
        address,
        "PATCH",
        "/merchants/second",
        &json!({"provisioned": false}),
    );
    let dialect = json!({"name": "ours", "extends": "documented", "answers": {"token_ttl": 77}});
    told(address, "PUT", "/merchants/second/dialect", &dialect);
    for id in ["flexitidemo", "second"] {
        let clock = json!({"frozen": true});
        told(address, "PUT", &format!("/merchants/{id}/clock"), &clock);
    }
    (bearer, first)
}

#[test]
fn everything_lives_on_over_a_restart_and_over_kill_nine() {
    let folder = tempfile::tempdir().unwrap();
    let file = file(folder.path());
    let start = || Running::start(&["--data", &file, "--seed", "7"]);
    let mut running = start();
    let (bearer, first) = fill(running.address());
    let mut before = everything(running.address());
    let mut issued = vec![text(&token(running.address()), "access_token")];
    for end in ["TERM", "KILL", "KILL"] {
        // The token that was just asked for is an exchange, too.
        before = everything(running.address());
        running.signal(end);
        running.ended();
        running = start();
        assert_same(&everything(running.address()), &before, end);
        let answer = notification(running.address(), &bearer, first);
        assert_eq!(answer.status, 200, "{}", answer.text());
        // With the same seed, tokens are never issued twice.
        let again = text(&token(running.address()), "access_token");
        assert!(!issued.contains(&again));
        issued.push(again);
    }
    let orders = before.iter().find(|(path, _)| path == "/orders").unwrap();
    let ids = orders.1["orders"].as_array().unwrap().len();
    assert_eq!(ids, 3);
    let newest = order(running.address(), &bearer, "n-4");
    assert!(newest > first + 2, "{newest} after {first}");
    // What a fault has seen goes on to count: the second token request was struck already.
    let faults = see(running.address(), "/merchants/flexitidemo/faults");
    assert_eq!(faults["faults"][0]["struck"], 1, "{faults}");
    assert_eq!(faults["faults"].as_array().unwrap().len(), 2);
    let page = std::fs::metadata(&file).unwrap();
    assert_eq!(std::os::unix::fs::MetadataExt::mode(&page) & 0o777, 0o600);
}

#[test]
fn a_server_that_is_killed_before_its_first_request_has_begun() {
    let folder = tempfile::tempdir().unwrap();
    let file = file(folder.path());
    let config = folder.path().join("shops.toml");
    for shops in [["one", "two"], ["two", "three"]] {
        let text = shops.map(|id| {
            format!("[[merchants]]\nclient_id = \"{id}\"\nclient_secret = \"secret-of-{id}\"\n")
        });
        std::fs::write(&config, text.concat()).unwrap();
        let start = || Running::start(&["--data", &file, "--config", config.to_str().unwrap()]);
        let mut running = start();
        // What a container is asked before anybody uses it.
        see(running.address(), "/health");
        see(running.address(), "/ready");
        running.signal("KILL");
        running.ended();
        let running = start();
        for id in ["one", "two", "three"] {
            let secret = format!("secret-of-{id}");
            let status = token_call(id, &secret, &[GRANT])
                .send(running.address())
                .status;
            assert_eq!(
                status == 200,
                shops.contains(&id),
                "{id} of {shops:?}: {status}"
            );
        }
    }
}

#[test]
fn a_lower_limit_of_the_journal_counts_what_goes_once_and_takes_it_out_of_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = file(folder.path());
    let running = Running::start(&["--data", &file]);
    for _ in 0..30 {
        token(running.address());
    }
    drop(running);
    for round in 1..=3 {
        let running = Running::start(&["--data", &file, "--journal-limit", "10"]);
        token(running.address());
        let requests = see(running.address(), "/requests");
        assert_eq!(requests["dropped"], 20 + round, "{round}");
        drop(running);
        let checked = stdout(&run(&["data", "check", &file]));
        assert!(checked.contains("exchanges 10\n"), "{checked}");
    }
}

#[test]
fn a_reset_and_a_merchant_that_goes_leave_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let file = file(folder.path());
    let start = || Running::start(&["--data", &file]);
    let running = start();
    fill(running.address());
    told(
        running.address(),
        "DELETE",
        "/merchants/second",
        &Value::Null,
    );
    drop(running);
    let running = start();
    assert_eq!(
        see(running.address(), "/merchants")["merchants"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    told(running.address(), "POST", "/reset", &Value::Null);
    let fresh = Running::start(&[]);
    let shows = |address| {
        [
            "/merchants",
            "/orders",
            "/requests",
            "/merchants/flexitidemo/faults",
        ]
        .map(|path| see(address, path))
    };
    drop(running);
    let running = start();
    assert_eq!(shows(running.address()), shows(fresh.address()));
    drop(running);
    let exported = run(&["data", "export", &file]);
    let exported: Value = serde_json::from_slice(&exported.stdout).unwrap();
    for table in [
        "orders",
        "access_tokens",
        "refresh_tokens",
        "faults",
        "exchanges",
    ] {
        assert_eq!(exported[table], json!([]), "{table}");
    }
}

#[test]
fn a_configuration_that_has_changed_meanwhile_is_followed() {
    let folder = tempfile::tempdir().unwrap();
    let file = file(folder.path());
    let config = folder.path().join("shops.toml");
    let write = |shops: &[(&str, &str)]| {
        let shop = |(id, secret): &(&str, &str)| {
            format!("[[merchants]]\nclient_id = \"{id}\"\nclient_secret = \"{secret}\"\n")
        };
        std::fs::write(&config, shops.iter().map(shop).collect::<String>()).unwrap();
    };
    write(&[("stays", "one"), ("changes", "two"), ("goes", "three")]);
    let config = config.to_str().unwrap();
    let start = || Running::start(&["--data", &file, "--config", config]);
    let running = start();
    told(
        running.address(),
        "POST",
        "/merchants",
        &json!({"client_id": "made"}),
    );
    drop(running);
    write(&[("stays", "one"), ("changes", "new"), ("comes", "four")]);
    let running = start();
    let status = |id: &str, secret: &str| {
        token_call(id, secret, &[GRANT])
            .send(running.address())
            .status
    };
    assert_eq!(status("stays", "one"), 200);
    assert_eq!(status("changes", "new"), 200);
    assert_eq!(status("comes", "four"), 200);
    assert_ne!(status("changes", "two"), 200);
    assert_ne!(status("goes", "three"), 200);
    assert_eq!(
        see(running.address(), "/merchants")["merchants"]
            .as_array()
            .unwrap()
            .len(),
        4
    );
}

/// Opens orders until the server is gone; those that were answered.
fn busy(address: SocketAddr, bearer: &str, answered: &Mutex<Vec<u64>>) {
    for at in 0_u32.. {
        let own_id = format!("b-{at}");
        let pairs = [&APPLY[..], &[("merchant_orderid", &*own_id)]].concat();
        let call = init_call(INIT, bearer).form(&pairs);
        let Ok(mut stream) = TcpStream::connect(address) else {
            return;
        };
        let mut raw = Vec::new();
        // It may be killed at any moment.
        let came = stream.write_all(&call.bytes(address));
        let _ = came.and_then(|()| stream.read_to_end(&mut raw));
        let text = String::from_utf8_lossy(&raw).into_owned();
        let body = text.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        let Ok(body) = serde_json::from_str::<Value>(body) else {
            return;
        };
        answered
            .lock()
            .unwrap()
            .push(body["online_order_id"].as_u64().expect("an id"));
    }
}

#[test]
fn kill_nine_at_twenty_moments_loses_nothing_that_was_answered() {
    let folder = tempfile::tempdir().unwrap();
    let file = file(folder.path());
    let answered = Mutex::new(Vec::new());
    let mut tokens = Vec::new();
    for round in 0..20_u64 {
        let mut running = Running::start(&["--data", &file, "--threads", "2"]);
        let address = running.address();
        let bearer = text(&token(address), "access_token");
        tokens.push(bearer.clone());
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| busy(address, &bearer, &answered));
            }
            std::thread::sleep(Duration::from_millis(10 + round * 37 % 90));
            running.signal("KILL");
        });
        running.ended();
    }
    let running = Running::start(&["--data", &file]);
    let answered = answered.into_inner().unwrap();
    assert!(answered.len() > 20, "{} orders", answered.len());
    let mut distinct = answered.clone();
    distinct.sort_unstable();
    distinct.dedup();
    assert_eq!(distinct.len(), answered.len(), "an id was given twice");
    for (at, order) in answered.iter().enumerate() {
        let bearer = &tokens[at % tokens.len()];
        let answer = notification(running.address(), bearer, *order);
        // No outcome yet, but the order and the token are known.
        assert!(
            answer.status == 200 || answer.status == 404,
            "{}",
            answer.text()
        );
        let seen = admin(
            running.address(),
            "GET",
            &format!("/orders/{order}"),
            &Value::Null,
        );
        assert_eq!(seen.status, 200, "order {order}: {}", seen.text());
    }
    assert!(
        stdout(&run(&["data", "check", &file])).is_empty(),
        "it is in use"
    );
    drop(running);
    let checked = run(&["data", "check", &file]);
    assert!(stdout(&checked).contains("whole"), "{}", stderr(&checked));
}
