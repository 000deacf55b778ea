//! Rules about notifications: whether the shop requests them, and how often.

use crate::clock::Millis;
use crate::lint::call::Call;
use crate::lint::finding::{Found, listed};
use crate::lint::history::History;
use crate::model::lifecycle::Outcome;
use flexiti_contract::ErrorId;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// A shop that asked less than this many milliseconds ago has not given up.
const STILL_ASKING: Millis = 10_000;
/// The minimum time between two requests about an order, in milliseconds.
const DECENT: Millis = 1_000;
/// How many requests in quick succession are too many.
const RUN: usize = 3;

/// Orders whose customer returned to the shop and whose outcome no answer has shown since. Exempt
/// are outcomes that notifications do not show yet, shops that have just asked, and orders older
/// than the journal.
pub fn unread(history: &History<'_>) -> Vec<Found> {
    let mut about: HashMap<u64, Vec<&Call>> = HashMap::new();
    for call in &history.calls {
        if let Some(order) = call.order_id {
            about.entry(order).or_default().push(call);
        }
    }
    let begins = history.calls.first().map(|call| call.clock);
    let begins = begins.filter(|_| history.cut);
    let mut orders = Vec::new();
    let mut requests = BTreeSet::new();
    for order in &history.orders {
        let forgotten = begins.is_some_and(|begins| order.ended < begins);
        let told = order.settled && order.outcome != Outcome::Abandoned;
        if forgotten || !told {
            continue;
        }
        // If the clock has been set back since, it says nothing about the order of events.
        let since = order.ended;
        let since = if since > history.now.clock {
            Millis::MIN
        } else {
            since
        };
        let calls = about.get(&order.id).map_or(&[][..], Vec::as_slice);
        let is_later = |call: &&&Call| call.is_notification() && call.clock >= since;
        let later = || calls.iter().filter(is_later);
        let shown = later().any(|call| call.shows_outcome && call.arrived());
        let asking = |call: &&Call| history.now.at.saturating_sub(call.at) < STILL_ASKING;
        if shown || later().next_back().is_some_and(asking) {
            continue;
        }
        let outcome = serde_json::to_value(order.outcome).unwrap_or_default();
        let outcome = outcome.as_str().unwrap_or_default();
        orders.push(format!("{} ({outcome})", order.id));
        let opened = calls.iter().filter(|call| call.is_init());
        requests.extend(opened.chain(later()).map(|call| call.id));
    }
    if orders.is_empty() {
        return Vec::new();
    }
    let message = format!(
        "the customer went back to the shop, and no notification has told the shop what became \
         of the order: {}",
        listed(orders)
    );
    vec![Found::new(message, requests)]
}

/// Requests about an order in quick succession.
#[derive(Debug, Default)]
struct Run<'h> {
    calls: Vec<&'h Call>,
    /// Whether the outcome was shown.
    over: bool,
}

/// At least three requests about an order whose outcome was not shown yet, each less than a second
/// after the one before by both clocks, so that a frozen or moved clock raises no finding. A
/// request that got no answer may be repeated at once.
pub fn polling_fast(history: &History<'_>) -> Vec<Found> {
    let mut runs: BTreeMap<u64, Run<'_>> = BTreeMap::new();
    let mut orders = BTreeSet::new();
    let mut requests = BTreeSet::new();
    let not_found = history.rulebook.refusal(ErrorId::NotFound).status.as_u16();
    for call in history.calls.iter().filter(|call| call.is_notification()) {
        let answered = call.arrived() && [200, not_found].contains(&call.status);
        let Some(order) = call.order_id.filter(|_| answered) else {
            continue;
        };
        let run = runs.entry(order).or_default();
        if run.over {
            continue;
        }
        if !run.calls.last().is_some_and(|before| is_fast(before, call)) {
            run.calls.clear();
        }
        run.calls.push(call);
        if run.calls.len() >= RUN {
            orders.insert(order);
            // The earlier ones were added with the first finding.
            let new = if run.calls.len() == RUN { 0 } else { RUN };
            requests.extend(run.calls[new..].iter().rev().take(RUN).map(|call| call.id));
        }
        run.over = call.shows_outcome;
    }
    if orders.is_empty() {
        return Vec::new();
    }
    let message = format!(
        "notifications were requested more than once a second: order {}",
        listed(orders)
    );
    vec![Found::new(message, requests)]
}

