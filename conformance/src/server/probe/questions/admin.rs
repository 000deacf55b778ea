//! The questions that need an admin API: outcomes, callbacks, clocks and roles, each on an account
//! of its own.

use crate::server::case::requests::{request_to, token_params, token_request};
use crate::server::case::{Account, Encoding, Step};
use crate::server::plan::replaced;
use crate::server::probe::foothold::path;
use crate::server::probe::heard::Heard;
use crate::server::probe::prober::Prober;
use crate::server::wire::{SUCCESS_URL, Stopped};
use flexiti_contract::{Endpoint, Flow};
use serde_json::{Value, json};

pub fn questions(prober: &mut Prober<'_, '_>) -> Result<(), Stopped> {
    if !prober.has_admin_api() {
        return Ok(());
    }
    applications(prober)?;
    purchases(prober)?;
    decisions(prober)?;
    expiry(prober)?;
    role(prober)
}

/// A request that opens an order of this flow.
fn order(prober: &Prober<'_, '_>, flow: Flow, middle_name: Option<&str>) -> Option<Step> {
    let (endpoint, _, params) = prober.granted.iter().find(|(_, f, _)| *f == flow)?;
    let encoding = prober.foothold.as_ref()?.encoding;
    let params = match middle_name {
        Some(name) => replaced(params, "mname", &json!(name)),
        None => params.clone(),
    };
    request_to(*endpoint, &params, encoding).map(Step::Send)
}

/// Opens an order, brings it to an outcome, and asks for its notification. The answers are those of
/// init, the admin API and the notification.
fn outcome(prober: &mut Prober<'_, '_>, flow: Flow, outcome: &str) -> Result<Heard, Stopped> {
    let told = path(Endpoint::NotificationOrder).map(Step::Send);
    let steps = [order(prober, flow, None), Some(complete(outcome)), told];
    match steps.into_iter().collect() {
        Some(steps) => prober.ask_steps(Account::New, steps),
        None => Ok(Heard::nothing()),
    }
}

fn complete(outcome: &str) -> Step {
    Step::Complete {
        order: "{{0/online_order_id}}".to_owned(),
        outcome: outcome.to_owned(),
    }
}

