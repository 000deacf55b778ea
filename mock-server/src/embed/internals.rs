//! Entry points for this project's own benchmarks and tests that bypass sockets. Not part of the
//! public interface, and subject to change.

use crate::checkout::view;
use crate::embed::Mock;
use crate::http::forwarded::Forwarded;
use crate::http::request::{Body, Request};
use crate::lint::{Call, Eyes, Finding, History, LintInput, Moment, judge};
use anyhow::Context as _;
use flexiti_contract::Rulebook;
use hyper::{HeaderMap, Method, StatusCode};
use std::sync::Arc;

/// Answers a POST; returns status and body.
pub fn post(mock: &Mock, path: &str, headers: HeaderMap, body: &str) -> (StatusCode, bytes::Bytes) {
    let reply = mock.service.handle(&Request {
        method: Method::POST,
        path: path.to_owned(),
        query: None,
        headers,
        body: Body::Read(body.to_owned().into()),
        forwarded: Forwarded::default(),
    });
    (reply.status, reply.body)
}

/// Returns a function that renders the page of an order, with errors in these fields.
pub fn page(
    mock: &Mock,
    order: u64,
    wrong: &[&'static str],
) -> anyhow::Result<impl Fn() -> String> {
    let app = &mock.service.app;
    let state = app.state();
    let order = state.orders.get(order).context("no such order")?.clone();
    let merchant = state.merchants.get(&order.client_id);
    let account = merchant.context("no such merchant")?.account.clone();
    drop(state);
    let merchant = app.merchant(account)?;
    let errors = wrong.iter().map(|name| (*name, "doit être rempli"));
    let errors = errors.collect();
    Ok(move || view::page(app, &merchant, &order, &errors, ""))
}

/// Judges a merchant's journal without redacting it first, and without its orders and secrets.
pub fn lint_journal(
    mock: &Mock,
    client_id: &str,
    eyes: Eyes<'_>,
    others: &[Arc<Rulebook>],
    now: Moment,
) -> Vec<Finding> {
    let entries = mock.service.app.exchanges(Some(client_id));
    let calls = entries.iter().filter_map(|entry| LintInput::entry(entry));
    let calls = calls.map(|call| Call::new(call, eyes)).collect();
    judge(&History::new(eyes.rulebook, others, calls, now))
}
