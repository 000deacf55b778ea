//! Another server behind the mock: a second mock stands in for the real sandbox, and listeners that
//! misbehave for its bad days.

mod answer;
mod browser;
mod compare;
mod hostile;
mod proxy;
mod refusals;
mod transcript;
mod ways;

use crate::shop::{self, APPLY, CLIENT, GRANT, INIT, SECRET};
use crate::wire::{Answer, Call};
use flexiti_mock::{MerchantConfig, Mock, Settings, UpstreamMode, UpstreamSettings};
use serde_json::Value;
use std::path::Path;

/// A merchant whose requests are passed on.
pub fn passed() -> MerchantConfig {
    MerchantConfig {
        upstream: true,
        ..MerchantConfig::demo()
    }
}

/// Settings of a mock in front of the server at this base URL; the merchant `local` stays.
pub fn in_front_of(base_url: &str, mode: UpstreamMode, transcript: Option<&Path>) -> Settings {
    Settings {
        merchants: vec![passed(), shop::merchant("local")],
        upstream: Some(UpstreamSettings {
            url: Some(base_url.to_owned()),
            mode,
            transcript: transcript.map(Path::to_owned),
            ..UpstreamSettings::default()
        }),
        ..Settings::default()
    }
}

/// The token of the demo merchant.
pub fn token(mock: &Mock) -> String {
    let answer = shop::token_call(CLIENT, SECRET, &[GRANT]).send(mock.address());
    assert_eq!(answer.status, 200, "{}", answer.text());
    shop::text(&answer.json(), "access_token")
}

/// An order of the demo merchant.
pub fn init(mock: &Mock, token: &str) -> Value {
    let answer = init_answer(mock, token, &APPLY);
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

pub fn init_answer(mock: &Mock, token: &str, pairs: &[(&str, &str)]) -> Answer {
    shop::init_call(INIT, token)
        .form(pairs)
        .send(mock.address())
}

/// The notification of an order.
pub fn notification(mock: &Mock, token: &str, id: &Value) -> Answer {
    let path = format!("/flexiti/online-api/online/client-id/{CLIENT}/notifications/order-id/{id}");
    Call::get(&path)
        .header("x-reference-id", shop::REFERENCE)
        .header("authorization", &format!("Bearer {token}"))
        .send(mock.address())
}

/// What the journal of a merchant has.
pub fn journal(mock: &Mock, client_id: &str) -> Vec<Value> {
    let path = format!("/requests?client_id={client_id}");
    let answer = shop::admin(mock, "GET", &path, &Value::Null);
    answer.json()["requests"].as_array().unwrap().clone()
}

/// The whole of the latest exchange in the journal of a merchant.
pub fn latest(mock: &Mock, client_id: &str) -> Value {
    let rows = journal(mock, client_id);
    let id = &rows.last().expect("an exchange")["id"];
    shop::admin(mock, "GET", &format!("/requests/{id}"), &Value::Null).json()
}
