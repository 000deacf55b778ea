//! The callback: where the browser goes after the hosted pages.

use super::json_members::{opened_order, text_at};
use crate::server::case::{Callback, Carried};
use crate::server::wire::Exchange;
use reqwest::Url;

/// The expected callback, if the actual one differs. `exchange` is the admin API's answer that
/// shows it.
pub(super) fn fault(
    asked: &Callback,
    exchange: &Exchange,
    exchanges: &[Exchange],
) -> Option<String> {
    let shown = exchange
        .answer()
        .and_then(|answer| text_at(answer, "/callback_url"));
    let Some(url) = shown.as_deref().and_then(|url| Url::parse(url).ok()) else {
        return Some("a callback_url".to_owned());
    };
    let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    let is_secret = |text: &str| {
        let mut secrets = exchange.secrets.iter().filter(|s| !s.value.is_empty());
        secrets.any(|secret| text.contains(&secret.value))
    };
    match asked {
        Callback::LeadsTo(wanted) => {
            let mut bare = url;
            bare.set_query(None);
            bare.set_fragment(None);
            (bare.as_str() != wanted).then(|| format!("callback_url: {wanted}"))
        }
        Callback::NoSecrets => {
            let leaks = is_secret(url.as_str()) || pairs.iter().any(|(_, value)| is_secret(value));
            leaks.then(|| "a callback_url without token or secret".to_owned())
        }
        Callback::Carries(wanted) => {
            let right = |(name, carried): &(String, Carried)| {
                let is_right = |value: &String| match carried {
                    Carried::Text(text) => value == text,
                    Carried::OrderOf(answer) => {
                        Some(value) == opened_order(exchanges, *answer).as_ref()
                    }
                    Carried::Token => !value.is_empty(),
                };
                pairs
                    .iter()
                    .any(|(found, value)| found == name && is_right(value))
            };
            let known = |name: &String| wanted.iter().any(|(wanted, _)| wanted == name);
            // A secret in the query is the subject of another clause.
            let more = pairs
                .iter()
                .any(|(name, value)| !known(name) && !is_secret(value));
            let names: Vec<&str> = wanted.iter().map(|(name, _)| name.as_str()).collect();
            let expected = match names.as_slice() {
                [] => "a callback_url without query".to_owned(),
                names => format!("a callback_url with exactly {}", names.join(", ")),
            };
            (more || !wanted.iter().all(right)).then_some(expected)
        }
    }
}
