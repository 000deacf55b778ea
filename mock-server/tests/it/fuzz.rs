//! A bounded run of generated input against everything that reads what others wrote: no panic, no
//! 5xx, and no planted secret in any output. The generator is seeded, so that a run can be repeated.

use crate::shop::{BASE, CLIENT, INIT, SECRET, TOKEN, server, token};
use crate::wire::Call;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::Value;
use std::fmt::Write as _;

/// How many inputs a run has; `FUZZ=100000` makes a longer one.
fn runs() -> usize {
    let runs = std::env::var("FUZZ").ok();
    runs.and_then(|runs| runs.parse().ok()).unwrap_or(400)
}

/// What inputs are made of: signs and words that some reader takes for something.
fn pieces() -> Vec<String> {
    let file = include_str!("../../../fixtures/fuzz/pieces.json");
    serde_json::from_str(file).unwrap()
}

/// A text of pieces, some of them secret, in spellings that are nested.
fn text(pieces: &[String], random: &mut StdRng) -> String {
    let mut text = String::new();
    for _ in 0..random.random_range(0..12) {
        match random.random_range(0..8) {
            0 => text.push_str(&spelled(SECRET, random)),
            _ => text.push_str(&pieces[random.random_range(0..pieces.len())]),
        }
    }
    text
}

fn spelled(text: &str, random: &mut StdRng) -> String {
    let mut text = text.to_owned();
    for _ in 0..random.random_range(0..3) {
        text = match random.random_range(0..4) {
            0 => text.bytes().fold(String::new(), |mut all, byte| {
                let _ = write!(all, "%{byte:02x}");
                all
            }),
            1 => text.encode_utf16().fold(String::new(), |mut all, code| {
                let _ = write!(all, "\\u{code:04x}");
                all
            }),
            2 => base64::Engine::encode(&base64::engine::general_purpose::STANDARD, &text),
            _ => text.to_ascii_uppercase(),
        };
    }
    text
}

#[test]
fn no_input_breaks_the_server_and_no_output_has_a_secret() {
    let mock = server("documented");
    let token = token(&mock);
    let pieces = pieces();
    let mut random = StdRng::seed_from_u64(14);
    for _ in 0..runs() {
        let text = text(&pieces, &mut random);
        let kinds = [
            "application/json",
            "application/x-www-form-urlencoded",
            "text/plain; charset=x",
            "",
        ];
        let kind = kinds[random.random_range(0..kinds.len())];
        // A target may have neither blanks nor control signs.
        let path: String = text
            .chars()
            .filter(|c| c.is_ascii_graphic() && *c != '#')
            .collect();
        let call = match random.random_range(0..10) {
            0 => Call::post(TOKEN),
            1 | 2 => Call::post(INIT).header("authorization", &format!("Bearer {token}")),
            3 => Call::get(&format!("/{path}")),
            4 => Call::get(&format!("{BASE}/online/client-id/{CLIENT}/{path}")),
            5 => Call::new("PUT", "/__admin/merchants/flexitidemo/faults"),
            6 => Call::new("PUT", "/__admin/merchants/flexitidemo/dialect"),
            7 => Call::post("/__admin/requests/verify"),
            8 => Call::post(&format!("/checkout/{path}")),
            _ => Call::get(&format!("/__admin/requests?{path}")),
        };
        let call = if kind.is_empty() {
            call
        } else {
            call.header("content-type", kind)
        };
        let answer = call.body(text.clone()).send(mock.address());
        assert!(answer.status < 500, "{} to {text:?}", answer.status);
    }
    let journal = Call::get("/__admin/requests").send(mock.address());
    let archive = Call::get("/__admin/requests").header("accept", "application/har+json");
    let lint = mock.admin().lint(CLIENT).map(|lint| format!("{lint:?}"));
    let outputs = [
        journal.text(),
        archive.send(mock.address()).text(),
        lint.unwrap_or_default(),
    ];
    for output in outputs {
        let lower = output.to_ascii_lowercase();
        let at = lower.find(SECRET);
        let around = at.map(|at| &lower[at.saturating_sub(200)..at + SECRET.len()]);
        assert_eq!(around, None);
    }
    let rows: Value = journal.json();
    assert!(
        rows["requests"]
            .as_array()
            .is_some_and(|rows| !rows.is_empty())
    );
}
