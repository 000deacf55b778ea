//! The questions about the bearer token, and the path of the request.

use crate::server::case::requests::{request_to, token_params, token_request};
use crate::server::case::{Encoding, RequestTemplate, To, requests};
use crate::server::plan::replaced;
use crate::server::probe::heard::Heard;
use crate::server::probe::prober::Prober;
use crate::server::wire::Stopped;
use flexiti_contract::Endpoint;
use serde_json::json;
use std::collections::HashSet;

/// Shaped like a token, but never issued.
const UNKNOWN: &str = "Bearer 0123456789abcdef0123456789abcdef01234567";

fn usual(prober: &Prober<'_, '_>) -> Option<RequestTemplate> {
    let foothold = prober.foothold.as_ref()?;
    request_to(foothold.endpoint, &foothold.params, foothold.encoding)
}

/// A token request for the scope `customer`.
fn customer() -> RequestTemplate {
    let params = replaced(&token_params(), "scope", &json!("customer"));
    let request = requests::request_to(Endpoint::Token, &params, Encoding::FormDotted);
    request.unwrap_or_else(token_request)
}

/// How an unknown token is refused, which later questions use to recognize that their own token has
/// ended.
pub fn first(prober: &mut Prober<'_, '_>) -> Result<(), Stopped> {
    if let Some(path) =
        crate::server::probe::questions::notification::about(Endpoint::NotificationOrder, "1")
    {
        let heard = prober.ask(path.header("authorization", UNKNOWN))?;
        if heard.refused() {
            prober.learn_token_refused((heard.status(), heard.word()));
        }
    }
    Ok(())
}

pub fn questions(prober: &mut Prober<'_, '_>) -> Result<(), Stopped> {
    let Some(usual) = usual(prober) else {
        return Ok(());
    };
    let missing = prober.ask(usual.clone().without_header("authorization"))?;
    let malformed = prober.ask(usual.clone().header("authorization", "Token {{token}}"))?;
    let unknown = prober.ask(usual.clone().header("authorization", UNKNOWN))?;
    for (error, heard) in [
        ("token_missing", &missing),
        ("token_malformed", &malformed),
        ("token_unknown", &unknown),
    ] {
        if heard.refused() {
            prober.answers.refused(error, heard);
        }
    }
    let challenged = |heard: &&Heard| heard.status() == 401;
    if let Some(heard) = [&unknown, &missing].into_iter().find(challenged) {
        let challenge = heard.header("www-authenticate").unwrap_or_default();
        prober.note("challenge", challenge.starts_with("Bearer"), heard);
    }
    let lower = prober.ask(usual.clone().header("authorization", "bearer {{token}}"))?;
    if let Some(granted) = lower.outcome() {
        prober.note(
            "bearer_scheme",
            if granted { "any_case" } else { "exact" },
            &lower,
        );
    }
    let foreign = prober.ask(
        usual
            .clone()
            .header("authorization", "Bearer {{other_token}}"),
    )?;
    let like = |known: &Heard| known.status() == foreign.status() && known.word() == foreign.word();
    let answer = match foreign.outcome() {
        Some(true) => Some("accepted"),
        Some(false) if like(&unknown) => Some("token_unknown"),
        Some(false) if foreign.status() == 404 => Some("not_found"),
        Some(false) if foreign.status() == 403 => Some("insufficient_scope"),
        _ => None,
    };
    if let Some(answer) = answer {
        prober.note("foreign_token_error", answer, &foreign);
    }
    quotes(prober, &usual)?;
    revoked(prober, &usual)?;
    older(prober, &usual)?;
    scopes(prober, &usual)
}

fn quotes(prober: &mut Prober<'_, '_>, usual: &RequestTemplate) -> Result<(), Stopped> {
    let To::Path(path) = &usual.to else {
        return Ok(());
    };
    let quoted = RequestTemplate {
        to: To::Path(path.replace("{{client_id}}", "%22{{client_id}}%22")),
        ..usual.clone()
    };
    let heard = prober.ask(quoted)?;
    if let Some(granted) = heard.outcome() {
        prober.note(
            "path_client_id_quotes",
            if granted { "strip" } else { "literal" },
            &heard,
        );
    }
    Ok(())
}

/// Whether a refresh revokes the token that it replaces.
fn revoked(prober: &mut Prober<'_, '_>, usual: &RequestTemplate) -> Result<(), Stopped> {
    let refresh = [
        ("grant_type", json!("refresh_token")),
        ("refresh_token", json!("{{0/refresh_token}}")),
    ];
    let params = refresh
        .iter()
        .fold(token_params(), |params, (name, value)| {
            replaced(&params, name, value)
        });
    let refresh = request_to(Endpoint::Token, &params, Encoding::FormDotted);
    let before = [Some(token_request()), refresh]
        .into_iter()
        .flatten()
        .collect();
    let old = usual
        .clone()
        .header("authorization", "Bearer {{0/access_token}}");
    let heard = prober.ask_after(before, old)?;
    if let Some(granted) = heard.outcome() {
        prober.note("refresh_revokes_access", !granted, &heard);
    }
    Ok(())
}

/// Whether a new token revokes the one before it.
fn older(prober: &mut Prober<'_, '_>, usual: &RequestTemplate) -> Result<(), Stopped> {
    let old = usual
        .clone()
        .header("authorization", "Bearer {{0/access_token}}");
    let heard = prober.ask_after(vec![token_request(), token_request()], old)?;
    let tokens = heard.exchanges.iter().filter_map(|exchange| {
        let token = exchange.answer()?.json()?["access_token"].clone();
        token.as_str().map(str::to_owned)
    });
    let distinct: HashSet<String> = tokens.collect();
    if let Some(granted) = heard.outcome().filter(|_| distinct.len() == 2) {
        prober.note("new_token_ends_older", !granted, &heard);
    }
    Ok(())
}

/// Which endpoints a token of scope `customer` may call.
fn scopes(prober: &mut Prober<'_, '_>, usual: &RequestTemplate) -> Result<(), Stopped> {
    let init = usual
        .clone()
        .header("authorization", "Bearer {{0/access_token}}");
    let init = prober.ask_after(vec![customer()], init)?;
    let order = vec![usual.clone(), customer()];
    let endpoint = Endpoint::NotificationOrder;
    let Some(path) = crate::server::probe::foothold::path(endpoint) else {
        return Ok(());
    };
    let told = prober.ask_after(vec![usual.clone()], path.clone())?;
    let asked = path.header("authorization", "Bearer {{1/access_token}}");
    let notification = prober.ask_after(order, asked)?;
    let scopes = |granted: bool| {
        if granted {
            json!(["merchant", "customer"])
        } else {
            json!(["merchant"])
        }
    };
    for heard in [&init, &notification] {
        if heard.refused() && heard.status() == 403 {
            prober.answers.refused("insufficient_scope", heard);
        }
    }
    if let Some(granted) = init.outcome() {
        prober
            .answers
            .note_entry("scope_matrix", "init", Some(scopes(granted)), &init);
    }
    // If unfinished orders are not found, a refusal does not show the reason.
    let tells = told.granted() || notification.status() != told.status();
    if let Some(granted) = notification.outcome().filter(|_| tells) {
        let granted = granted || notification.status() == told.status();
        let answer = Some(scopes(granted));
        prober
            .answers
            .note_entry("scope_matrix", "notification", answer, &notification);
    } else if !tells && notification.refused() {
        // The same refusal as for scope `merchant`, so the scope was not the reason.
        let answer = Some(scopes(true));
        prober
            .answers
            .note_entry("scope_matrix", "notification", answer, &notification);
    }
    Ok(())
}
