//! A transcript of one server, played against another.

use crate::support::mock;
use flexiti_mock::{MerchantConfig, Mock, Settings, UpstreamMode, UpstreamSettings};
use reqwest::blocking::{Client, Response};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;

const CLIENT: &str = "flexitidemo";

/// Runs the replay; its exit code, output and errors.
fn replay(arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_flexiti-conformance"))
        .arg("replay")
        .args(arguments)
        .env_remove("FLEXITI_BASE_URL")
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (
        output.status.code(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

fn read(answer: Response) -> Value {
    serde_json::from_str(&answer.text().unwrap()).unwrap()
}

/// A day at a server that answers as `dialect`, as a mock in front of it records it.
fn record(dialect: &str, path: &Path) {
    let real = mock(dialect);
    let front = Mock::start(&Settings {
        merchants: vec![MerchantConfig {
            upstream: true,
            ..MerchantConfig::demo()
        }],
        upstream: Some(UpstreamSettings {
            url: Some(real.base_url()),
            mode: UpstreamMode::Proxy,
            transcript: Some(path.to_owned()),
            ..UpstreamSettings::default()
        }),
        ..Settings::default()
    })
    .unwrap();
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = Client::builder().no_proxy().build().unwrap();
    let base = front.base_url();
    let reference = ("x-reference-id", "0123456789abcdef0123456789abcdef");
    let token = |secret: &str| {
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", CLIENT),
            ("client_secret", secret),
        ];
        let request = client.post(format!("{base}/oauth/token")).form(&form);
        let answer = request.header(reference.0, reference.1).send().unwrap();
        read(answer)["access_token"].clone()
    };
    assert_eq!(token("not-the-secret"), Value::Null);
    let token = token("flexitidemo-secret").as_str().unwrap().to_owned();
    let init = |form: &[(&str, &str)]| -> Value {
        let url = format!("{base}/online/client-id/{CLIENT}/systems/init");
        let request = client.post(url).bearer_auth(&token).form(form);
        let answer = request.header(reference.0, reference.1).send().unwrap();
        read(answer)
    };
    let order = init(&[
        ("lang", "en"),
        ("flow", "apply"),
        ("amount_requested", "499.99"),
    ]);
    let id = match &order["online_order_id"] {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let notification = || {
        let url = format!("{base}/online/client-id/{CLIENT}/notifications/order-id/{id}");
        let request = client.get(url).bearer_auth(&token);
        request.header(reference.0, reference.1).send().unwrap();
    };
    notification();
    let url = format!("{}/orders/{id}/complete", real.admin_url());
    let done = client
        .post(url)
        .body(json!({"outcome": "approved"}).to_string())
        .send()
        .unwrap();
    assert!(done.status().is_success());
    notification();
    // Without a language.
    init(&[("flow", "apply"), ("amount_requested", "499.99")]);
}

#[test]
fn a_transcript_of_a_server_like_the_mock_shows_no_drift() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["day.ndjson", "day.har"] {
        let path = folder.path().join(name);
        record("documented", &path);
        let path = path.to_str().unwrap();
        // It starts a mock; a server of its own has the same to say, with orders of other numbers.
        let (code, out, err) = replay(&["--transcript", path]);
        assert_eq!(code, Some(0), "{out}{err}");
        assert!(out.contains("6 calls replayed: no drift"), "{out}");
        let other = mock("documented");
        let (code, out, err) = replay(&["--transcript", path, "--base-url", &other.base_url()]);
        assert_eq!(code, Some(0), "{out}{err}");
    }
}

#[test]
fn drift_is_listed_by_knob_and_clause() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("day.ndjson");
    record("hyperswitch", &path);
    let name = path.to_str().unwrap();
    let (code, out, err) = replay(&["--transcript", name]);
    assert_eq!(code, Some(1), "{out}{err}");
    assert!(out.contains("KNOB ids_as"), "{out}");
    assert!(
        out.contains("type of /online_order_id: string | number"),
        "{out}"
    );
    assert!(!out.contains("flexitidemo-secret"), "{out}");
    let (code, json, _) = replay(&["--transcript", name, "--report", "json"]);
    assert_eq!(code, Some(1));
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["replayed"], 6);
    let drift = json["calls"].as_array().unwrap().iter();
    let mut drift = drift.flat_map(|call| call["drift"].as_array().unwrap());
    assert!(drift.any(|it| it["knob"] == "ids_as"), "{json}");
    // The same dialect at the mock answers the same.
    let (code, out, _) = replay(&["--transcript", name, "--dialect", "hyperswitch"]);
    assert_eq!(code, Some(0), "{out}");
}

#[test]
fn what_is_no_transcript_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let foreign = file("a", "{\"format\":\"x\"}\n");
    let header = "{\"format\":\"flexiti-mock transcript\",\"version\":1,\"program\":\"1\"}\n";
    let empty = file("b", header);
    for (arguments, code, says) in [
        (vec!["--transcript", &foreign], 2, "is not a transcript"),
        (
            vec!["--transcript", "/nowhere"],
            2,
            "--transcript: /nowhere",
        ),
        (
            vec!["--transcript", &empty, "report.json"],
            2,
            "cannot be used with",
        ),
        (vec![], 2, "required"),
        (vec!["--transcript", &empty], 3, "0 calls replayed"),
        (
            vec![
                "--transcript",
                &empty,
                "--base-url",
                "http://127.0.0.1:9/flexiti/online-api",
            ],
            3,
            "127.0.0.1:9",
        ),
    ] {
        let (found, out, err) = replay(&arguments);
        assert_eq!(found, Some(code), "{arguments:?} {out}{err}");
        assert!(
            out.contains(says) || err.contains(says),
            "{arguments:?} {out}{err}"
        );
    }
}
