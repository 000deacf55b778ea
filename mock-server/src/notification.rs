//! `GET /online/client-id/{clientId}/notifications/…`: what became of an order.

use crate::app::App;
use crate::auth::Caller;
use crate::callback;
use crate::clock::Millis;
use crate::journal::Note;
use crate::order::{Decision, Outcome, Stage};
use crate::orders::Order;
use crate::reject::Rejection;
use crate::reply::Reply;
use crate::state::{Merchant, State};
use flexiti_contract::dialect::{CallbackUrl, PurchaseBlock, SharedId, Unfinished, UnknownOrder};
use flexiti_contract::{Endpoint, Flow, Rule, Rulebook};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};

/// Answers a notification request of an authenticated merchant about the order `id`; a late
/// one shows no outcome yet.
pub fn handle(
    app: &App,
    rulebook: &Rulebook,
    endpoint: Endpoint,
    caller: &Caller,
    id: &str,
    late: bool,
    note: &mut Note,
) -> Result<Reply, Rejection> {
    let mut state = app.state();
    let Some(found) = find(&state, rulebook, endpoint, caller, id) else {
        return unknown(rulebook);
    };
    note.order_id = Some(found);
    let state = &mut *state;
    let (Some(order), Some(merchant)) = (
        state.orders.get_mut(found),
        state.merchants.get(&*caller.client_id),
    ) else {
        return unknown(rulebook);
    };
    order.expire(rulebook, caller.now);
    let settled = order.poll(caller.now) && !late;
    match body(rulebook, merchant, order, settled) {
        Some(body) => Ok(Reply::json(200, &body)),
        None => Err(Rejection::new(Rule::NotificationUnfinished, "not_found")),
    }
}

fn unknown(rulebook: &Rulebook) -> Result<Reply, Rejection> {
    let empty = rulebook.knobs().notification_unknown == UnknownOrder::Empty;
    let broken = rulebook.taken_away(Rule::NotificationUnknown)
        || rulebook.taken_away(Rule::NotificationUnknownEmpty);
    if empty == broken {
        return Err(Rejection::new(Rule::NotificationUnknown, "not_found"));
    }
    Ok(Reply::json(200, &json!({})))
}

fn find(
    state: &State,
    rulebook: &Rulebook,
    endpoint: Endpoint,
    caller: &Caller,
    id: &str,
) -> Option<u64> {
    if endpoint != Endpoint::NotificationMerchantOrder {
        let order = state.orders.get(id.parse().ok()?)?;
        // Other spellings of the number are other ids.
        if order.id.to_string() != id {
            return None;
        }
        let owned = *order.client_id == *caller.client_id;
        return (owned || rulebook.taken_away(Rule::NotificationOwner)).then_some(order.id);
    }
    let merchant = state.merchants.get(&*caller.client_id)?;
    let ids = state.orders.by_merchant_id(&merchant.client_id, id);
    let oldest = (rulebook.knobs().merchant_order_id_shared == SharedId::Oldest)
        != rulebook.taken_away(Rule::NotificationShared);
    let found = ids.and_then(|ids| if oldest { ids.front() } else { ids.back() });
    let others = || {
        let same = |order: &&Order| order.merchant_order_id.as_deref() == Some(id);
        let order = state.orders.iter().find(same)?;
        rulebook
            .taken_away(Rule::NotificationOwner)
            .then_some(order.id)
    };
    found.copied().or_else(others)
}

/// The notification of an order; nothing where the dialect answers as if it did not exist.
fn body(rulebook: &Rulebook, merchant: &Merchant, order: &Order, settled: bool) -> Option<Value> {
    let knobs = rulebook.knobs();
    let shown = Shown::of(order, settled);
    let mut apply = apply_block(rulebook, order, shown);
    let mut purchase = purchase_block(rulebook, order, shown);
    if apply.is_none() && purchase.is_none() {
        let as_said = match knobs.notification_unfinished {
            answer if !rulebook.taken_away(Rule::NotificationUnfinished) => answer,
            Unfinished::WithoutBlocks => Unfinished::StatusWord,
            _ => Unfinished::WithoutBlocks,
        };
        match as_said {
            Unfinished::NotFound => return None,
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
    let mut put = |rule, name: &str, value: Value| {
        if !rulebook.taken_away(rule) {
            body.insert(name.to_owned(), value);
        }
    };
    let id = if rulebook.taken_away(Rule::TransactionIdOrder) {
        order.id + 13
    } else {
        order.id
    };
    put(
        Rule::ResponseTransactionId,
        "transaction_id",
        id_value(rulebook, &id.to_string()),
    );
    let flow = match order.flow {
        Flow::Apply => "apply",
        Flow::Buy => "buy",
        Flow::ApplyBuy => "apply/buy",
    };
    put(Rule::ResponseFlow, "flow", json!(flow));
    let visited = match knobs.notification_callback_url {
        CallbackUrl::Visited if order.life.stage == Stage::Returned => {
            callback::url(merchant, order)
        }
        _ => None,
    };
    put(
        Rule::ResponseCallbackUrl,
        "callback_url",
        json!(visited.unwrap_or_default()),
    );
    if let Some(apply) = apply {
        body.insert("apply".to_owned(), apply);
    }
    if let Some(purchase) = purchase {
        body.insert(knobs.purchase_block_name.clone(), purchase);
    }
    if !rulebook.taken_away(Rule::ResponseDate) {
        let ended = order.ended.filter(|_| shown.outcome.is_some());
        let date = ended.unwrap_or(order.opened);
        body.insert("date".to_owned(), json!(iso(date)));
    }
    Some(Value::Object(body))
}

/// What a notification may show of an order's life.
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
                // Nobody told Flexiti that the window was closed.
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
    let word = if rulebook.taken_away(Rule::ApplyStatus) {
        &format!("{word}-")
    } else {
        word
    };
    let mut block = json!({"apply_status": word});
    if shown.decision == Some(Decision::Approved)
        && !rulebook.taken_away(Rule::ApplyCustomerId)
        && let Some(id) = &order.customer_id
    {
        block["customer_id"] = id_value(rulebook, id);
    }
    Some(block)
}

fn purchase_block(rulebook: &Rulebook, order: &Order, shown: Shown) -> Option<Value> {
    let words = &rulebook.knobs().purchase_status_words;
    if order.flow == Flow::Apply {
        return None;
    }
    // Without a purchase begun, an apply/buy order ends as an application.
    let only_applied = order.flow == Flow::ApplyBuy && shown.decision != Some(Decision::Approved);
    let word = match shown.outcome? {
        Outcome::Purchased => &words.purchased,
        Outcome::Refused => &words.refused,
        _ if only_applied => {
            let refused = (rulebook.knobs().purchase_block_without_purchase
                == PurchaseBlock::Refused)
                != rulebook.taken_away(Rule::PurchaseMissing);
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
    if rulebook.taken_away(Rule::PurchaseStatus) {
        return Some(json!({"status": format!("{word}-")}));
    }
    Some(json!({"status": word}))
}

/// An id of the type that ids have.
fn id_value(rulebook: &Rulebook, id: &str) -> Value {
    match id.parse::<u64>() {
        Ok(number) if rulebook.knobs().ids_as != "string" => json!(number),
        _ => json!(id),
    }
}

/// `2022-06-13T22:29:20.276Z` (R-ex).
fn iso(at: Millis) -> String {
    let at = Timestamp::from_millisecond(at).unwrap_or(Timestamp::UNIX_EPOCH);
    let at = at.to_zoned(TimeZone::UTC);
    at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}
