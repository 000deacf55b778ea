//! The store that servers share: gone, unusable, over TLS, with less in it than there was, and answering
//! as the other stores do.

use crate::data::{admin, everything, fill, notification, order, see, token, without_ports};
use crate::process::{Running, run, stderr, wait_for};
use crate::redis::Redis;
use crate::replicas::replica;
use crate::shop::{GRANT, demo_token_call, text};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use serde_json::Value;
use std::io::Write as _;
use std::net::TcpStream;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(10);

#[test]
fn a_store_that_goes_away_stops_answers_until_it_returns() {
    let mut redis = Redis::start();
    let (one, other) = (replica(&redis), replica(&redis));
    let (bearer, first) = fill(one.address());
    let before = everything(one.address());
    redis.kill();
    let refused = demo_token_call(&[GRANT]).send(one.address());
    assert_eq!(refused.status, 503, "{}", refused.text());
    assert_eq!(refused.header("retry-after"), Some("1"));
    for server in [&one, &other] {
        let ready = wait_for("the loss", PATIENCE, || {
            let ready = admin(server.address(), "GET", "/ready", &Value::Null);
            (ready.status == 503).then_some(ready)
        });
        assert_eq!(ready.json()["status"], "store_lost");
        assert_eq!(
            see(server.address(), "/health")["store"]["status"],
            "store_lost"
        );
    }
    // It comes back without anything: the servers have it all.
    redis.start_again();
    for server in [&one, &other] {
        wait_for("the store", PATIENCE, || {
            let ready = admin(server.address(), "GET", "/ready", &Value::Null);
            (ready.status == 200).then_some(())
        });
        let seen = notification(server.address(), &bearer, first);
        assert_eq!(seen.status, 200, "{}", seen.text());
    }
    assert_eq!(
        everything(other.address())[..2],
        everything(one.address())[..2]
    );
    let paths =
        |all: &[(String, Value)]| all.iter().map(|(path, _)| path.clone()).collect::<Vec<_>>();
    let after = everything(one.address());
    for path in paths(&before) {
        assert!(
            after.iter().any(|(other, _)| *other == path),
            "{path} is gone"
        );
    }
    // One that does not answer is noticed, too.
    redis.signal("STOP");
    let refused = demo_token_call(&[GRANT]).send(one.address());
    redis.signal("CONT");
    assert_eq!(refused.status, 503, "{}", refused.text());
    wait_for("the store", PATIENCE, || {
        let answer = demo_token_call(&[GRANT]).send(one.address());
        (answer.status == 200).then_some(())
    });
}

#[test]
fn a_store_that_does_not_answer_holds_up_no_end() {
    let redis = Redis::start();
    let mut running = Running::start(&["--store", &redis.url()]);
    redis.signal("STOP");
    // It waits for its turn, and the server for the store.
    let mut waits = TcpStream::connect(running.address()).unwrap();
    let head =
        "POST /flexiti/online-api/oauth/token HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n";
    waits.write_all(head.as_bytes()).unwrap();
    std::thread::sleep(Duration::from_millis(200));
    running.signal("TERM");
    // In less time than Redis has for an answer.
    assert!(running.ended().success());
    redis.signal("CONT");
}

#[test]
fn a_store_that_cannot_be_used_is_named_without_its_password() {
    let redis = Redis::with_password(Some("s3cret-word"));
    let refused = |arguments: &[&str]| {
        let output = run(&[&["--listen", "127.0.0.1:0"], arguments].concat());
        let line = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{line}");
        assert!(
            !line.contains("s3cret") && !line.contains("wr0ng"),
            "{line}"
        );
        line
    };
    let wrong = redis.url().replace("s3cret-word", "wr0ng");
    assert!(refused(&["--store", &wrong]).contains("--store"));
    assert!(refused(&["--store", "redis://127.0.0.1:1/0"]).contains("127.0.0.1:1"));
    assert!(refused(&["--store", "http://127.0.0.1:1/"]).contains("redis://"));
    assert!(refused(&["--store", "what"]).contains("redis://"));
    assert!(refused(&["--store", &redis.url(), "--data", "file"]).contains("--data"));
    // The banner, the log and the admin API do not show it either.
    let running = Running::start(&["--store", &redis.url()]);
    assert_eq!(
        demo_token_call(&[GRANT]).send(running.address()).status,
        200
    );
    let health = see(running.address(), "/health").to_string();
    assert!(
        health.contains("store") && !health.contains("s3cret"),
        "{health}"
    );
    let shown = running.banner() + &running.stderr();
    assert!(!shown.contains("s3cret"), "{shown}");
}

#[test]
fn a_store_is_reached_over_tls_and_only_if_its_authority_is_trusted() {
    let folder = tempfile::tempdir().unwrap();
    let ca_key = KeyPair::generate().unwrap();
    let mut ca = CertificateParams::new(Vec::new()).unwrap();
    ca.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    let ca_certificate = ca.self_signed(&ca_key).unwrap();
    let key = KeyPair::generate().unwrap();
    let own = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    let certificate = own.signed_by(&key, &Issuer::new(ca, ca_key)).unwrap();
    let put = |name: &str, content: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let authority = put("ca.pem", &ca_certificate.pem());
    put("cert.pem", &certificate.pem());
    let key = put("key.pem", &key.serialize_pem());
    let redis = Redis::secured(folder);
    let url = redis.url();
    let trusting = ["--store", &url, "--store-ca", &authority];
    let running = Running::start(&trusting);
    let issued = text(&token(running.address()), "access_token");
    drop(running);
    let running = Running::start(&trusting);
    order(running.address(), &issued, "over-tls");
    let refused = |arguments: &[&str]| {
        let output = run(&[&["--listen", "127.0.0.1:0"], arguments].concat());
        assert_eq!(output.status.code(), Some(2));
        stderr(&output)
    };
    assert!(refused(&["--store", &url]).contains("UnknownIssuer"));
    let no_certificate = refused(&["--store", &url, "--store-ca", &key]);
    assert!(no_certificate.contains("--store-ca") && no_certificate.contains(&key));
    assert!(refused(&["--store", &url, "--store-ca", "/no/file"]).contains("--store-ca: /no/file"));
}

