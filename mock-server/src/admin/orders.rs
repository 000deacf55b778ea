//! Orders seen and moved from outside: what a test does in a customer's place.

use super::{Answer, Problem, body, problem, query};
use crate::app::App;
use crate::callback;
use crate::checkout::acts::{self, Wanted};
use crate::clock::Millis;
use crate::fault::{Action, Place, Seen};
use crate::orders::{Order, Settles};
use crate::reply::{Follow, Reply};
use crate::request::Request;
use crate::state::State;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// How many orders a list shows at most, the newest.
const LISTED: usize = 1_000;

/// `GET orders?client_id=`: the newest first.
pub fn list(app: &App, request: &Request, machine: Millis) -> Answer {
    let mut client_id = None;
    let query = query(request);
    for (name, value) in query.pairs() {
        if name != "client_id" {
            let message = format!("{name}: unknown; the filter is client_id");
            return Err(problem(422, message));
        }
        client_id = Some(value);
    }
    let state = app.state();
    let orders: Vec<Value> = state
        .orders
        .iter()
        .rev()
        .filter(|order| client_id.as_ref().is_none_or(|id| *order.client_id == **id))
        .take(LISTED)
        .map(|order| describe(app, &state, order, machine))
        .collect();
    Ok(Reply::json(200, &json!({"orders": orders})))
}

/// `GET orders/{id}`.
pub fn show(app: &App, id: &str, machine: Millis) -> Answer {
    let state = app.state();
    let order = number(id)
        .and_then(|id| state.orders.get(id))
        .ok_or_else(|| unknown(id))?;
    Ok(Reply::json(200, &describe(app, &state, order, machine)))
}

fn number(id: &str) -> Option<u64> {
    id.parse().ok()
}

fn unknown(id: &str) -> Problem {
    problem(404, format!("no order `{id}`"))
}

/// An order as it stands now: one whose time is over has ended, though nobody has asked yet.
fn describe(app: &App, state: &State, order: &Order, machine: Millis) -> Value {
    let merchant = state.merchants.get(&*order.client_id);
    let now = merchant.map_or(machine, |merchant| merchant.clock.at(machine));
    let mut order = order.clone();
    if let Some(merchant) = merchant {
        order.expire(&merchant.rulebook, now);
    }
    let order = &order;
    let visit = order.visit.as_deref();
    let time = |at: Millis| {
        Timestamp::from_millisecond(at)
            .ok()
            .map(|at| at.to_string())
    };
    json!({
        "id": order.id,
        "client_id": *order.client_id,
        "merchant_order_id": order.merchant_order_id.as_deref(),
        "flow": order.flow,
        "lang": order.lang,
        "amount": order.amount().to_string(),
        "stage": order.life.stage,
        "decision": order.life.decision,
        "outcome": order.life.outcome,
        "refused": visit.and_then(|visit| visit.refused),
        "settled": order.is_settled(now),
        "customer_id": order.customer_id,
        "pin": visit.and_then(|visit| visit.pin.as_deref()),
        "opened": time(order.opened),
        "ended": order.ended.and_then(time),
        "redirection_url": format!("{}{}/{}", app.origin, crate::route::CHECKOUT, order.session),
        "callback_url": merchant.and_then(|merchant| callback::url(merchant, order)),
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Complete {
    outcome: Wanted,
    #[serde(default)]
    follow: bool,
    settle_after: Option<SettleAfter>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum SettleAfter {
    Ms(u32),
    Polls(u32),
}

/// `POST orders/{id}/complete`: moves the order as its customer would.
pub fn complete(app: &App, id: &str, request: &Request, machine: Millis) -> Answer {
    let wish: Complete = body(request)?;
    let mut state = app.state();
    let order = number(id)
        .and_then(|id| state.orders.get(id))
        .ok_or_else(|| unknown(id))?;
    let id = order.id;
    let merchant = state.merchants.get(&*order.client_id);
    let merchant = merchant.ok_or_else(|| unknown("its merchant is gone"))?;
    let now = merchant.clock.at(machine);
    let rulebook = Arc::clone(&merchant.rulebook);
    if let Some(order) = state.orders.get_mut(id) {
        order.expire(&rulebook, now);
    }
    acts::complete(&mut state, &rulebook, id, wish.outcome, now)
        .map_err(|illegal| problem(409, illegal.to_string()))?;
    if let Some(order) = state.orders.get_mut(id) {
        order.settles = wish.settle_after.map(|after| match after {
            SettleAfter::Ms(ms) => Settles::At(now.saturating_add(Millis::from(ms))),
            SettleAfter::Polls(polls) => Settles::Polls(polls),
        });
    }
    let order = state
        .orders
        .get(id)
        .map(|order| describe(app, &state, order, machine));
    let order = order.unwrap_or_default();
    let url = order["callback_url"].as_str().map(str::to_owned);
    let answer = json!({"callback_url": url, "order": order});
    let reply = Reply::json(200, &answer);
    let Some(url) = url.filter(|_| wish.follow) else {
        return Ok(reply);
    };
    let twice = strikes_callback(&mut state, id, now);
    Ok(reply.following(Follow {
        url,
        twice,
        then: Box::new(move |came| {
            let mut answer = answer;
            answer["followed"] = match came {
                Ok(status) => json!({"status": status}),
                Err(why) => json!({"error": why}),
            };
            Reply::json(200, &answer)
        }),
    }))
}

/// Whether a fault makes this callback come twice. No exchange of the journal is struck by it:
/// the account has 0 in the place of an id.
fn strikes_callback(state: &mut State, id: u64, now: Millis) -> bool {
    let client_id = state
        .orders
        .get(id)
        .map(|order| Arc::clone(&order.client_id));
    let merchant = client_id.and_then(|id| state.merchants.get_mut(&*id));
    let seen = Seen {
        place: Place::Callback,
        now,
        params: &Map::new,
    };
    let struck = merchant.and_then(|merchant| merchant.faults.strike(&seen, 0));
    struck == Some(Action::DuplicateCallback)
}
