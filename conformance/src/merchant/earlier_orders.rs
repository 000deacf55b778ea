//! What earlier scenarios left behind: a shop may go on asking about their orders, and such calls
//! say nothing about the scenario being played.

use crate::merchant::trace::{
    AskedAgain, CallKind, ExchangeSummary, ExchangeView, Happened, Opened, Played,
};
use flexiti_contract::Endpoint;
use flexiti_contract::scenario::{Belief, To};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// The orders and tokens of earlier scenarios.
#[derive(Debug, Default)]
pub struct EarlierOrders {
    orders: BTreeSet<u64>,
    /// The shop's own order numbers.
    numbers: HashSet<String>,
    /// Refresh tokens, as hashes.
    refresh_tokens: HashSet<String>,
    /// The reference ids of its calls, each with the number of scenarios that used it.
    references: HashMap<String, usize>,
    /// The orders that the shop knows to be paid.
    paid: BTreeMap<u64, AskedAgain>,
}

impl EarlierOrders {
    /// Remembers a finished scenario, and the tokens that the shop got in it for earlier ones.
    pub fn remember(&mut self, played: &Played, left_out: &[ExchangeView]) {
        self.orders
            .extend(played.opened.iter().map(|order| order.id));
        let numbers = played.opened.iter();
        let numbers = numbers.filter_map(|order| order.merchant_orderid.clone());
        self.numbers.extend(numbers);
        self.numbers.insert(played.merchant_orderid.clone());
        let calls = played.exchanges.iter().chain(left_out);
        self.refresh_tokens
            .extend(calls.filter_map(|call| issued(call, "refresh_token")));
        let references: HashSet<&str> = played.exchanges.iter().filter_map(reference).collect();
        for reference in references {
            *self.references.entry(reference.to_owned()).or_default() += 1;
        }
        self.count(played, left_out);
    }

    /// The paid orders that the shop kept asking about unprompted.
    pub fn asked_again(&self) -> Vec<AskedAgain> {
        let paid = self.paid.values();
        paid.filter(|paid| !paid.again.is_empty())
            .cloned()
            .collect()
    }

    /// Counts unprompted questions about orders already known to be paid, and adds those paid in
    /// this scenario.
    fn count(&mut self, played: &Played, left_out: &[ExchangeView]) {
        // A forged callback may make the shop ask about another customer's order.
        let is_forged = |happened: &Happened| {
            matches!(
                happened,
                Happened::Returned {
                    to: To::Foreign,
                    ..
                }
            )
        };
        let of_itself = |call: &&ExchangeView| !played.looked.contains(&call.row.id);
        if !played.happened.iter().any(is_forged) {
            for call in left_out.iter().filter(of_itself) {
                let paid = call.row.order_id.and_then(|id| self.paid.get_mut(&id));
                if let Some(paid) = paid {
                    paid.again.push(call.row.id);
                }
            }
        }
        let believed = played
            .happened
            .iter()
            .rev()
            .find_map(|happened| match happened {
                Happened::Believed { belief, .. } => *belief,
                _ => None,
            });
        let is_paid = |order: &&Opened| {
            believed == Some(Belief::Paid)
                && matches!(order.outcome.as_deref(), Some("purchased" | "approved"))
        };
        for order in played.opened.iter().filter(is_paid) {
            let mut calls = played.exchanges.iter().rev();
            let told = calls.find(|call| {
                let row = &call.row;
                row.order_id == Some(order.id) && row.status == 200 && row.fault.is_none()
            });
            if let Some(told) = told {
                let known = AskedAgain {
                    order: order.id,
                    told: told.row.id,
                    again: Vec::new(),
                };
                self.paid.insert(order.id, known);
            }
        }
    }

    /// The calls that belong to earlier scenarios: questions about their orders, whatever the
    /// answer, and the token calls for these.
    pub fn theirs(&self, calls: &[ExchangeView]) -> HashSet<u64> {
        let is_about = |call: &&ExchangeView| self.is_about(&call.row);
        let mut theirs: HashSet<u64> = calls
            .iter()
            .filter(is_about)
            .map(|call| call.row.id)
            .collect();
        let (asked, others): (Vec<&ExchangeView>, Vec<&ExchangeView>) =
            calls.iter().partition(is_about);
        let their_tokens: HashSet<&str> = asked.iter().filter_map(|call| bearer(call)).collect();
        let own: Vec<&ExchangeView> = others.into_iter().filter(|call| !is_token(call)).collect();
        let own_tokens: HashSet<&str> = own.iter().filter_map(|call| bearer(call)).collect();
        let own_references: HashSet<&str> = own.iter().filter_map(|call| reference(call)).collect();
        let mut refreshable = HashSet::new();
        for call in calls.iter().filter(|call| is_token(call)) {
            let token = issued(call, "access_token");
            let token = token.as_deref().unwrap_or_default();
            // A refresh names the token that it replaces.
            let refreshed = refreshed(call);
            let is_refresh = refreshed.is_some_and(|token| {
                self.refresh_tokens.contains(token) || refreshable.contains(token)
            });
            // Some shops use one reference id for all calls of a checkout.
            let is_named = reference(call).is_some_and(|id| {
                self.references.get(id) == Some(&1) && !own_references.contains(id)
            });
            let is_theirs = is_refresh || is_named || their_tokens.contains(token);
            if is_theirs && !own_tokens.contains(token) {
                theirs.insert(call.row.id);
                refreshable.extend(issued(call, "refresh_token"));
            }
        }
        theirs
    }

