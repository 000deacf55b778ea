//! Finds the one mistake behind many failures: a shop that cannot open an order fails every
//! scenario, but has one thing to fix.

use super::judgement::{Judgement, Verdict};
use super::story::{Story, is_init, is_token};
use crate::merchant::scenarios;
use crate::merchant::trace::{ExchangeView, Played, endpoint};
use std::collections::{BTreeMap, HashSet};

/// Replaces the checks that a failure elsewhere made impossible.
pub const NOT_LOOKED_AT: &str = "not_looked_at";

/// Attributes the consequences of a failed start to the first scenario that failed for the same
/// reason.
pub fn consequences(played: &[&Played], checks: &mut [Vec<Judgement>]) {
    // What fails in a plain scenario fails for the same reason in those with faults or changed
    // answers.
    let mut roots: BTreeMap<String, usize> = BTreeMap::new();
    for (at, played) in played.iter().enumerate() {
        if is_plain(played)
            && let Some(cause) = cause(played)
        {
            roots.entry(cause).or_insert(at);
        }
    }
    let played_at = |at: usize| played[at].name();
    for (at, played) in played.iter().enumerate() {
        let root = cause(played).and_then(|cause| roots.get(&cause).copied());
        let Some(root) = root.filter(|root| *root != at) else {
            continue;
        };
        let failed = checks[root].iter();
        let failed = failed.filter(|check| check.verdict == Verdict::Failed);
        let known: HashSet<String> = failed.map(|check| check.check.clone()).collect();
        let name = played_at(root);
        let own = &mut checks[at];
        let is_start =
            |check: &Judgement| check.check == "start" && check.verdict == Verdict::Failed;
        let Some(start) = own.iter().position(is_start) else {
            continue;
        };
        let start = own.remove(start);
        own.retain(|check| check.verdict != Verdict::Failed || !known.contains(&check.check));
        own.push(Judgement {
            check: NOT_LOOKED_AT.to_owned(),
            verdict: Verdict::Inconclusive,
            message: format!("not looked at because of `start` in {name}"),
            requests: Vec::new(),
            scenario: None,
            ..start
        });
    }
}

/// Whether a scenario has neither faults nor answers of its own.
fn is_plain(played: &Played) -> bool {
    let row = scenarios::of(played);
    row.is_some_and(|row| row.faults.is_empty() && row.answers.is_empty())
}

/// Why Flexiti's page did not open although it should have: the answer to the shop's last call.
/// `None` if a planned fault may be the cause.
fn cause(played: &Played) -> Option<String> {
    let scenario = scenarios::of(played)?;
    let is_opened = !Story { scenario, played }.did_not_open();
    if is_opened || played.ended.is_some() || played.failures().next().is_some() {
        return None;
    }
    let calls = played.exchanges.iter();
    let mut calls = calls.filter(|call| endpoint(call).is_some_and(|e| is_init(e) || is_token(e)));
    if calls.clone().any(|call| call.row.fault.is_some()) {
        return None;
    }
    let Some(last) = calls.next_back() else {
        return Some("no call".to_owned());
    };
    let kind = endpoint(last).map_or("", super::story::kind);
    Some(format!(
        "{kind} {} {}",
        last.row.status,
        reasons(last).join(" ")
    ))
}

/// The clauses that a refused call broke.
fn reasons(call: &ExchangeView) -> Vec<String> {
    let reasons = call.row.violations.iter();
    let mut reasons: Vec<String> = reasons
        .map(|reason| {
            let param = reason.param.as_deref().unwrap_or_default();
            format!("{}:{param}", reason.clause)
        })
        .collect();
    reasons.sort_unstable();
    reasons.dedup();
    reasons
}

#[cfg(test)]
mod tests {
    use super::super::scenario::judge;
    use super::*;
    use serde_json::{Value, json};

    /// A play whose init was answered with this status, so that no page opened.
    fn played(scenario: &str, status: u16, fault: Option<&str>) -> Played {
        let row = scenarios::named(scenario).unwrap();
        let page = json!({
            "url": "http://shop/", "status": 502, "lang": "en", "leaks": [], "names_order": false
        });
        let happened: Vec<Value> = row
            .steps
            .iter()
            .enumerate()
            .map(|(at, _)| match at {
                0 => json!({"started": {"times": 1, "order": null, "page": page, "trouble": null}}),
                _ if at + 1 == row.steps.len() => {
                    json!({"believed": {"belief": null, "said": "status 404"}})
                }
                _ => json!("skipped"),
            })
            .collect();
        serde_json::from_value(json!({
            "scenario": scenario, "flow": "buy", "lang": "en", "dialect": "documented",
            "amount": "1.00", "merchant_orderid": "C1", "cart": {}, "happened": happened,
            "exchanges": [{
                "id": 1, "at": "2026-01-01T00:00:00Z", "clock": null, "client_id": "c",
                "endpoint": "init_v2", "method": "POST", "path": "/", "headers": {},
                "params": {"amount_requested": "2.00"}, "body": null, "status": status,
                "duration_us": 1, "order_id": null, "violations": [], "fault": fault, "why": [],
                "query": null, "response_headers": {}, "response_body": null, "curl": ""
            }],
            "first_id": 1, "next_id": 2, "left_out": [], "faults": [], "opened": []
        }))
        .unwrap()
    }

    /// The checks that did not pass, by scenario.
    fn judged(played: &[Played]) -> Vec<Vec<(String, Verdict)>> {
        let played: Vec<&Played> = played.iter().collect();
        let row = |played: &&Played| scenarios::named(&played.scenario).unwrap();
        let checks = played.iter().map(|played| judge(row(played), played));
        let mut checks: Vec<Vec<Judgement>> = checks.collect();
        consequences(&played, &mut checks);
        let told = |checks: Vec<Judgement>| {
            let checks = checks.into_iter().filter(|check| !check.verdict.is_fine());
            checks.map(|check| (check.check, check.verdict)).collect()
        };
        checks.into_iter().map(told).collect()
    }

    #[test]
    fn a_shop_that_opens_no_order_has_one_finding_and_the_rest_follows_from_it() {
        let all = judged(&[
            played("outcome.purchased", 409, None),
            played("outcome.cancelled", 409, None),
            played("answers.more_members", 409, None),
            // A different reason, and a planned one.
            played("callback.never", 400, None),
            played("token.unavailable", 409, Some("status")),
        ]);
        let named = |checks: &[(String, Verdict)]| {
            let names = checks.iter().map(|(check, _)| check.clone());
            names.collect::<Vec<String>>()
        };
        assert!(named(&all[0]).contains(&"start".to_owned()), "{:?}", all[0]);
        assert!(named(&all[0]).contains(&"amount_differs".to_owned()));
        for follows in &all[1..3] {
            assert_eq!(
                *follows,
                [(NOT_LOOKED_AT.to_owned(), Verdict::Inconclusive)]
            );
        }
        for own in &all[3..] {
            let checks = named(own);
            assert!(checks.contains(&"start".to_owned()), "{checks:?}");
            // There is no verdict on an outcome that could not happen.
            assert!(!checks.contains(&"belief".to_owned()), "{checks:?}");
        }
    }
}