fn applications(prober: &mut Prober<'_, '_>) -> Result<(), Stopped> {
    for word in ["approved", "pending", "declined", "retry", "cancelled"] {
        let heard = outcome(prober, Flow::Apply, word)?;
        if let Some(said) = heard.json()["apply"]["apply_status"].as_str() {
            let said = Some(json!(said));
            prober
                .answers
                .note_entry("apply_status_words", word, said, &heard);
        }
        let Some(url) = callback(&heard) else {
            continue;
        };
        let goes_to = if url.as_str().starts_with(SUCCESS_URL) {
            "success"
        } else {
            "error"
        };
        match word {
            "declined" => prober.note("declined_goes_to", goes_to, &heard),
            "pending" => prober.note("pending_goes_to", goes_to, &heard),
            "approved" => {
                let has = |name: &str| url.query_pairs().any(|(key, _)| key == name);
                let carried = match (has("orderId"), has("auth_token")) {
                    (false, _) => "none",
                    (true, false) => "order_id",
                    (true, true) => "order_id_and_auth_token",
                };
                prober.note("callback_params", carried, &heard);
                prober.note("callback_lang", has("lang"), &heard);
                let visited = match heard.json().get("callback_url") {
                    Some(Value::Null) => Some("null"),
                    Some(Value::String(told)) if told.is_empty() => Some("empty"),
                    Some(Value::String(_)) => Some("visited"),
                    _ => None,
                };
                if let Some(visited) = visited {
                    prober.note("notification_callback_url", visited, &heard);
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// Where the customer is sent, according to the admin API.
fn callback(heard: &Heard) -> Option<reqwest::Url> {
    let completed = heard.exchanges.get(1)?.answer()?.json()?;
    reqwest::Url::parse(completed["callback_url"].as_str()?).ok()
}

fn purchases(prober: &mut Prober<'_, '_>) -> Result<(), Stopped> {
    let block = |body: &Value| {
        let name = ["purchase", "buy"]
            .into_iter()
            .find(|name| body[*name].is_object());
        name.map(|name| (name, body[name]["status"].clone()))
    };
    for word in ["purchased", "refused", "cancelled"] {
        let heard = outcome(prober, Flow::Buy, word)?;
        if let Some((name, status)) = block(&heard.json()) {
            prober.note("purchase_block_name", name, &heard);
            prober
                .answers
                .note_entry("purchase_status_words", word, Some(status), &heard);
        }
    }
    let heard = outcome(prober, Flow::ApplyBuy, "declined")?;
    if heard.granted() {
        let answer = if block(&heard.json()).is_some() {
            "refused"
        } else {
            "absent"
        };
        prober.note("purchase_block_without_purchase", answer, &heard);
    }
    Ok(())
}

/// What decides an application.
fn decisions(prober: &mut Prober<'_, '_>) -> Result<(), Stopped> {
    for (name, knob) in [
        ("D-MISSING_INFO", "response_keys"),
        ("A-RR_XX", "high_risk_decision"),
        ("Marie", "decision_without_key"),
    ] {
        let order = order(prober, Flow::Apply, Some(name));
        let steps: Option<Vec<Step>> = [order, Some(complete("as_applied"))].into_iter().collect();
        let Some(steps) = steps else {
            return Ok(());
        };
        let heard = prober.ask_steps(Account::New, steps)?;
        let Some(decision) = heard.json()["order"]["decision"]
            .as_str()
            .map(str::to_owned)
        else {
            continue;
        };
        match knob {
            "response_keys" => prober.note(knob, decision == "declined", &heard),
            // Without response keys, the name decides nothing.
            "high_risk_decision"
                if prober.answers.answer("response_keys") == Some(&json!(false)) => {}
            knob => prober.note(knob, decision, &heard),
        }
    }
    // If every application is declined, the effect of the keys cannot be seen.
    let declined = Some(&json!("declined"));
    if prober.answers.answer("decision_without_key") == declined {
        prober.answers.forget("response_keys");
        prober.answers.forget("high_risk_decision");
    }
    Ok(())
}

fn expiry(prober: &mut Prober<'_, '_>) -> Result<(), Stopped> {
    let ttl = prober.answers.answer("token_ttl").and_then(Value::as_u64);
    let change = [
        ("grant_type", json!("refresh_token")),
        ("refresh_token", json!("{{0/refresh_token}}")),
    ];
    let params = change.iter().fold(token_params(), |params, (name, value)| {
        replaced(&params, name, value)
    });
    let refresh = request_to(Endpoint::Token, &params, Encoding::FormDotted);
    let (Some(ttl), Some(refresh)) = (ttl, refresh) else {
        return Ok(());
    };
    let steps = vec![
        Step::Send(token_request()),
        Step::Advance(ttl),
        Step::Send(refresh),
    ];
    let heard = prober.ask_steps(Account::New, steps)?;
    if let Some(granted) = heard.outcome() {
        let answer = if granted { "allow" } else { "deny" };
        prober.note("refresh_after_access_expiry", answer, &heard);
    }
    Ok(())
}

/// Where an account without the role is refused.
fn role(prober: &mut Prober<'_, '_>) -> Result<(), Stopped> {
    let Some(order) = order(prober, Flow::Apply, None) else {
        return Ok(());
    };
    let Step::Send(init) = order else {
        return Ok(());
    };
    let token = Step::Send(token_request());
    let at_token = prober.ask_steps(Account::Unprovisioned, vec![token.clone()])?;
    let init = init.header("authorization", "Bearer {{0/access_token}}");
    let steps = vec![token, Step::Deprovision, Step::Send(init)];
    let at_init = prober.ask_steps(Account::New, steps)?;
    let answer = match (at_token.outcome(), at_init.outcome()) {
        (Some(false), Some(false)) => "both",
        (Some(false), Some(true)) => "token",
        (Some(true), Some(false)) => "init",
        _ => return Ok(()),
    };
    prober.note("role_refused_at", answer, &at_init);
    let refused = if at_init.refused() {
        &at_init
    } else {
        &at_token
    };
    prober.answers.refused("invalid_role", refused);
    Ok(())
}
