//! A scenario and its trace: the input of every check.

use crate::merchant::trace::{ExchangeView, Happened, Played, endpoint, is_lost};
use flexiti_contract::Endpoint;
use flexiti_contract::scenario::{Scenario, Start, Step};
use serde_json::Value;
use std::collections::HashSet;

/// Words for a failed purchase (HS-tr has `Failed`).
const FAILED: &[&str] = &["failed", "failure", "declined", "refused"];

/// A scenario and its trace.
pub struct Story<'a> {
    pub scenario: &'a Scenario,
    pub played: &'a Played,
}

impl<'a> Story<'a> {
    /// The shop's calls to these endpoints.
    pub fn calls(&self, is_wanted: fn(Endpoint) -> bool) -> impl Iterator<Item = &'a ExchangeView> {
        let calls = self.played.exchanges.iter();
        calls.filter(move |call| endpoint(call).is_some_and(is_wanted))
    }

    /// The orders whose pages the shop knows: those whose init answer it received.
    pub fn told_orders(&self) -> HashSet<u64> {
        let inits: Vec<&ExchangeView> = self.calls(is_init).collect();
        let number = |call: &ExchangeView| merchant_orderid(call).cloned();
        // A shop that sends init again before the answer arrives has given up on that answer.
        let given_up = |at: usize, call: &ExchangeView| {
            let took = i64::try_from(call.row.duration_us / 1_000).unwrap_or(i64::MAX);
            let took = took.saturating_add(self.planned_delay(call));
            let answered = call.row.at.as_millisecond().saturating_add(took);
            let later = inits[at + 1..].iter();
            let mut again = later.filter(|other| number(other) == number(call));
            call.row.fault.is_some() && again.any(|other| other.row.at.as_millisecond() < answered)
        };
        let told = inits.iter().enumerate();
        let told = told.filter(|(at, call)| !is_lost(call) && !given_up(*at, call));
        told.filter_map(|(_, call)| call.row.order_id).collect()
    }

    /// How long a planned fault delayed the answer to a call, in milliseconds.
    pub fn planned_delay(&self, call: &ExchangeView) -> i64 {
        let faults = self.played.faults.iter();
        let mut struck = faults.filter(|fault| fault.consumed_by.contains(&call.row.id));
        let action = struck
            .next()
            .map(|fault| serde_json::to_value(&fault.fault.action));
        let action = action.and_then(Result::ok).unwrap_or_default();
        action["ms"].as_i64().unwrap_or_default()
    }

    /// Whether a notification said explicitly that the purchase failed: the shop may then show the
    /// order as failed, whatever became of the application.
    pub fn was_told_of_failure(&self) -> bool {
        self.played.flow == "apply/buy"
            && self
                .calls(|endpoint| kind(endpoint) == "notification")
                .any(says_failed)
    }

    /// Whether the shop got any notification that no fault touched, or that was merely delayed.
    pub fn has_heard(&self) -> bool {
        self.last_heard().is_some()
    }

    /// Whether the shop asked for a notification, but a planned fault kept the answer from it.
    pub fn has_failed_to_hear(&self) -> bool {
        let mut asked = self.calls(|endpoint| kind(endpoint) == "notification");
        asked.any(|call| call.row.fault.is_some() && self.planned_delay(call) == 0)
    }

    /// The last notification that the shop got: the call's id, and the body.
    pub fn last_heard(&self) -> Option<String> {
        let asked = self.calls(|endpoint| kind(endpoint) == "notification");
        let heard = asked.filter(|call| {
            let is_whole = call.row.fault.is_none() || self.planned_delay(call) > 0;
            call.row.status == 200 && is_whole
        });
        let last = heard.last()?;
        let body = last.response_body.as_deref().unwrap_or_default();
        Some(format!("call {} was answered {body}", last.row.id))
    }

    /// Whether the shop was seen to believe what it had to doubt.
    pub fn was_fooled(&self) -> bool {
        let mut steps = self.scenario.steps.iter().zip(&self.played.happened);
        steps.any(|(step, came)| match (step, came) {
            (
                Step::Doubt { none_of },
                Happened::Believed {
                    belief: Some(belief),
                    ..
                },
            ) => none_of.contains(belief),
            _ => false,
        })
    }

    /// Whether another customer buys too.
    pub fn has_bystander(&self) -> bool {
        let mut steps = self.scenario.steps.iter();
        steps.any(|step| matches!(step, Step::Bystander { .. }))
    }

    /// Whether Flexiti's page did not open although it should have.
    pub fn did_not_open(&self) -> bool {
        let mut steps = self.scenario.steps.iter().zip(&self.played.happened);
        steps.any(|(step, happened)| {
            let opens = step.start() == Some(Start::Opens);
            opens && matches!(happened, Happened::Started { order: None, .. })
        })
    }

    /// Whether the shop may give up.
    pub fn may_fail(&self) -> bool {
        self.scenario
            .steps
            .iter()
            .any(|step| step.start().is_some_and(|expect| expect != Start::Opens))
    }

    /// Whether the shop gave up.
    pub fn gave_up(&self) -> bool {
        let mut steps = self.scenario.steps.iter().zip(&self.played.happened);
        let opened = steps.any(|(step, happened)| {
            step.start().is_some()
                && matches!(happened, Happened::Started { order, .. } if order.is_some())
        });
        self.may_fail() && !opened
    }
}

/// Whether a notification says explicitly that the purchase of an apply/buy failed. A shop may then
/// show the order as failed, whatever became of the application.
pub fn denies_purchase(call: &ExchangeView) -> bool {
    let body = call.response_body.as_deref().unwrap_or_default();
    let answer: Value = serde_json::from_str(body).unwrap_or_default();
    answer.get("apply").is_some() && says_failed(call)
}

fn says_failed(call: &ExchangeView) -> bool {
    let body = call.response_body.as_deref().unwrap_or_default();
    let answer: Value = serde_json::from_str(body).unwrap_or_default();
    let block = answer.get("purchase").or_else(|| answer.get("buy"));
    let word = block.and_then(|block| block["status"].as_str());
    word.is_some_and(|word| FAILED.contains(&word.to_ascii_lowercase().as_str()))
}

pub fn is_init(endpoint: Endpoint) -> bool {
    matches!(endpoint, Endpoint::InitV2 | Endpoint::InitPlain)
}

pub fn is_token(endpoint: Endpoint) -> bool {
    endpoint == Endpoint::Token
}

/// The kind of operation that a call belongs to; both init paths are one.
pub fn kind(endpoint: Endpoint) -> &'static str {
    match endpoint {
        Endpoint::Token => "token",
        Endpoint::InitV2 | Endpoint::InitPlain => "init",
        Endpoint::NotificationOrder
        | Endpoint::NotificationMerchantOrder
        | Endpoint::NotificationOld => "notification",
        Endpoint::Calculator | Endpoint::Availability | Endpoint::LearnMore => "other",
    }
}

/// The shop's own order number in an init.
pub fn merchant_orderid(call: &ExchangeView) -> Option<&Value> {
    let params = call.row.params.as_ref()?;
    params
        .get("merchant_orderid")
        .or_else(|| params.get("merchant_order_id"))
}

/// Whether a call may be retried unchanged.
pub fn is_passing(call: &ExchangeView) -> bool {
    is_lost(call) || call.row.status == 429 || call.row.status >= 500
}