fn is_fast(before: &Call, call: &Call) -> bool {
    let soon = |from: Millis, to: Millis| (0..DECENT).contains(&to.saturating_sub(from));
    soon(before.at, call.at) && soon(before.clock, call.clock)
}

#[cfg(test)]
mod tests {
    use super::super::{Ended, Eyes, LintInput, Moment};
    use super::*;
    use flexiti_contract::{Contract, Endpoint, Rulebook};

    /// The machine's time and the merchant's.
    type Times = (Millis, Millis);

    /// A request about an unfinished order, at this time by both clocks.
    fn question(id: u64, at: Millis, clock: Millis) -> LintInput<'static> {
        LintInput {
            id,
            at,
            clock,
            endpoint: Endpoint::NotificationOrder,
            method: "GET",
            path: "".into(),
            query: None,
            headers: "".into(),
            body: b"",
            params: None,
            status: 200,
            fault: None,
            order_id: Some(7),
            answer: b"{}",
        }
    }

    fn history<'a>(rulebook: &'a Rulebook, times: &[(Millis, Millis)], now: Millis) -> History<'a> {
        let eyes = Eyes {
            contract: rulebook.contract(),
            rulebook,
        };
        let calls = (1..)
            .zip(times)
            .map(|(id, (at, clock))| question(id, *at, *clock));
        let calls = calls.map(|call| Call::new(call, eyes)).collect();
        History::new(
            rulebook,
            &[],
            calls,
            Moment {
                at: now,
                clock: now,
            },
        )
    }

    fn documented() -> Rulebook {
        let contract = Contract::shipped();
        Rulebook::compile(contract, contract.dialect("documented").unwrap()).unwrap()
    }

    #[test]
    fn a_question_is_too_fast_by_both_clocks_or_not_at_all() {
        let rulebook = documented();
        let cases: [(&[Times], &[u64]); 7] = [
            (&[(0, 0), (999, 999), (1_998, 1_998)], &[1, 2, 3]),
            (&[(0, 0), (1_000, 1_000), (2_000, 2_000)], &[]),
            (&[(0, 0), (999, 999)], &[]),
            // The merchant's clock is frozen, or was moved.
            (&[(0, 5), (2_000, 5), (4_000, 5)], &[]),
            (&[(0, 0), (9, 5_000), (18, 9_000)], &[]),
            (&[(0, 9_000), (9, 5_000), (18, 0)], &[]),
            // A pause ends the run.
            (
                &[
                    (0, 0),
                    (9, 9),
                    (2_000, 2_000),
                    (2_009, 2_009),
                    (2_018, 2_018),
                ],
                &[3, 4, 5],
            ),
        ];
        for (times, requests) in cases {
            let found = polling_fast(&history(&rulebook, times, 0));
            let ids = found
                .iter()
                .flat_map(|found| found.requests.iter().copied());
            assert_eq!(ids.collect::<Vec<u64>>(), requests, "{times:?}");
        }
    }

    #[test]
    fn a_shop_that_asked_long_ago_has_given_up() {
        let rulebook = documented();
        for (now, count) in [(STILL_ASKING, 0), (STILL_ASKING + 1, 1)] {
            let mut history = history(&rulebook, &[(1, 1)], now);
            history.orders = vec![Ended {
                id: 7,
                outcome: Outcome::Purchased,
                ended: 0,
                settled: true,
            }];
            assert_eq!(unread(&history).len(), count, "{now}");
        }
    }
}
