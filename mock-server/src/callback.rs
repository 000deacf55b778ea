//! Where a customer's browser goes when the hosted pages are done.

use crate::order::Outcome;
use crate::orders::Order;
use crate::state::Merchant;
use flexiti_contract::dialect::{CallbackParams, Destination};
use flexiti_contract::{Rule, Rulebook};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// The URL that an order's customer is sent to: one of the two that the merchant configured, or
/// its shop. Nothing that a request says is in it but ids. `None` where the merchant configured
/// nothing, or nobody is there to be sent.
pub fn url(merchant: &Merchant, order: &Order) -> Option<String> {
    let rulebook = &*merchant.rulebook;
    let outcome = order.life.outcome?;
    let account = &merchant.account;
    let configured = match destination(rulebook, outcome)? {
        Destination::Success => &account.success_url,
        Destination::Error => &account.error_url,
    };
    let base = configured.as_ref().or(account.trust_url.as_ref())?;
    let mut url = base.replace("{lang}", order.lang.code());
    let mut add = |name: &str, value: &str| {
        let (before, fragment) = match url.split_once('#') {
            Some((before, fragment)) => (before.to_owned(), format!("#{fragment}")),
            None => (url.clone(), String::new()),
        };
        let separator = if before.contains('?') { '&' } else { '?' };
        let value = utf8_percent_encode(value, NON_ALPHANUMERIC);
        url = format!("{before}{separator}{name}={value}{fragment}");
    };
    let knobs = rulebook.knobs();
    let params = if rulebook.taken_away(Rule::CallbackParameters) {
        match knobs.callback_params {
            CallbackParams::None => CallbackParams::OrderId,
            _ => CallbackParams::None,
        }
    } else {
        knobs.callback_params
    };
    if params != CallbackParams::None {
        add("orderId", &order.id.to_string());
    }
    if params == CallbackParams::OrderIdAndAuthToken {
        add("auth_token", &order.token);
    }
    if knobs.callback_lang {
        add("lang", order.lang.code());
    }
    if rulebook.taken_away(Rule::CallbackNoCredentials) {
        add("token", &order.token);
    }
    Some(url)
}

fn destination(rulebook: &Rulebook, outcome: Outcome) -> Option<Destination> {
    let knobs = rulebook.knobs();
    let (rule, destination) = match outcome {
        Outcome::Approved | Outcome::Purchased => (Rule::CallbackSuccess, Destination::Success),
        Outcome::Declined | Outcome::Refused => (Rule::CallbackDeclined, knobs.declined_goes_to),
        Outcome::Pending | Outcome::Retry => (Rule::CallbackPending, knobs.pending_goes_to),
        Outcome::Cancelled | Outcome::Expired => (Rule::CallbackCancelled, Destination::Error),
        Outcome::Abandoned => return None,
    };
    Some(match destination {
        Destination::Success if rulebook.taken_away(rule) => Destination::Error,
        Destination::Error if rulebook.taken_away(rule) => Destination::Success,
        destination => destination,
    })
}
