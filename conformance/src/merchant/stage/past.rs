//! What earlier scenarios left behind: a shop may go on asking about their orders, and such calls
//! say nothing about the scenario that is being played.

use crate::merchant::trace::{CallKind, ExchangeSummary, Played};
use flexiti_contract::Endpoint;
use serde_json::Value;
use std::collections::{BTreeSet, HashSet};

/// The orders and tokens of earlier scenarios.
#[derive(Debug, Default)]
pub struct Past {
    orders: BTreeSet<u64>,
    /// The shop's own numbers of them.
    numbers: HashSet<String>,
    /// Refresh tokens, as hashes.
    refresh_tokens: HashSet<String>,
}

impl Past {
    /// Remembers a scenario that is over.
    pub fn remember(&mut self, played: &Played) {
        self.orders
            .extend(played.opened.iter().map(|order| order.id));
        let numbers = played.opened.iter();
        let numbers = numbers.filter_map(|order| order.merchant_orderid.clone());
        self.numbers.extend(numbers);
        self.numbers.insert(played.merchant_orderid.clone());
        for call in &played.exchanges {
            let body = call.response_body.as_deref().unwrap_or_default();
            let answer: Value = serde_json::from_str(body).unwrap_or_default();
            let token = answer["refresh_token"].as_str();
            self.refresh_tokens.extend(token.map(str::to_owned));
        }
    }

    /// Whether a call is about an earlier order: whatever it was answered, its path names the
    /// order.
    pub fn is_about(&self, row: &ExchangeSummary) -> bool {
        row.order_id.is_some_and(|id| self.orders.contains(&id)) || self.names(&row.path)
    }

    /// Whether a call refreshes a token of an earlier scenario.
    pub fn is_refresh_of(&self, row: &ExchangeSummary) -> bool {
        let is_token = row.endpoint == Some(CallKind::Api(Endpoint::Token));
        let params = row.params.as_ref().filter(|_| is_token);
        let token = params.and_then(|params| params.get("refresh_token")?.as_str());
        token.is_some_and(|token| self.refresh_tokens.contains(token))
    }

    /// Whether a notification's path names an earlier order, by either number.
    fn names(&self, path: &str) -> bool {
        let Some((_, named)) = path.split_once("/notifications/") else {
            return false;
        };
        let (kind, id) = named.rsplit_once('/').unwrap_or(("order-id", named));
        let id = decoded(id);
        if kind == "merchant-order-id" {
            return self.numbers.contains(&id);
        }
        id.parse().is_ok_and(|id| self.orders.contains(&id))
    }
}

/// A segment of a path without its percent-encoding.
fn decoded(segment: &str) -> String {
    let pair = format!("id={}", segment.replace('+', "%2B"));
    let pairs: Vec<(String, String)> = serde_urlencoded::from_str(&pair).unwrap_or_default();
    let decoded = pairs.into_iter().next();
    decoded.map_or_else(|| segment.to_owned(), |(_, id)| id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_belongs_to_the_order_that_its_path_names() {
        let past = Past {
            orders: BTreeSet::from([7]),
            numbers: HashSet::from(["A 1/2".to_owned()]),
            refresh_tokens: HashSet::new(),
        };
        for (path, is_past) in [
            ("/online/client-id/c/notifications/order-id/7", true),
            ("/online/client-id/c/notifications/7", true),
            ("/online/client-id/c/notifications/order-id/8", false),
            (
                "/online/client-id/c/notifications/merchant-order-id/A%201%2F2",
                true,
            ),
            (
                "/online/client-id/c/notifications/merchant-order-id/7",
                false,
            ),
            ("/online/client-id/7/systems/init", false),
        ] {
            assert_eq!(past.names(path), is_past, "{path}");
        }
    }
}
