//! Rules about tokens (TC C-2 and C-3, RT).

use crate::clock::Millis;
use crate::lint::call::Call;
use crate::lint::finding::{Found, listed, quoted};
use crate::lint::history::History;
use crate::lint::identity::Identity;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// How long before its expiry a token may be replaced by a new one, in milliseconds (RT:
/// `expires_in` less 60 s).
const MARGIN: Millis = 60_000;

/// Calls about an order that use a new token although the order's earlier one was still valid.
/// Exempt are refreshes; tokens that replace one that was refused, about to expire or of another
/// scope; and tokens that serve several orders, as in a background job.
pub fn per_request(history: &History<'_>) -> Vec<Found> {
    let tokens = &history.tokens;
    // The order that each chain of tokens is used for; `None` if there are several.
    let mut used_for: HashMap<Identity, Option<u64>> = HashMap::new();
    for call in &history.calls {
        if let (Some(root), Some(order)) = (tokens.root(call), call.order_id) {
            let only = used_for.entry(root).or_insert(Some(order));
            *only = only.filter(|only| *only == order);
        }
    }
    let mut last: HashMap<u64, usize> = HashMap::new();
    let mut orders = BTreeSet::new();
    let mut requests = BTreeSet::new();
    for (at, call) in history.calls.iter().enumerate() {
        let Some(order) = call.order_id else {
            continue;
        };
        let Some(before) = last.insert(order, at) else {
            continue;
        };
        let earlier = &history.calls[before];
        let own = |root| used_for.get(root) == Some(&Some(order));
        if let Some(asked) = replaced(history, before, call)
            && tokens.root(call).as_ref().is_some_and(own)
        {
            orders.insert(order);
            requests.extend([earlier.id, history.calls[asked].id, call.id]);
        }
    }
    if orders.is_empty() {
        return Vec::new();
    }
    let message = format!(
        "a new token was requested while the previous one was still valid: order {}",
        listed(orders)
    );
    vec![Found::new(message, requests)]
}

/// The index of the grant, since the call `before`, whose token `call` uses instead of a valid one.
fn replaced(history: &History<'_>, before: usize, call: &Call) -> Option<usize> {
    let tokens = &history.tokens;
    let earlier = tokens.pairs.get(&history.calls[before].bearer?)?;
    let root = tokens.pairs.get(&tokens.root(call)?)?;
    let asked = history.calls.get(root.call)?;
    let alive = asked.clock.saturating_add(MARGIN) < earlier.ends?
        && earlier.given_up.is_none_or(|at| at > root.call);
    let other = earlier.root != root.root && earlier.scope == root.scope;
    // A refresh of a token of unknown origin proves nothing.
    let fresh = !asked.is_refresh();
    (root.call > before && alive && other && fresh).then_some(root.call)
}

/// Tokens, including their refreshes, that opened orders under several order ids of the shop.
/// Exempt are orders that name the same customer, and those whose answer a fault withheld.
pub fn shared(history: &History<'_>) -> Vec<Found> {
    let mut opened: BTreeMap<usize, Vec<&Call>> = BTreeMap::new();
    let mut first: HashMap<Identity, usize> = HashMap::new();
    for (at, call) in history.calls.iter().enumerate() {
        let counts = call.is_init() && call.accepted() && call.fault.is_none();
        if let Some(root) = history.tokens.root(call)
            && counts
            && call.merchant_order_id.is_some()
        {
            let first = *first.entry(root).or_insert(at);
            opened.entry(first).or_default().push(call);
        }
    }
    let mut found = Vec::new();
    for calls in opened.into_values() {
        let ids: BTreeSet<&str> = calls
            .iter()
            .filter_map(|c| c.merchant_order_id.as_deref())
            .collect();
        if ids.len() < 2 || are_of_one_customer(&calls) {
            continue;
        }
        let message = format!(
            "one token opened {} orders: {}; that is right only if all were one customer's",
            ids.len(),
            listed(ids.into_iter().map(quoted))
        );
        found.push(Found::new(message, calls.iter().map(|c| c.id).collect()));
    }
    found
}

/// Whether all of these calls name the same customer.
fn are_of_one_customer(calls: &[&Call]) -> bool {
    ["customer_id", "vcc", "email"].iter().any(|name| {
        let mut named = calls.iter().map(|call| call.param(name));
        let first = named.next().flatten();
        first.is_some_and(|first| named.all(|other| other.as_ref() == Some(&first)))
    })
}

/// Refreshes of a token that had expired by the merchant's clock.
pub fn refresh_late(history: &History<'_>) -> Vec<Found> {
    let mut requests = BTreeSet::new();
    let mut late = 0_usize;
    for call in &history.calls {
        let pair = history.tokens.refreshed(call);
        let pair = pair.and_then(|token| history.tokens.pairs.get(&token));
        if let Some(pair) = pair
            && pair.ends.is_some_and(|ends| call.clock >= ends)
        {
            late += 1;
            requests.extend([history.calls[pair.call].id, call.id]);
        }
    }
    if late == 0 {
        return Vec::new();
    }
    let times = if late == 1 { "once" } else { "several times" };
    let message = format!("{times}, a token was to be refreshed that had ended already");
    vec![Found::new(message, requests)]
}
