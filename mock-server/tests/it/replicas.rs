//! Servers that share a store: what one has done, all know.

use crate::data::{
    admin, assert_same, everything, notification, order, see, token, told, without_ports,
};
use crate::process::{Running, wait_for};
use crate::redis::Redis;
use crate::shop::{APPLY, INIT, demo_token_call, init_call, text};
use crate::wire::connect;
use serde_json::{Value, json};
use std::collections::HashSet;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(10);

pub fn replica(redis: &Redis) -> Running {
    Running::start(&["--store", &redis.url(), "--seed", "7", "--threads", "2"])
}

#[test]
fn what_one_has_done_the_other_knows() {
    let redis = Redis::start();
    let (one, other) = (replica(&redis), replica(&redis));
    let (here, there) = (one.address(), other.address());
    // A token, an order, and its outcome.
    let tokens = token(here);
    let bearer = text(&tokens, "access_token");
    let id = order(there, &bearer, "shared-1");
    told(
        here,
        "POST",
        &format!("/orders/{id}/complete"),
        &json!({"outcome": "approved"}),
    );
    let seen = notification(there, &bearer, id);
    assert_eq!(seen.status, 200, "{}", seen.text());
    // A merchant, its dialect, its clock.
    told(
        here,
        "POST",
        "/merchants",
        &json!({"client_id": "second", "client_secret": "second-secret"}),
    );
    told(
        there,
        "PUT",
        "/merchants/second/dialect",
        &json!({"name": "lenient"}),
    );
    told(
        here,
        "PUT",
        "/merchants/second/clock",
        &json!({"frozen": true}),
    );
    told(
        there,
        "PUT",
        "/merchants/flexitidemo/clock",
        &json!({"frozen": true}),
    );
    assert_same(&everything(here), &everything(there), "beside each other");
    assert_eq!(see(there, "/merchants/second/dialect")["name"], "lenient");
    // Time that passes at one passes at both.
    told(
        there,
        "PUT",
        "/merchants/flexitidemo/clock",
        &json!({"advance_ms": 1_300_000}),
    );
    assert_eq!(notification(here, &bearer, id).status, 401);
    told(here, "DELETE", "/merchants/second", &Value::Null);
    assert_eq!(
        admin(there, "GET", "/merchants/second", &Value::Null).status,
        404
    );
    // A name that could be one of the store's own.
    told(here, "POST", "/merchants", &json!({"client_id": "of"}));
    // Whoever comes later knows it, too.
    let late = replica(&redis);
    assert_eq!(everything_of_demo(late.address()), everything_of_demo(here));
    told(late.address(), "POST", "/reset", &Value::Null);
    for address in [here, there] {
        assert_eq!(see(address, "/orders")["orders"], json!([]));
        assert_eq!(see(address, "/requests")["requests"], json!([]));
    }
}

fn everything_of_demo(address: SocketAddr) -> Vec<Value> {
    let paths = [
        "/orders",
        "/requests",
        "/merchants/flexitidemo/faults",
        "/merchants",
    ];
    paths
        .map(|path| without_ports(&see(address, path)))
        .to_vec()
}

#[test]
fn a_race_has_one_winner_a_fault_strikes_once_and_ids_never_collide() {
    let redis = Redis::start();
    let (one, other) = (replica(&redis), replica(&redis));
    let both = [one.address(), other.address()];
    let refresh = |address: SocketAddr, token: &str| {
        let grant = [("grant_type", "refresh_token"), ("refresh_token", token)];
        demo_token_call(&grant).send(address).status
    };
    for _ in 0..10 {
        let refreshed = text(&token(both[0]), "refresh_token");
        let came: Vec<u16> = std::thread::scope(|scope| {
            let asks = [both[0], both[1], both[0], both[1]];
            let refreshed = &refreshed;
            let asks = asks.map(|address| scope.spawn(move || refresh(address, refreshed)));
            asks.into_iter().map(|ask| ask.join().unwrap()).collect()
        });
        assert_eq!(
            came.iter().filter(|status| **status == 200).count(),
            1,
            "{came:?}"
        );
    }
    let plan = json!({"faults": [
        {"match": {"endpoint": "init"}, "times": 1, "action": {"type": "status", "status": 503}},
    ]});
    told(both[1], "PUT", "/merchants/flexitidemo/faults", &plan);
    let bearer = text(&token(both[0]), "access_token");
    let struck = AtomicUsize::new(0);
    let ids = Mutex::new(Vec::new());
    let issued = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for at in 0..6 {
            let (struck, ids, issued, bearer) = (&struck, &ids, &issued, &bearer);
            scope.spawn(move || {
                for _ in 0..15 {
                    let answer = init_call(INIT, bearer).form(&APPLY).send(both[at % 2]);
                    match answer.status {
                        200 => ids
                            .lock()
                            .unwrap()
                            .push(answer.json()["online_order_id"].clone()),
                        503 => drop(struck.fetch_add(1, Ordering::Relaxed)),
                        other => panic!("{other}: {}", answer.text()),
                    }
                    let token = text(&token(both[(at + 1) % 2]), "access_token");
                    issued.lock().unwrap().push(token);
                }
            });
        }
    });
    assert_eq!(struck.into_inner(), 1);
    let ids = ids.into_inner().unwrap();
    let distinct: HashSet<u64> = ids.iter().filter_map(Value::as_u64).collect();
    assert_eq!((ids.len(), distinct.len()), (89, 89));
    let issued = issued.into_inner().unwrap();
    assert_eq!(
        issued.iter().collect::<HashSet<_>>().len(),
        90,
        "a token was issued twice"
    );
    assert_eq!(everything_of_demo(both[0]), everything_of_demo(both[1]));
}

