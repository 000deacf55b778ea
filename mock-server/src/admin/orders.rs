//! Orders, shown and moved from outside: what a test does in a customer's place.

use crate::admin::ask::AdminRequest;
use crate::admin::problem::{Answer, Problem, problem};
use crate::app::App;
use crate::clock::Millis;
use crate::events::What;
use crate::fault::Action;
use crate::http::reply::Reply;
use crate::http::reply::{Callback, Follow};
use crate::http::route::CHECKOUT;
use crate::model::lifecycle::{Outcome, Stage, word};
use crate::model::order::{Order, Settles};
use crate::model::{callback_url, redirection_url};
use crate::state::transitions::Wanted;
use crate::state::{State, transitions};
use flexiti_contract::{Decision, Flow, Lang, Rulebook};
use hyper::StatusCode;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The maximum number of orders in a list, newest first.
const LISTED: usize = 1_000;

/// Orders, newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OrderList {
    /// At most the newest 1,000.
    pub orders: Vec<OrderView>,
}

/// The current state of an order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OrderView {
    /// `online_order_id`.
    pub id: u64,
    /// Client id of its merchant.
    pub client_id: String,
    /// `merchant_orderid`.
    pub merchant_order_id: Option<String>,
    /// What the customer does: `apply`, `buy` or `apply_buy` (init's `apply/buy`).
    #[schemars(with = "String")]
    pub flow: Flow,
    /// The language of its pages: `en` or `fr`.
    #[schemars(with = "String")]
    pub lang: Lang,
    /// The amount in dollars, as a decimal number.
    pub amount: String,
    /// Where it is in its life-cycle.
    pub stage: Stage,
    /// The decision on the application: `approved`, `pending`, `declined` or `retry`.
    #[schemars(with = "Option<String>")]
    pub decision: Option<Decision>,
    /// How it ended; `retry` if the customer may try again.
    pub outcome: Option<Outcome>,
    /// Why the purchase was refused, in the POS API's terms.
    pub refused: Option<String>,
    /// The outcomes that `complete` can bring it to now.
    pub next: Vec<Wanted>,
    /// Whether notifications show the outcome.
    pub settled: bool,
    /// The Flexiti customer id, once there is one.
    pub customer_id: Option<String>,
    /// The PIN that the customer has to enter, once one was sent.
    pub pin: Option<String>,
    /// When init created it, by the merchant's clock.
    pub opened: Option<Timestamp>,
    /// When it reached its outcome, by the merchant's clock.
    pub ended: Option<Timestamp>,
    /// The URL of its pages.
    pub redirection_url: String,
    /// Where its customer is sent at the end, once that is known.
    pub callback_url: Option<String>,
}

/// The body of `POST orders/{id}/complete`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Complete {
    /// The outcome to bring the order to, as its customer would.
    pub outcome: Wanted,
    /// Whether to request the callback URL, as the customer's browser would.
    #[serde(default)]
    pub follow: bool,
    /// Delays the outcome in notifications.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settle_after: Option<SettleAfter>,
}

/// When notifications begin to show the outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum SettleAfter {
    /// After this many milliseconds on the merchant's clock.
    Ms(u32),
    /// After this many notifications without the outcome.
    Polls(u32),
}

/// The answer of `POST orders/{id}/complete`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Completed {
    /// Where the customer's browser is sent; absent if the merchant configured no URL.
    pub callback_url: Option<String>,
    /// The current state of the order.
    pub order: OrderView,
    /// The shop's answer, if `follow` was set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub followed: Option<Followed>,
}

/// The shop's answer to a callback.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Followed {
    /// The HTTP status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Why there was no answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// Lists the orders of one merchant, or of all.
pub fn list(app: &App, client_id: Option<&str>, now: Millis) -> OrderList {
    let ids: Vec<u64> = {
        let state = app.state();
        let id = |order: &Order| order.id;
        match client_id {
            Some(client) => state.orders.of(client).rev().take(LISTED).map(id).collect(),
            None => state.orders.iter().rev().take(LISTED).map(id).collect(),
        }
    };
    let mut orders = Vec::with_capacity(ids.len());
    // A few at a time, because others need the state meanwhile.
    for ids in ids.chunks(16) {
        let state = app.state();
        let found = ids.iter().filter_map(|id| state.orders.get(*id));
        orders.extend(found.map(|order| view(app, &state, order, now)));
    }
    OrderList { orders }
}

/// Shows an order.
pub fn show(app: &App, id: u64, now: Millis) -> Result<OrderView, Problem> {
    let state = app.state();
    let order = state.orders.get(id);
    Ok(view(app, &state, order.ok_or_else(|| no_order(id))?, now))
}

fn no_order(id: impl std::fmt::Display) -> Problem {
    problem(StatusCode::NOT_FOUND, format!("no order `{id}`"))
}