    /// Whether a call is about an earlier order. Its path names the order, whatever the answer.
    fn is_about(&self, row: &ExchangeSummary) -> bool {
        row.order_id.is_some_and(|id| self.orders.contains(&id)) || self.names(&row.path)
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

fn is_token(call: &ExchangeView) -> bool {
    call.row.endpoint == Some(CallKind::Api(Endpoint::Token))
}

/// The hash of a token in the answer to a call.
fn issued(call: &ExchangeView, name: &str) -> Option<String> {
    if !is_token(call) {
        return None;
    }
    let answer: Value = serde_json::from_str(call.response_body.as_deref()?).ok()?;
    answer[name].as_str().map(str::to_owned)
}

/// The hash of the refresh token that a call sends.
fn refreshed(call: &ExchangeView) -> Option<&str> {
    call.row.params.as_ref()?.get("refresh_token")?.as_str()
}

/// The hash of the token that a call was made with.
fn bearer(call: &ExchangeView) -> Option<&str> {
    let header = call.row.headers.get("authorization")?.as_str()?;
    header.split_whitespace().next_back()
}

fn reference(call: &ExchangeView) -> Option<&str> {
    call.row.headers.get("x-reference-id")?.as_str()
}

/// Percent-decodes a segment of a path.
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
        let past = EarlierOrders {
            orders: BTreeSet::from([7]),
            numbers: HashSet::from(["A 1/2".to_owned()]),
            ..EarlierOrders::default()
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

    /// A call: id, endpoint, the order in its path, its token, its reference id, the refresh token
    /// that it sends, and the tokens in its answer.
    fn call(id: u64, what: &str, token: &str, reference: &str, answer: &str) -> ExchangeView {
        let (endpoint, order, refresh) = match what.split_once(' ') {
            Some(("asks", order)) => ("notification_order", order.parse().ok(), None),
            Some((_, refresh)) => ("token", None::<u64>, Some(refresh)),
            None if what == "init" => ("init_v2", None, None),
            None => ("token", None, None),
        };
        serde_json::from_value(serde_json::json!({
            "id": id, "at": "2026-01-01T00:00:00Z", "clock": null, "client_id": "c",
            "endpoint": endpoint, "method": "POST", "path": "/",
            "headers": {"authorization": format!("Bearer {token}"), "x-reference-id": reference},
            "params": {"refresh_token": refresh}, "body": null,
            "status": 200, "duration_us": 1, "order_id": order, "violations": [],
            "fault": null, "why": [], "query": null, "response_headers": {},
            "response_body": answer, "curl": ""
        }))
        .unwrap()
    }

    fn answer(token: &str, refresh: &str) -> String {
        serde_json::json!({"access_token": token, "refresh_token": refresh}).to_string()
    }

    #[test]
    fn a_call_for_a_token_belongs_to_the_checkout_that_it_renews_or_serves() {
        let mut past = EarlierOrders {
            orders: BTreeSet::from([7]),
            refresh_tokens: HashSet::from(["r1".to_owned()]),
            references: HashMap::from([("old".to_owned(), 1), ("always".to_owned(), 2)]),
            ..EarlierOrders::default()
        };
        let calls = [
            // The worker refreshes the token that it asks about order 7 with.
            call(1, "token r1", "", "x1", &answer("t2", "r2")),
            call(2, "asks 7", "t2", "x2", ""),
            // The customer of this scenario.
            call(3, "token", "", "x3", &answer("t3", "r3")),
            call(4, "init", "t3", "new", ""),
            // The worker again: a token call that failed, under the reference id of order 7.
            call(5, "token", "", "old", "{}"),
            // A reference id that every checkout uses says nothing.
            call(6, "token", "", "always", "{}"),
            // Refreshes the token of call 1.
            call(7, "token r2", "", "x7", &answer("t4", "r4")),
        ];
        let theirs = past.theirs(&calls);
        assert_eq!(theirs, HashSet::from([1, 2, 5, 7]));
        // The chain continues in the next scenario, where nothing else names order 7.
        let (left_out, own): (Vec<_>, Vec<_>) = calls
            .into_iter()
            .partition(|call| theirs.contains(&call.row.id));
        let played: Played = serde_json::from_value(serde_json::json!({
            "scenario": "x", "flow": "buy", "lang": "en", "dialect": "documented",
            "amount": "1.00", "merchant_orderid": "C1", "cart": {}, "happened": [],
            "exchanges": own, "first_id": 1, "next_id": 8, "left_out": [], "faults": [],
            "opened": []
        }))
        .unwrap();
        past.remember(&played, &left_out);
        let later = [call(8, "token r4", "", "x8", "{}")];
        assert_eq!(past.theirs(&later), HashSet::from([8]));
    }
}
