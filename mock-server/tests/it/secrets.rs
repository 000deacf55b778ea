//! Wherever a client puts a secret, no output of the server has it.

use crate::process::Running;
use crate::shop::{
    APPLY, BASE, BASIC, CLIENT, INIT, PASSWORD, REFERENCE, SECRET, TOKEN, demo_token_call,
    init_call, path_of, text,
};
use crate::wire::{Call, connect};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Write as _};

/// The secret, the password, an access token, a refresh token and a session.
fn secrets(running: &Running) -> [String; 5] {
    let grant = ("grant_type", "client_credentials");
    let pair = demo_token_call(&[grant]).send(running.address()).json();
    let token = text(&pair, "access_token");
    let call = init_call(INIT, &token).form(&APPLY);
    let order = call.send(running.address()).json();
    let page = path_of(&text(&order, "redirection_url"));
    [
        SECRET.to_owned(),
        PASSWORD.to_owned(),
        token,
        text(&pair, "refresh_token"),
        page.split(['/', '?']).nth(2).unwrap().to_owned(),
    ]
}

/// With percent escapes in lower case.
fn escaped(secret: &str) -> String {
    secret.bytes().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "%{byte:02x}");
        text
    })
}

fn spellings(secret: &str) -> Vec<String> {
    vec![
        secret.to_owned(),
        secret.to_ascii_uppercase(),
        escaped(secret),
        escaped(secret).to_ascii_uppercase(),
        STANDARD.encode(secret),
        STANDARD.encode(format!("{CLIENT}:{secret}")),
        STANDARD.encode(format!("{CLIENT}1:{secret}")),
        URL_SAFE_NO_PAD.encode(format!("{CLIENT}12:{secret}")),
    ]
}

fn plant(running: &Running, secret: &str) {
    let address = running.address();
    for spelled in spellings(secret) {
        for target in [
            format!("/{spelled}"),
            format!("{TOKEN};a={spelled}"),
            format!("{TOKEN}?client_secret={spelled}&a[password]={spelled}&{spelled}=1"),
            INIT.replace(CLIENT, &spelled),
            format!("{BASE}/online/client-id/{CLIENT}/notifications/order-id/{spelled}"),
            format!("/checkout/{spelled}/x"),
        ] {
            let mut call = Call::post(&target).body(format!("a={spelled}&{spelled}=x"));
            for name in [
                "x-reference-id",
                "user-agent",
                "referer",
                "x-api-key",
                "accept",
                "forwarded",
            ] {
                call = call.header(name, &spelled);
            }
            call.header("authorization", &format!("Basic {spelled}"))
                .header("proxy-authorization", &format!("Bearer {spelled}"))
                .header("cookie", &format!("a={spelled}; {secret}=b; {spelled}"))
                .send(address);
        }
        let call = Call::post(TOKEN).header("x-reference-id", REFERENCE);
        for (name, value) in [
            ("client_id", &spelled),
            ("client_secret", &spelled),
            ("scope", &spelled),
            ("a[b][password]", &spelled),
        ] {
            call.clone().form(&[(name, value)]).send(address);
            call.clone().body(format!("{name}={value}")).send(address);
            let flat = json!({name: value, (value.as_str()): 1});
            let nested = json!({"a": [{"b": flat, "c": [value]}]});
            for body in [flat, nested] {
                call.clone().json(&body).send(address);
                init_call(INIT, &spelled).json(&body).send(address);
            }
        }
    }
    // As the name of a header, as the method.
    Call::get("/nothing").header(secret, "1").send(address);
    Call::new(secret, "/nothing").send(address);
    Call::new(&format!("X{secret}"), TOKEN).send(address);
    let unicode = format!(
        "{{\"a\":\"\\u{:04x}{}\"",
        secret.as_bytes()[0],
        &secret[1..]
    );
    Call::post(TOKEN).body(unicode).send(address);
}

#[test]
fn no_output_has_a_secret_wherever_a_client_puts_it() {
    for arguments in [
        vec![],
        vec![
            "--dialect",
            "lenient",
            "--log-format",
            "json",
            "--log-level",
            "trace",
        ],
    ] {
        let running = Running::start(&arguments);
        let secrets = secrets(&running);
        for secret in &secrets {
            plant(&running, secret);
        }
        let mut outputs = outputs(&running);
        outputs.push(("log", running.stopped()));
        for (name, output) in outputs {
            // The others have nothing to hide, or show what clients made up only at times.
            let shows = !matches!(
                name,
                "metrics" | "merchants" | "dashboard" | "lint" | "faults"
            );
            assert!(
                !shows || output.contains("***"),
                "{name}: something was hidden"
            );
            let lower = output.to_ascii_lowercase();
            for secret in &secrets {
                for spelled in spellings(secret) {
                    let at = lower.find(&spelled.to_ascii_lowercase());
                    let around = at.map(|at| &lower[at.saturating_sub(200)..at + spelled.len()]);
                    assert_eq!(around, None, "{name}: {spelled}");
                }
            }
        }
    }
}

