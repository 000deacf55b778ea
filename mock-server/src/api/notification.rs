//! `GET /online/client-id/{clientId}/notifications/…`: the outcome of an order.

use crate::api::auth::Caller;
use crate::api::call::Call;
use crate::api::rejection::Rejection;
use crate::clock::Millis;
use crate::http::reply::Reply;
use crate::journal::Note;
use crate::model::callback_url;
use crate::model::lifecycle::{Decision, Outcome, Stage};
use crate::model::order::{self, Order};
use crate::state::{Merchant, Orders};
use flexiti_contract::dialect::{
    CallbackUrl, IdsAs, PurchaseBlock, SharedId, Unfinished, UnknownOrder,
};
use flexiti_contract::{Endpoint, ErrorId, Flow, Rule, Rulebook};
use hyper::StatusCode;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};

/// Answers an authenticated notification request.
pub fn handle(call: &Call<'_>, caller: &Caller, note: &mut Note) -> Result<Reply, Rejection> {
    let rulebook = call.rulebook;
    let state = &mut *call.app.state();
    let Some(merchant) = state.merchants.get(&caller.client_id) else {
        return unknown(rulebook);
    };
    let found = find(&state.orders, rulebook, call, caller);
    let Some(order) = found.and_then(|id| state.orders.get_mut(id)) else {
        return unknown(rulebook);
    };
    note.order_id = Some(order.id);
    order.expire(rulebook, caller.now);
    let settled = order.poll(caller.now) && !call.hides_outcome;
    match body(rulebook, merchant, order, settled) {
        Some(body) => Ok(Reply::json(StatusCode::OK, &body)),
        None => Err(Rejection::new(
            Rule::NotificationUnfinished,
            ErrorId::NotFound,
        )),
    }
}

fn unknown(rulebook: &Rulebook) -> Result<Reply, Rejection> {
    match rulebook.knobs().notification_unknown {
        UnknownOrder::Empty => Ok(Reply::json(StatusCode::OK, &json!({}))),
        UnknownOrder::NotFound => Err(Rejection::new(Rule::NotificationUnknown, ErrorId::NotFound)),
    }
}

/// The caller's order that the path identifies.
fn find(orders: &Orders, rulebook: &Rulebook, call: &Call<'_>, caller: &Caller) -> Option<u64> {
    let id = call.order_id;
    if call.endpoint != Endpoint::NotificationMerchantOrder {
        let order = orders.get(id.parse().ok()?)?;
        // Other spellings of the number, such as leading zeros, are other ids.
        let same = order.id.to_string() == id && order.client_id == caller.client_id;
        return same.then_some(order.id);
    }
    let id = order::comparable(rulebook, id);
    let ids = orders.by_merchant_id(&caller.client_id, &id)?;
    let found = match rulebook.knobs().merchant_order_id_shared {
        SharedId::Oldest => ids.front(),
        SharedId::Newest | SharedId::Refuse => ids.back(),
    };
    found.copied()
}

/// The notification of an order; `None` if the dialect answers as if the order did not exist.
fn body(rulebook: &Rulebook, merchant: &Merchant, order: &Order, settled: bool) -> Option<Value> {
    let knobs = rulebook.knobs();
    let shown = Shown::of(order, settled);
    let mut apply = apply_block(rulebook, order, shown);
    let mut purchase = purchase_block(rulebook, order, shown);
    if apply.is_none() && purchase.is_none() {
        match knobs.notification_unfinished {
            Unfinished::NotFound => return None,
            Unfinished::Empty => return Some(json!({})),
            Unfinished::WithoutBlocks => {}
            Unfinished::StatusWord if order.flow == Flow::Buy => {
                purchase = Some(json!({"status": knobs.purchase_status_words.unfinished}));
            }
            Unfinished::StatusWord => {
                apply = Some(json!({"apply_status": knobs.apply_status_words.unfinished}));
            }
        }
    }
    let mut body = Map::new();
    let mut put = |name: &str, value: Value| body.insert(name.to_owned(), value);
    let transaction = knobs.transaction_id_is.of(order.id).to_string();
    put("transaction_id", id_value(rulebook, &transaction));
    let flow = match order.flow {
        Flow::Apply => "apply",
        Flow::Buy => "buy",
        Flow::ApplyBuy => "apply/buy",
    };
    put("flow", json!(flow));
    let visited = match knobs.notification_callback_url {
        CallbackUrl::Visited if order.life.stage == Stage::Returned => {
            Some(callback_url::url(&merchant.account, rulebook, order).unwrap_or_default())
        }
        CallbackUrl::Null => None,
        _ => Some(String::new()),
    };
    put("callback_url", json!(visited));
    if let Some(apply) = apply {
        body.insert("apply".to_owned(), apply);
    }
    if let Some(purchase) = purchase {
        body.insert(knobs.purchase_block_name.as_str().to_owned(), purchase);
    }
    let ended = order.ended.filter(|_| shown.outcome.is_some());
    let date = ended.unwrap_or(order.opened);
    body.insert("date".to_owned(), json!(iso(date)));
    Some(Value::Object(body))
}

