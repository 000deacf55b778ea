//! Where a customer's browser goes after the hosted pages.

use crate::model::account::MerchantConfig;
use crate::model::lifecycle::Outcome;
use crate::model::order::Order;
use flexiti_contract::Rulebook;
use flexiti_contract::dialect::{CallbackParams, Destination, Knobs};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use url::Url;

/// The callback URL of an order: the merchant's success or error URL, or its trust URL. Of the
/// request, it contains only ids. `None` if the merchant configured no URL, or if there is no
/// customer to redirect.
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
    // Normalize it as a browser would: escape non-ASCII characters, lowercase the host.
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
