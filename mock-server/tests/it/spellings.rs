//! A secret in spellings that are nested, and in outputs where one would not look for it.

use crate::process::{Running, run, stderr};
use crate::shop::{SECRET, TOKEN, demo_token_call};
use crate::wire::Call;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use std::fmt::Write as _;

fn percent(text: &str) -> String {
    text.bytes().fold(String::new(), |mut all, byte| {
        let _ = write!(all, "%{byte:02X}");
        all
    })
}

fn unicode(text: &str) -> String {
    text.bytes().fold(String::new(), |mut all, byte| {
        let _ = write!(all, "\\u{byte:04x}");
        all
    })
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// Signs whose base64 has both `+` and `/`.
const ODD: &str = "?>?>?>";

#[test]
fn nested_spellings_and_other_codings_are_in_no_output() {
    // Hexadecimal digits, as made-up secrets are; and one whose base64 needs escapes.
    let hex = "0a1b2c3d4e5f60718293a4b5c6d7e8f9";
    let running = Running::start(&["--log-format", "json"]);
    let address = running.address();
    let account = json!({"client_id": "hex", "client_secret": hex});
    Call::post("/__admin/merchants")
        .json(&account)
        .send(address);
    let mut spelled = Vec::new();
    for secret in [SECRET, hex] {
        let basic = STANDARD.encode(format!("{ODD}:{secret}"));
        let escaped = basic
            .replace('+', "%2B")
            .replace('/', "%2F")
            .replace('=', "%3D");
        spelled.extend([
            percent(&percent(secret)),
            percent(&percent(&percent(secret))),
            unicode(secret),
            percent(&unicode(secret)),
            escaped.clone(),
            percent(&basic),
            STANDARD.encode(percent(secret)),
            STANDARD.encode(STANDARD.encode(secret)),
            basic,
            secret.to_ascii_uppercase(),
        ]);
        for text in &spelled {
            Call::get(&format!("/{text}?authorization=Basic%20{text}&a={text}"))
                .header("x-reference-id", &text[..text.len().min(36)])
                .header("x-other", text)
                .send(address);
            Call::post(TOKEN)
                .body(format!("a={text}&{text}=1"))
                .header("content-type", "application/x-www-form-urlencoded")
                .send(address);
        }
        for id in [
            secret.to_ascii_uppercase(),
            format!("{secret}-x1"),
            format!("a{secret}"),
        ] {
            demo_token_call(&[])
                .without("x-reference-id")
                .header("x-reference-id", &id)
                .send(address);
            spelled.push(id);
        }
        Call::post(TOKEN)
            .header("content-type", "application/json; charset=utf-16")
            .body(utf16(&format!("{{\"a\":\"{secret}\"}}")))
            .send(address);
        // Nobody can see what is in it, so it is not shown.
        Call::post(TOKEN)
            .header("content-encoding", "br")
            .body(format!("brotli {secret}"))
            .send(address);
    }
    let get = |path: &str| Call::get(&format!("/__admin{path}")).send(address).text();
    let archive = Call::get("/__admin/requests").header("accept", "application/har+json");
    let mut outputs = get("/requests") + &archive.send(address).text();
    for id in 1..=20 {
        outputs += &get(&format!("/requests/{id}"));
    }
    outputs += &running.stopped();
    let lower = outputs
        .to_ascii_lowercase()
        .replace("\\u0000", "")
        .replace('\0', "");
    for text in spelled.iter().map(String::as_str).chain([SECRET, hex]) {
        let at = lower.find(&text.to_ascii_lowercase());
        let around =
            at.map(|at| &lower[at.saturating_sub(100)..(at + text.len()).min(lower.len())]);
        assert_eq!(around, None, "{text}");
    }
    assert!(!outputs.contains("brotli"));
}

#[test]
fn a_password_in_a_url_of_a_broken_configuration_is_not_printed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("merchants.toml");
    for line in [
        "trust_url = \"ftp://user:s3cret-pw@shop.example\"",
        "success_url = \"http://user:s3cret-pw@shop.example:99999/\"",
        "trust_url = \"http://user:s3cret-pw@shop example\"",
    ] {
        let shop = format!("[[merchants]]\nclient_id = \"a\"\nclient_secret = \"bcde\"\n{line}\n");
        std::fs::write(&file, shop).unwrap();
        let output = run(&[
            "--listen",
            "127.0.0.1:0",
            "--config",
            file.to_str().unwrap(),
        ]);
        assert_eq!(output.status.code(), Some(2), "{line}");
        let why = stderr(&output);
        assert!(!why.contains("s3cret-pw"), "{why}");
        assert!(why.contains("_url"), "{why}");
    }
    let url = "http://u:s3cret-pw@mock.example:0x/";
    let output = run(&["--listen", "127.0.0.1:0", "--public-base-url", url]);
    assert!(
        !stderr(&output).contains("s3cret-pw"),
        "{}",
        stderr(&output)
    );
}
