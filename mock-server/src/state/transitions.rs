//! The effects of an event besides moving the order on, and the events that lead to an outcome.

use crate::clock::Millis;
use crate::model::customer::{Customer, CustomerStatus};
use crate::model::decision::decide;
use crate::model::lifecycle::{self, Decision, Event, Illegal, Life, Outcome, Stage};
use crate::model::order::Order;
use crate::state::State;
use flexiti_contract::{Flow, Rulebook};
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The credit of a newly approved customer, as in the example on the POS API's customer page
/// (P-cust).
const CREDIT_LIMIT: Decimal = Decimal::from_parts(1_400_000, 0, 0, false, 2);

/// The outcome to bring an order to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the stages of the same names say it")]
pub enum Wanted {
    Approved,
    Pending,
    Declined,
    Retry,
    Purchased,
    Refused,
    Cancelled,
    Abandoned,
    Expired,
    /// The outcome that init's middle name decides; with apply/buy, an approval is followed by the
    /// purchase.
    AsApplied,
}

impl Wanted {
    /// All outcomes.
    pub const ALL: [Self; 10] = [
        Self::Approved,
        Self::Pending,
        Self::Declined,
        Self::Retry,
        Self::Purchased,
        Self::Refused,
        Self::Cancelled,
        Self::Abandoned,
        Self::Expired,
        Self::AsApplied,
    ];
}

/// The outcomes that an order can reach from its current stage.
pub fn may_come_to(rulebook: &Rulebook, order: &Order) -> Vec<Wanted> {
    let mut wanted = Wanted::ALL.to_vec();
    wanted.retain(|wanted| way(rulebook, order, *wanted).is_ok());
    wanted
}

/// Applies `event` to the order `id`. An event that is not allowed changes nothing; an unknown
/// order is ignored.
pub fn act(state: &mut State, id: u64, event: Event, now: Millis) -> Result<(), Illegal> {
    let Some(order) = state.orders.get_mut(id) else {
        return Ok(());
    };
    order.advance(event, now)?;
    order.visit().turn += 1;
    let merchant = state.merchants.get_mut(&order.client_id);
    let Some(merchant) = merchant else {
        return Ok(());
    };
    match event {
        Event::Decide(Decision::Approved) | Event::Review(Decision::Approved)
            if order.customer_id.is_none() =>
        {
            let number = state.next_customer;
            state.next_customer += 1;
            let parameters = order.parameters();
            let name = |name: &str| {
                let typed = order
                    .visit
                    .as_ref()
                    .and_then(|v| v.application.as_ref()?.get(name));
                let sent = || parameters.get(name).and_then(Value::as_str);
                typed
                    .map(String::as_str)
                    .or_else(sent)
                    .unwrap_or_default()
                    .to_owned()
            };
            let customer = Customer {
                customer_id: number.to_string(),
                vcc: format!("1070{number:012}"),
                first_name: name("fname"),
                last_name: name("lname"),
                available_credit: CREDIT_LIMIT,
                status: CustomerStatus::Active,
            };
            order.customer_id = Some(customer.customer_id.clone());
            merchant.customers.push(customer);
        }
        Event::Purchase => {
            let parameters = order.parameters();
            let sent = |name: &str| parameters.get(name).and_then(Value::as_str);
            let (id, vcc) = match order.customer_id.as_deref() {
                Some(id) => (Some(id), None),
                None => (sent("customer_id"), sent("vcc")),
            };
            if let Some(customer) = merchant.customers.find_mut(id, vcc) {
                let left = customer.available_credit - order.amount();
                customer.available_credit = left.max(Decimal::ZERO);
            }
        }
        _ => {}
    }
    Ok(())
}

/// Brings the order to `wanted`, as a customer would, and returns to the shop if there is a
/// callback URL. If that is impossible, the order is unchanged.
pub fn complete(
    state: &mut State,
    rulebook: &Rulebook,
    id: u64,
    wanted: Wanted,
    now: Millis,
) -> Result<(), Illegal> {
    bring(state, rulebook, id, wanted, now)?;
    if let Some(order) = state.orders.get(id)
        && lifecycle::advance(order.life, Event::Return).is_ok()
    {
        act(state, id, Event::Return, now)?;
    }
    Ok(())
}

/// Brings the order to `wanted`, but leaves the customer on Flexiti's page.
pub fn bring(
    state: &mut State,
    rulebook: &Rulebook,
    id: u64,
    wanted: Wanted,
    now: Millis,
) -> Result<(), Illegal> {
    let Some(order) = state.orders.get(id) else {
        return Ok(());
    };
    let events = way(rulebook, order, wanted)?;
    for event in events {
        act(state, id, event, now)?;
    }
    Ok(())
}

/// The events that bring an order to `wanted`, if they are allowed.
pub fn way(rulebook: &Rulebook, order: &Order, wanted: Wanted) -> Result<Vec<Event>, Illegal> {
    let events = events(order.life, wanted, || {
        let parameters = order.parameters();
        let name = parameters.get("mname").and_then(Value::as_str);
        decide(rulebook, name.unwrap_or_default())
    });
    let mut life = order.life;
    for event in &events {
        life = lifecycle::advance(life, *event)?;
    }
    Ok(events)
}

/// The events that lead from `life` to `wanted`; [`crate::model::lifecycle::advance`] decides
/// whether they are allowed.
fn events(life: Life, wanted: Wanted, by_key: impl Fn() -> Decision) -> Vec<Event> {
    let mut events = Vec::new();
    if life.outcome == Some(Outcome::Pending)
        && let Some(decision) = match wanted {
            Wanted::Approved => Some(Decision::Approved),
            Wanted::Declined => Some(Decision::Declined),
            _ => None,
        }
    {
        if life.stage == Stage::Pending {
            events.push(Event::Return);
        }
        events.push(Event::Review(decision));
        return events;
    }
    if life.stage == Stage::Created {
        events.push(Event::Open);
    }
    let mut apply = |decision: Decision| {
        if life.stage != Stage::Applying {
            events.push(Event::Apply);
        }
        events.push(Event::Decide(decision));
    };
    let begun = matches!(life.stage, Stage::Approved | Stage::Buying);
    let buys = match wanted {
        Wanted::Approved => {
            apply(Decision::Approved);
            None
        }
        Wanted::Pending => {
            apply(Decision::Pending);
            None
        }
        Wanted::Declined => {
            apply(Decision::Declined);
            None
        }
        Wanted::Retry => {
            apply(Decision::Retry);
            None
        }
        Wanted::AsApplied if life.flow == Flow::Buy || begun => Some(Event::Purchase),
        Wanted::AsApplied => {
            let decision = by_key();
            apply(decision);
            (life.flow == Flow::ApplyBuy && decision == Decision::Approved)
                .then_some(Event::Purchase)
        }
        Wanted::Purchased | Wanted::Refused => {
            if life.flow == Flow::ApplyBuy && !begun {
                apply(Decision::Approved);
            }
            Some(if wanted == Wanted::Purchased {
                Event::Purchase
            } else {
                Event::Refuse
            })
        }
        Wanted::Cancelled => {
            events.push(Event::Cancel);
            None
        }
        Wanted::Abandoned => {
            events.push(Event::Abandon);
            None
        }
        Wanted::Expired => {
            events.push(Event::TimeOut);
            None
        }
    };
    if let Some(event) = buys {
        if life.stage != Stage::Buying {
            events.push(Event::Buy);
        }
        events.push(event);
    }
    events
}
