//! Where a customer's browser goes when the hosted pages are done.

use crate::model::account::MerchantConfig;
use crate::model::lifecycle::Outcome;
use crate::model::order::Order;
use flexiti_contract::Rulebook;
use flexiti_contract::dialect::{CallbackParams, Destination, Knobs};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use url::Url;

/// The URL that an order's customer is sent to: one of the two that the merchant configured, or
/// its shop. Nothing that a request says is in it but ids. `None` where the merchant configured
/// nothing, or nobody is there to be sent.
pub fn url(account: &MerchantConfig, rulebook: &Rulebook, order: &Order) -> Option<String> {
    let knobs = rulebook.knobs();
    let outcome = order.life.outcome?;
    let configured = match destination(knobs, outcome)? {
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
    let params = knobs.callback_params;
    if params != CallbackParams::None {
        add("orderId", &order.id.to_string());
    }
    if params == CallbackParams::OrderIdAndAuthToken {
        add("auth_token", &order.token);
    }
    if knobs.callback_lang {
        add("lang", order.lang.code());
    }
    // As a browser would send it: letters beyond ASCII escaped, hosts in lower case.
    let normal = Url::parse(&url).map(String::from);
    Some(normal.unwrap_or(url))
}

fn destination(knobs: &Knobs, outcome: Outcome) -> Option<Destination> {
    match outcome {
        Outcome::Approved | Outcome::Purchased => Some(Destination::Success),
        Outcome::Declined | Outcome::Refused => Some(knobs.declined_goes_to),
        Outcome::Pending | Outcome::Retry => Some(knobs.pending_goes_to),
        Outcome::Cancelled | Outcome::Expired => Some(Destination::Error),
        Outcome::Abandoned => None,
    }
}