#[test]
fn every_store_answers_alike() {
    let redis = Redis::start();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("flexiti.db");
    let stores: [&[&str]; 3] = [
        &[],
        &["--data", file.to_str().unwrap()],
        &["--store", &redis.url()],
    ];
    let told_by = stores.map(|store| {
        let running = Running::start(&[&["--seed", "11"], store].concat());
        let address = running.address();
        let (bearer, first) = fill(address);
        let seen = notification(address, &bearer, first);
        let mut all = everything(address);
        for (_, value) in &mut all {
            without_times(value);
        }
        (bearer, seen.status, without_dates(&seen.text()), all)
    });
    for (at, one) in told_by[0].3.iter().enumerate() {
        assert_eq!(*one, told_by[1].3[at], "memory and file");
        assert_eq!(*one, told_by[2].3[at], "memory and Redis");
    }
    assert_eq!(told_by[0], told_by[1]);
    assert_eq!(told_by[0], told_by[2]);
}

/// A clock that was stopped shows when that was.
fn without_times(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, value) in members.iter_mut() {
                let is_time = [
                    "at",
                    "now",
                    "clock",
                    "opened",
                    "duration_us",
                    "ended",
                    "curl",
                    "headers",
                ];
                if is_time.contains(&name.as_str()) || name.ends_with("_at") {
                    *value = Value::Null;
                } else {
                    without_times(value);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(without_times),
        Value::String(text) => *text = without_dates(text),
        _ => {}
    }
}

fn without_dates(text: &str) -> String {
    let digits = |c: char| if c.is_ascii_digit() { '0' } else { c };
    if text.contains("20") && text.contains(':') {
        text.chars().map(digits).collect()
    } else {
        text.to_owned()
    }
}

/// Waits until both servers know the same orders. If Redis loses everything, or the key that says
/// which store it is, either server may fill it again, with what that server knows.
fn in_step(one: &Running, other: &Running) {
    let rows = |it: &Running| without_ports(&see(it.address(), "/orders"));
    let time = Duration::from_secs(10);
    wait_for("the same orders", time, || {
        (rows(one) == rows(other)).then_some(())
    });
}

#[test]
fn a_key_that_redis_has_lost_stops_nobody() {
    let redis = Redis::start();
    let (one, other) = (replica(&redis), replica(&redis));
    let bearer = text(&token(one.address()), "access_token");
    for (round, lost) in ["head", "bytes", "log", "epoch"].iter().enumerate() {
        let id = order(one.address(), &bearer, &format!("before-{round}"));
        in_step(&one, &other);
        let _: u64 = redis.ask(&["DEL", &format!("flexiti-mock:{lost}")]);
        let next = order(other.address(), &bearer, &format!("after-{round}"));
        assert_eq!(next, id + 1, "{lost}");
        let rows = |it: &Running| without_ports(&see(it.address(), "/orders"));
        assert_eq!(rows(&one), rows(&other), "{lost}");
    }
}

#[test]
fn the_log_in_redis_does_not_outgrow_its_bytes() {
    let redis = Redis::start();
    let one = replica(&redis);
    let long = "x".repeat(60_000);
    let call = demo_token_call(&[GRANT, ("more", &long)]);
    for _ in 0..400 {
        call.send(one.address());
    }
    let bytes: u64 = redis.ask(&["GET", "flexiti-mock:bytes"]);
    let count: u64 = redis.ask(&["XLEN", "flexiti-mock:log"]);
    assert!(bytes <= 16 * 1024 * 1024, "{bytes} bytes");
    assert!((10..400).contains(&count), "{count} turns");
    let head: u64 = redis.ask(&["GET", "flexiti-mock:head"]);
    assert!(head >= 400, "{head}");
}

#[test]
fn a_redis_that_comes_back_empty_is_filled_with_more_than_one_script_takes() {
    let redis = Redis::start();
    let (one, other) = (replica(&redis), replica(&redis));
    // An access token, a refresh token and an exchange each.
    for _ in 0..700 {
        token(one.address());
    }
    let bearer = text(&token(one.address()), "access_token");
    order(other.address(), &bearer, "before");
    in_step(&one, &other);
    let _: String = redis.ask(&["FLUSHALL"]);
    let id = order(one.address(), &bearer, "after");
    let rows: u64 = redis.ask(&["HLEN", "flexiti-mock:access_tokens"]);
    assert_eq!(rows, 701);
    assert_eq!(notification(other.address(), &bearer, id).status, 200);
    let late = replica(&redis);
    assert_eq!(
        see(late.address(), "/merchants"),
        see(one.address(), "/merchants")
    );
    assert_eq!(notification(late.address(), &bearer, id).status, 200);
}