/// The current state of an order. One whose time has run out counts as ended, even if no request
/// has noticed yet.
fn view(app: &App, state: &State, order: &Order, machine: Millis) -> OrderView {
    let merchant = state.merchants.get(&order.client_id);
    let now = merchant.map_or(machine, |merchant| merchant.clock.at(machine));
    let mut order = order.clone();
    if let Some(merchant) = merchant {
        order.expire(&merchant.rulebook, now);
    }
    let callback_url = merchant
        .and_then(|merchant| callback_url::url(&merchant.account, &merchant.rulebook, &order));
    let pages = format!("{}{CHECKOUT}", app.origin);
    let visit = order.visit.as_deref();
    let time = |at: Millis| Timestamp::from_millisecond(at).ok();
    OrderView {
        id: order.id,
        client_id: order.client_id.to_string(),
        merchant_order_id: order.merchant_order_id.as_deref().map(str::to_owned),
        flow: order.flow,
        lang: order.lang,
        amount: order.amount().to_string(),
        stage: order.life.stage,
        decision: order.life.decision,
        outcome: order.life.outcome,
        refused: visit
            .and_then(|visit| visit.refused)
            .map(|refused| refused.word().to_owned()),
        next: merchant.map_or(Vec::new(), |merchant| {
            transitions::may_come_to(&merchant.rulebook, &order)
        }),
        settled: order.is_settled(now),
        pin: visit.and_then(|visit| visit.pin.clone()),
        opened: time(order.opened),
        ended: order.ended.and_then(time),
        redirection_url: match merchant {
            Some(merchant) => redirection_url::url(&merchant.rulebook, &pages, &order),
            None => format!("{pages}/{}", order.session),
        },
        customer_id: order.customer_id,
        callback_url,
    }
}

/// Moves an order as its customer would. With `follow`, also returns the callback that is still to
/// be delivered to the shop.
pub fn complete(
    app: &App,
    id: u64,
    wish: &Complete,
    machine: Millis,
) -> Result<(Completed, Option<Callback>), Problem> {
    let mut state = app.state();
    let order = state.orders.get(id).ok_or_else(|| no_order(id))?;
    let client_id = Arc::clone(&order.client_id);
    let merchant = state.merchants.get(&client_id);
    let merchant = merchant.ok_or_else(|| no_order(id))?;
    let now = merchant.clock.at(machine);
    let rulebook = Arc::clone(&merchant.rulebook);
    if let Some(order) = state.orders.get_mut(id) {
        order.expire(&rulebook, now);
    }
    if transitions::complete(&mut state, &rulebook, id, wish.outcome, now).is_err() {
        let order = state.orders.get(id).ok_or_else(|| no_order(id))?;
        let message = cannot_come_to(&rulebook, order, wish.outcome);
        return Err(problem(StatusCode::CONFLICT, message));
    }
    if let Some(order) = state.orders.get_mut(id) {
        order.settles = wish.settle_after.map(|after| match after {
            SettleAfter::Ms(ms) => Settles::At(now.saturating_add(Millis::from(ms))),
            SettleAfter::Polls(polls) => Settles::Polls(polls),
        });
    }
    let order = state.orders.get(id).ok_or_else(|| no_order(id))?;
    let shown = view(app, &state, order, machine);
    let callback = shown.callback_url.clone().filter(|_| wish.follow);
    let State {
        orders, merchants, ..
    } = &mut *state;
    let callback = callback.map(|url| {
        let found = orders.get(id).zip(merchants.get_mut(&client_id));
        let strike = found.and_then(|(order, merchant)| merchant.strike_callback(order, now));
        let action = strike.as_ref().map(|strike| &strike.action);
        Callback {
            url,
            client_id: Arc::clone(&client_id),
            order_id: id,
            twice: action == Some(&Action::DuplicateCallback),
            strike,
        }
    });
    drop(state);
    app.changed(What::Orders, Some(&client_id));
    let completed = Completed {
        callback_url: shown.callback_url.clone(),
        order: shown,
        followed: None,
    };
    Ok((completed, callback))
}

/// Why an order cannot reach an outcome, and which outcomes it can reach.
fn cannot_come_to(rulebook: &Rulebook, order: &Order, wanted: Wanted) -> String {
    let id = order.id;
    let next: Vec<String> = transitions::may_come_to(rulebook, order)
        .iter()
        .map(|wanted| format!("`{}`", word(wanted)))
        .collect();
    if next.is_empty() {
        let outcome = order.life.outcome.map(|outcome| word(&outcome));
        let outcome = outcome.unwrap_or_else(|| word(&order.life.stage));
        return format!("order {id} has ended as `{outcome}`, and no other outcome can follow");
    }
    let (wanted, next) = (word(&wanted), next.join(", "));
    format!("order {id} cannot come to `{wanted}` now; it can come to {next}")
}

impl Completed {
    /// Adds the result of requesting the callback URL.
    #[must_use]
    pub fn after(mut self, came: Result<StatusCode, String>) -> Self {
        let (status, error) = match came {
            Ok(status) => (Some(status.as_u16()), None),
            Err(why) => (None, Some(why)),
        };
        self.followed = Some(Followed { status, error });
        self
    }
}

fn number(call: &AdminRequest<'_>) -> Result<u64, Problem> {
    call.id.parse().map_err(|_| no_order(call.id))
}

pub(super) fn get_all(call: &AdminRequest<'_>) -> Answer {
    let client_id = call.client_id()?;
    let mut found = list(call.app, client_id.as_deref(), call.now);
    for order in &mut found.orders {
        call.for_client(&mut order.redirection_url);
    }
    Ok(Reply::json(StatusCode::OK, &found))
}

pub(super) fn get(call: &AdminRequest<'_>) -> Answer {
    let mut order = show(call.app, number(call)?, call.now)?;
    call.for_client(&mut order.redirection_url);
    Ok(Reply::json(StatusCode::OK, &order))
}

pub(super) fn post_complete(call: &AdminRequest<'_>) -> Answer {
    let wish: Complete = call.body()?;
    let (mut completed, callback) = complete(call.app, number(call)?, &wish, call.now)?;
    call.for_client(&mut completed.order.redirection_url);
    let reply = Reply::json(StatusCode::OK, &completed);
    let Some(callback) = callback else {
        return Ok(reply);
    };
    Ok(reply.following(Follow {
        callback,
        then: Box::new(move |came| {
            Reply::json(StatusCode::OK, &completed.after(came)).ending_its_line()
        }),
    }))
}