/// The part of an order's life that a notification may show.
#[derive(Clone, Copy)]
struct Shown {
    decision: Option<Decision>,
    outcome: Option<Outcome>,
}

impl Shown {
    fn of(order: &Order, settled: bool) -> Self {
        if settled {
            Self {
                decision: order.life.decision,
                // Flexiti does not learn that the customer closed the window.
                outcome: order.life.outcome.filter(|o| *o != Outcome::Abandoned),
            }
        } else {
            Self {
                decision: None,
                outcome: None,
            }
        }
    }
}

fn apply_block(rulebook: &Rulebook, order: &Order, shown: Shown) -> Option<Value> {
    let words = &rulebook.knobs().apply_status_words;
    if order.flow == Flow::Buy {
        return None;
    }
    let word = match (shown.decision, shown.outcome) {
        (Some(Decision::Approved), _) => &words.approved,
        (Some(Decision::Pending), _) => &words.pending,
        (Some(Decision::Declined), _) => &words.declined,
        (Some(Decision::Retry), Some(Outcome::Retry)) => &words.retry,
        (_, Some(Outcome::Cancelled)) => &words.cancelled,
        (_, Some(Outcome::Expired)) => &words.expired,
        _ => return None,
    };
    let mut block = json!({"apply_status": word});
    if shown.decision == Some(Decision::Approved)
        && let Some(id) = &order.customer_id
    {
        block["customer_id"] = id_value(rulebook, id);
    }
    Some(block)
}

fn purchase_block(rulebook: &Rulebook, order: &Order, shown: Shown) -> Option<Value> {
    let knobs = rulebook.knobs();
    let words = &knobs.purchase_status_words;
    if order.flow == Flow::Apply {
        return None;
    }
    // Unless a purchase has begun, an apply/buy order ends as an application.
    let only_applied = order.flow == Flow::ApplyBuy && shown.decision != Some(Decision::Approved);
    let word = match shown.outcome? {
        Outcome::Purchased => &words.purchased,
        Outcome::Refused => &words.refused,
        _ if only_applied => {
            let refused = knobs.purchase_block_without_purchase == PurchaseBlock::Refused;
            return refused.then(|| json!({"status": words.refused}));
        }
        Outcome::Cancelled => &words.cancelled,
        Outcome::Expired => &words.expired,
        Outcome::Approved
        | Outcome::Pending
        | Outcome::Declined
        | Outcome::Retry
        | Outcome::Abandoned => return None,
    };
    Some(json!({"status": word}))
}

/// An id, with the JSON type that the dialect gives to ids.
fn id_value(rulebook: &Rulebook, id: &str) -> Value {
    match id.parse::<u64>() {
        Ok(number) if rulebook.knobs().ids_as == IdsAs::Integer => json!(number),
        _ => json!(id),
    }
}

/// Formats a time as in `2022-06-13T22:29:20.276Z` (R-ex).
fn iso(at: Millis) -> String {
    let at = Timestamp::from_millisecond(at).unwrap_or(Timestamp::UNIX_EPOCH);
    let at = at.to_zoned(TimeZone::UTC);
    at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}
