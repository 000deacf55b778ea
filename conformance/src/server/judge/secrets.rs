//! Secrets exposed in answers.

use super::verdict::{Verdict, look};
use crate::server::wire::readback::endpoint_of;
use crate::server::wire::{Answer, Exchange, Secret, Surface};
use flexiti_contract::{Endpoint, Rule, Rulebook};

/// Shorter secrets occur by chance.
const SHORTEST: usize = 8;

/// Whether it is the client's secret, in any encoding.
fn is_clients(secret: &Secret) -> bool {
    secret.name.starts_with("FLEXITI_CLIENT_SECRET")
}

/// The verdict on secrets repeated in an answer. Tokens in the answer that grants them, and secrets
/// in an order's URL, are the subject of other clauses. The client's secret belongs in no answer.
pub(super) fn repeated(
    rulebook: &Rulebook,
    at: usize,
    exchange: &Exchange,
    answer: &Answer,
) -> Option<Verdict> {
    let endpoint = endpoint_of(rulebook.contract(), exchange);
    let issues = endpoint.is_some_and(|endpoint| {
        [Endpoint::Token, Endpoint::InitV2, Endpoint::InitPlain].contains(&endpoint)
    });
    if exchange.surface == Surface::Admin {
        return None;
    }
    let grants = issues && answer.granted();
    let is_token = endpoint == Some(Endpoint::Token);
    let url = answer.json().unwrap_or_default()["redirection_url"].to_string();
    let is_subject = |secret: &&Secret| {
        if grants && is_token {
            is_clients(secret)
        } else {
            !grants || !url.contains(&secret.value)
        }
    };
    let text = answer.whole_text();
    // A page's own URL is not a secret, and may contain it.
    let shown = |secret: &&Secret| {
        secret.value.len() >= SHORTEST
            && text.contains(&secret.value)
            && !exchange.url.contains(&secret.value)
    };
    let mut secrets = exchange.secrets.iter().filter(is_subject);
    let found = secrets.find(shown);
    if grants && found.is_none() {
        return None;
    }
    let expected = found.map(|secret| format!("an answer without ${}", secret.name));
    let mut verdict = look(rulebook, Rule::NoSecret, at, exchange, expected)?;
    if let Some(fault) = verdict.fault.as_mut() {
        fault.violates |= found.is_some_and(|found| reaches_pages(exchange, endpoint, found));
    }
    Some(verdict)
}

/// Whether a secret in this answer reaches a page, which is documented never to happen (TC, C-1):
/// the hosted page, a shop's own page, or the URL that the browser is sent to. The POS widget does
/// put a token in the hosted page's URL (P-wid).
fn reaches_pages(exchange: &Exchange, endpoint: Option<Endpoint>, secret: &Secret) -> bool {
    let is_client_secret = is_clients(secret);
    if exchange.surface == Surface::Pages {
        return is_client_secret;
    }
    let Some(body) = exchange
        .answer()
        .filter(|a| a.granted())
        .and_then(Answer::json)
    else {
        return false;
    };
    let has = |member: &str| body[member].to_string().contains(&secret.value);
    match endpoint {
        Some(Endpoint::Calculator | Endpoint::LearnMore) => has("htmlRender") || is_client_secret,
        Some(
            Endpoint::NotificationOrder
            | Endpoint::NotificationMerchantOrder
            | Endpoint::NotificationOld,
        ) => is_client_secret && has("callback_url"),
        _ => false,
    }
}

/// The verdict on secrets in the URL that the customer's browser is sent to.
pub(super) fn in_redirection_url(
    rulebook: &Rulebook,
    at: usize,
    exchange: &Exchange,
    answer: &Answer,
) -> Option<Verdict> {
    let body = answer.json().unwrap_or_default();
    let url = body["redirection_url"].to_string();
    let in_url = |secret: &&Secret| !secret.value.is_empty() && url.contains(&secret.value);
    let leaked: Vec<&Secret> = exchange.secrets.iter().filter(in_url).collect();
    let expected = "a URL without token or secret".to_owned();
    let expected = (!leaked.is_empty()).then_some(expected);
    let rule = Rule::RedirectNoCredentials;
    let mut verdict = look(rulebook, rule, at, exchange, expected)?;
    // The secret is documented to stay on the server (TC, C-1); the POS widget does put a token in
    // the URL (P-wid).
    if let Some(fault) = verdict.fault.as_mut() {
        fault.violates |= leaked.iter().any(|secret| is_clients(secret));
    }
    Some(verdict)
}