/// Everything that the server says of what came in.
fn outputs(running: &Running) -> Vec<(&'static str, String)> {
    let address = running.address();
    let get = |path: &str| Call::get(&format!("/__admin{path}")).send(address).text();
    let archive = Call::get("/__admin/requests").header("accept", "application/har+json");
    let journal = get("/requests");
    let rows: Value = serde_json::from_str(&journal).unwrap();
    let rows = rows["requests"].as_array().unwrap();
    let exchange = |row: &Value| get(&format!("/requests/{}", row["id"]));
    let exchanges: Vec<String> = rows.iter().map(exchange).collect();
    // What can match nothing brings the nearest misses, and why.
    let never = json!({"match": {"method": "X", "params": {"client_secret": SECRET}, "headers": {"cookie": SECRET, "authorization": SECRET, "x-api-key": "x"}}, "times": 999_999});
    let verify = Call::post("/__admin/requests/verify").json(&never);
    vec![
        ("journal", journal),
        ("archive", archive.send(address).text()),
        ("exchanges", exchanges.concat()),
        ("verify", verify.send(address).text()),
        ("events", events(running, rows.len())),
        ("metrics", get("/metrics")),
        ("merchants", get("/merchants")),
        ("lint", get("/merchants/flexitidemo/lint")),
        ("faults", get("/merchants/flexitidemo/faults")),
        ("dashboard", get("/") + &get("/dashboard/dashboard.js")),
    ]
}

/// The events of all exchanges of the journal.
fn events(running: &Running, count: usize) -> String {
    let mut stream = connect(running.address());
    let call = Call::get("/__admin/events?after=0");
    stream.write_all(&call.bytes(running.address())).unwrap();
    let lines = BufReader::new(stream).lines().map(Result::unwrap);
    let data = lines.filter(|line| line.starts_with("data: "));
    let told: Vec<String> = data.take(count).collect();
    told.join("\n")
}

fn rows(running: &Running) -> Vec<Value> {
    let journal = Call::get("/__admin/requests").send(running.address());
    journal.json()["requests"].as_array().unwrap().clone()
}

/// A request that has the same secret in six places.
fn told_everywhere() -> Call {
    Call::post(&format!("/nothing/{SECRET}"))
        .header("x-api-key", SECRET)
        .header("authorization", BASIC)
        .header("cookie", &format!("a={SECRET}"))
        .body(format!("client_secret={SECRET}&b={SECRET}"))
}

#[test]
fn the_same_secret_has_the_same_hash_everywhere_and_another_in_another_process() {
    let hash = || {
        let running = Running::start(&[]);
        demo_token_call(&[]).send(running.address());
        told_everywhere().send(running.address());
        let rows = rows(&running);
        let shown = text(&rows[0]["params"], "client_secret");
        assert_eq!(shown.len(), "***".len() + 12, "{shown}");
        let row = &rows[1];
        assert_eq!(row["path"], format!("/nothing/{shown}"));
        assert_eq!(row["headers"]["x-api-key"], shown);
        assert_eq!(row["headers"]["authorization"], format!("Basic {shown}"));
        assert_eq!(row["headers"]["cookie"], format!("a={shown}"));
        assert_eq!(row["body"], format!("client_secret={shown}&b={shown}"));
        let log = running.stopped();
        assert!(log.contains(&format!("/nothing/{shown}")), "{log}");
        shown
    };
    assert_ne!(hash(), hash());
}

#[test]
fn secrets_are_shown_in_the_journal_if_that_is_asked_for_and_never_in_the_log() {
    let running = Running::start(&["--reveal-secrets"]);
    demo_token_call(&[]).send(running.address());
    told_everywhere().send(running.address());
    let rows = rows(&running);
    assert_eq!(rows[0]["params"]["client_secret"], SECRET);
    assert_eq!(rows[1]["path"], format!("/nothing/{SECRET}"));
    assert_eq!(rows[1]["headers"]["authorization"], BASIC);
    let banner = running.banner();
    assert!(banner.contains("--reveal-secrets"), "{banner}");
    let log = running.stopped();
    assert!(log.contains("***") && !log.contains(SECRET), "{log}");
}
