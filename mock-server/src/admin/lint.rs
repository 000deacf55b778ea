//! What a reviewer would say about a merchant's journal.

use crate::admin::ask::AdminRequest;
use crate::admin::problem::{Answer, Problem, no_merchant, problem};
use crate::app::App;
use crate::clock::Millis;
use crate::http::reply::Reply;
use crate::lint::{self, Call, Ended, Eyes, Finding, History, Identity, LintInput, Moment};
use crate::model::lifecycle::Stage;
use crate::model::order::Order;
use crate::state::Merchant;
use flexiti_contract::Rulebook;
use hyper::StatusCode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::sync::Arc;

/// What a reviewer would object to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Lint {
    /// The findings; an empty list is a good sign.
    pub findings: Vec<Finding>,
}

/// Judges everything that the merchant's shop has sent so far.
pub fn lint(app: &App, id: &str, machine: Millis) -> Result<Lint, Problem> {
    let state = app.state();
    let merchant = state.merchants.get(id).ok_or_else(|| no_merchant(id))?;
    let rulebook = Arc::clone(&merchant.rulebook);
    let clock = merchant.clock.at(machine);
    let secrets = secrets(merchant);
    drop(state);
    let mut orders = Vec::new();
    app.copied_orders(
        id,
        |order| ended(order, clock),
        |ended| orders.extend(ended),
    );
    let others = others(app, &rulebook)?;
    let eyes = Eyes {
        contract: app.contract(),
        rulebook: &rulebook,
    };
    let entries = app.exchanges(Some(id));
    let cut = app.journal().dropped(Some(id)) > 0;
    let calls = entries.iter().filter_map(|entry| LintInput::entry(entry));
    let calls = calls.map(|call| Call::new(call, eyes)).collect();
    let now = Moment { at: machine, clock };
    let mut history = History::new(&rulebook, &others, calls, now);
    history.orders = orders;
    history.secrets = secrets;
    history.cut = cut;
    let mut findings = lint::judge(&history);
    // Parameter names and order ids come from clients, so they may contain secrets.
    let redactor = app.redactor();
    for finding in &mut findings {
        finding.message = redactor.text(&finding.message);
    }
    Ok(Lint { findings })
}

/// The secrets of an account, except one that equals the client id.
fn secrets(merchant: &Merchant) -> HashSet<Identity> {
    let account = &merchant.account;
    let secrets = [Some(&account.client_secret), account.password.as_ref()];
    let secrets = secrets.into_iter().flatten();
    let secrets = secrets.filter(|secret| **secret != account.client_id);
    secrets.map(|secret| Identity::of(secret)).collect()
}

/// An order whose customer returned to the shop.
fn ended(order: &Order, now: Millis) -> Option<Ended> {
    let ended = order
        .ended
        .filter(|_| order.life.stage == Stage::Returned)?;
    Some(Ended {
        id: order.id,
        outcome: order.life.outcome?,
        ended,
        settled: order.is_settled(now),
    })
}

/// The rulebooks of the other shipped dialects.
fn others(app: &App, own: &Rulebook) -> Result<Vec<Arc<Rulebook>>, Problem> {
    let names = app.contract().dialect_names().into_iter();
    let names = names.filter(|name| *name != own.dialect().name);
    let wrong =
        |error: anyhow::Error| problem(StatusCode::INTERNAL_SERVER_ERROR, format!("{error:#}"));
    names
        .map(|name| app.dialects.get(name).map_err(wrong))
        .collect()
}

pub(super) fn get(call: &AdminRequest<'_>) -> Answer {
    Ok(Reply::json(
        StatusCode::OK,
        &lint(call.app, call.id, call.now)?,
    ))
}