#[test]
fn a_configuration_that_one_reads_again_holds_at_the_other() {
    let redis = Redis::start();
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("shops.toml");
    let entry =
        |id: &str| format!("[[merchants]]\nclient_id = \"{id}\"\nclient_secret = \"one\"\n");
    std::fs::write(&config, entry("first")).unwrap();
    let start = || {
        let config = config.to_str().unwrap();
        Running::start(&["--store", &redis.url(), "--config", config])
    };
    let (one, other) = (start(), start());
    std::fs::write(&config, entry("first") + &entry("added")).unwrap();
    one.signal("HUP");
    wait_for("the merchant", PATIENCE, || {
        let seen = admin(other.address(), "GET", "/merchants/added", &Value::Null);
        (seen.status == 200).then_some(())
    });
    std::fs::write(&config, entry("added")).unwrap();
    other.signal("HUP");
    wait_for("its end", PATIENCE, || {
        let seen = admin(one.address(), "GET", "/merchants/first", &Value::Null);
        (seen.status == 404).then_some(())
    });
}

#[test]
fn events_reach_the_watchers_of_every_server() {
    let redis = Redis::start();
    let (one, other) = (replica(&redis), replica(&redis));
    let mut stream = connect(other.address());
    let head = "GET /__admin/events HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    let mut lines = BufReader::new(stream).lines();
    let mut until = |what: &str| {
        let found = lines.find(|line| line.as_ref().is_ok_and(|line| line.contains(what)));
        assert!(found.is_some(), "{what}");
    };
    until("200");
    until("text/event-stream");
    token(one.address());
    until("/oauth/token");
    told(
        one.address(),
        "PUT",
        "/merchants/flexitidemo/clock",
        &json!({"frozen": true}),
    );
    until("\"clock\"");
}

/// Opens orders at those servers that answer, until it is told to stop; those that were answered,
/// and answers that were no success.
fn shop(
    servers: &Mutex<Vec<SocketAddr>>,
    bearer: &str,
    stop: &AtomicBool,
) -> (Vec<u64>, Vec<String>) {
    let (mut opened, mut failed) = (Vec::new(), Vec::new());
    for turn in 0_usize.. {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let address = {
            let servers = servers.lock().unwrap();
            servers[turn % servers.len()]
        };
        let call = init_call(INIT, bearer).form(&APPLY);
        let mut raw = Vec::new();
        let came = TcpStream::connect(address).and_then(|mut stream| {
            stream.write_all(&call.bytes(address))?;
            stream.read_to_end(&mut raw)
        });
        if came.is_err() || raw.is_empty() {
            // Its connection is dead; the shop asks the next one.
            continue;
        }
        let text = String::from_utf8_lossy(&raw).into_owned();
        let body = text.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        let body: Value = serde_json::from_str(body).unwrap_or_default();
        match body["online_order_id"].as_u64() {
            Some(id) => opened.push(id),
            None => failed.push(text),
        }
    }
    (opened, failed)
}

#[test]
fn a_server_that_is_killed_and_one_that_is_replaced_lose_nothing() {
    let redis = Redis::start();
    let (mut one, mut two) = (replica(&redis), replica(&redis));
    let bearer = text(&token(one.address()), "access_token");
    let servers = Mutex::new(vec![one.address(), two.address()]);
    let stop = AtomicBool::new(false);
    let (opened, last) = std::thread::scope(|scope| {
        let shops: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| shop(&servers, &bearer, &stop)))
            .collect();
        std::thread::sleep(Duration::from_millis(300));
        one.signal("KILL");
        one.ended();
        // What balances the load notices it.
        *servers.lock().unwrap() = vec![two.address()];
        std::thread::sleep(Duration::from_millis(300));
        // A rolling update: the new one first, then the old one is drained.
        let three = Running::start(&["--store", &redis.url(), "--drain", "1"]);
        *servers.lock().unwrap() = vec![two.address(), three.address()];
        std::thread::sleep(Duration::from_millis(200));
        *servers.lock().unwrap() = vec![three.address()];
        std::thread::sleep(Duration::from_millis(100));
        two.signal("TERM");
        assert!(two.ended().success());
        std::thread::sleep(Duration::from_millis(200));
        stop.store(true, Ordering::Relaxed);
        let mut opened = Vec::new();
        for shop in shops {
            let (ids, failed) = shop.join().unwrap();
            assert_eq!(failed, Vec::<String>::new());
            opened.extend(ids);
        }
        (opened, three)
    });
    assert!(opened.len() > 50, "{} orders", opened.len());
    assert_eq!(opened.iter().collect::<HashSet<_>>().len(), opened.len());
    let address = last.address();
    std::thread::scope(|scope| {
        for some in opened.chunks(opened.len() / 4 + 1) {
            scope.spawn(move || {
                for id in some {
                    see(address, &format!("/orders/{id}"));
                }
            });
        }
    });
}
