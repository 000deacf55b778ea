//! Clauses that can be checked on any answer.

use super::verdict::{Verdict, broken, kept, look};
use crate::server::wire::readback::endpoint_of;
use crate::server::wire::{Answer, Exchange, Surface};
use flexiti_contract::dialect::NoPlan;
use flexiti_contract::{Endpoint, Rule, Rulebook};
use serde_json::{Value, json};

/// Verdicts on the clauses about every answer. Members are checked only if the answer is an
/// ordinary one.
pub(super) fn observe(
    rulebook: &Rulebook,
    at: usize,
    exchange: &Exchange,
    ordinary: bool,
) -> Vec<Verdict> {
    let alive = exchange.answer().filter(|answer| answer.status < 500);
    let Some(answer) = alive else {
        let expected = "an answer that is no 5xx".to_owned();
        let verdict = look(rulebook, Rule::Robust, at, exchange, Some(expected));
        return verdict.into_iter().collect();
    };
    let mut verdicts = Vec::new();
    let mut see = |rule, fault| verdicts.extend(look(rulebook, rule, at, exchange, fault));
    see(Rule::Robust, None);
    if exchange.surface == Surface::Pages {
        return verdicts;
    }
    let contract = rulebook.contract();
    let endpoint = endpoint_of(contract, exchange);
    if (400..500).contains(&answer.status) && exchange.method != "HEAD" {
        see(Rule::ErrorShape, error_shape(rulebook, answer));
    }
    if sent(exchange, "origin").is_some() {
        see(Rule::Cors, cors(rulebook, answer));
    }
    let Some(endpoint) = endpoint else {
        return verdicts;
    };
    if answer.status == 401 && endpoint != Endpoint::Token {
        let challenge = answer.header("www-authenticate").unwrap_or_default();
        let missing = !challenge.starts_with("Bearer");
        see(
            Rule::Challenge,
            missing.then(|| "www-authenticate: Bearer …".to_owned()),
        );
    }
    if answer.status != 200 || exchange.method != contract.endpoint(endpoint).method {
        return verdicts;
    }
    let about = |rule: Rule| {
        contract
            .clause(rule.id())
            .is_some_and(|c| c.covers(endpoint))
    };
    if about(Rule::NoStore) {
        let stored = answer
            .header("cache-control")
            .is_none_or(|value| !value.contains("no-store"));
        see(
            Rule::NoStore,
            stored.then(|| "cache-control: no-store".to_owned()),
        );
    }
    if about(Rule::RedirectNoCredentials) {
        let url = answer
            .json()
            .map(|body| body["redirection_url"].to_string());
        let leaks = |url: &String| {
            exchange
                .secrets
                .iter()
                .any(|s| !s.value.is_empty() && url.contains(&s.value))
        };
        let leaked = url.is_some_and(|url| leaks(&url));
        see(
            Rule::RedirectNoCredentials,
            leaked.then(|| "a URL without token or secret".to_owned()),
        );
    }
    if ordinary && !is_no_plan(rulebook, endpoint, answer) {
        verdicts.extend(response(rulebook, endpoint, at, exchange, answer));
    }
    verdicts
}

/// Whether this is the dialect's answer of the calculator for a price that no plan fits.
fn is_no_plan(rulebook: &Rulebook, endpoint: Endpoint, answer: &Answer) -> bool {
    endpoint == Endpoint::Calculator
        && rulebook.knobs().calculator_no_plan == NoPlan::Empty
        && answer.json() == Some(json!({}))
}

/// Verdicts on the clauses about the members of an answer of 200.
fn response(
    rulebook: &Rulebook,
    endpoint: Endpoint,
    at: usize,
    exchange: &Exchange,
    answer: &Answer,
) -> Vec<Verdict> {
    let body = answer.json().unwrap_or(Value::Null);
    let body = if body.is_object() {
        body
    } else {
        Value::Object(serde_json::Map::new())
    };
    let faults = rulebook.check_response(endpoint, &body);
    rulebook
        .clauses()
        .filter(|clause| {
            clause.check == flexiti_contract::Check::Response && clause.covers(endpoint)
        })
        .map(
            |clause| match faults.iter().find(|(id, _)| *id == clause.id) {
                None => kept(&clause.id),
                Some((_, what)) => broken(&clause.id, at, exchange.redact(what), exchange.actual()),
            },
        )
        .collect()
}

fn error_shape(rulebook: &Rulebook, answer: &Answer) -> Option<String> {
    if !answer.is("application/json") {
        return Some("content-type: application/json".to_owned());
    }
    match answer.json() {
        None => Some("a JSON body".to_owned()),
        Some(body) => rulebook.check_error_body(&body),
    }
}

fn cors(rulebook: &Rulebook, answer: &Answer) -> Option<String> {
    let allowed = answer.header("access-control-allow-origin").is_some();
    match (rulebook.knobs().cors, allowed) {
        (true, false) => Some("access-control-allow-origin".to_owned()),
        (false, true) => Some("no access-control-allow-origin".to_owned()),
        _ => None,
    }
}

fn sent<'a>(exchange: &'a Exchange, name: &str) -> Option<&'a str> {
    let found = exchange
        .sent_headers
        .iter()
        .find(|(header, _)| header == name);
    found.map(|(_, value)| value.as_str())
}
