//! What a reviewer at Flexiti would object to in the shop's requests: the rules of `lint.json`,
//! applied to the trace.

use super::checkers::Basis;
use super::judgement::{Judgement, Verdict};
use super::tokens::is_of_back_office;
use crate::merchant::trace::endpoint;
use flexiti_contract::scenario::Rank;
use flexiti_contract::{Contract, Endpoint, LintRule, Rulebook};
use flexiti_mock::embed::admin::ExchangeView;
use flexiti_mock::lint::{
    self, Call as Seen, Eyes, Finding, History, LintInput as Recorded, Moment,
};
use serde_json::Value;
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

/// Maximum time between the shop reading its clock and the call reaching Flexiti, on a busy
/// machine.
const ON_ITS_WAY_MS: i64 = 1_000;

/// Why it is unknown whether customers have tokens of their own.
const ONE_ADDRESS: &str = "one token opened orders of several customers, who all have the same e-mail \
    address, and may be taken for one: give each of them one of their own in the driver file, such as \
    `{customer}@example.com`";

/// The findings on these calls, and a verdict on each rule. `looked` are calls whose time the
/// runner chose.
pub fn judge(
    dialect: &Rulebook,
    calls: &[&ExchangeView],
    looked: &HashSet<u64>,
) -> anyhow::Result<Vec<Judgement>> {
    let contract = dialect.contract();
    let findings = findings(contract, dialect, calls)?;
    let mut all = Vec::new();
    for rule in LintRule::ALL {
        let of_rule = findings.iter().filter(|finding| finding.rule == *rule);
        let before = all.len();
        let of_rule = of_rule.filter(|finding| !is_unfair(*rule, finding, calls, looked));
        let row = contract.lint_row(*rule);
        all.extend(of_rule.map(|finding| Judgement {
            check: rule.id().to_owned(),
            verdict: if is_open(*rule, finding, calls) {
                Verdict::Advice
            } else {
                Verdict::Failed
            },
            level: level(finding.test_case.as_deref()),
            basis: Basis::of(row),
            message: finding.message.clone(),
            requests: finding.requests.clone(),
            scenario: None,
        }));
        if all.len() == before {
            let unsure = match rule {
                LintRule::TokenShared => shared_by_address(contract, dialect, calls)?,
                _ => None,
            };
            let (verdict, message) = match &unsure {
                None => (Verdict::Passed, ""),
                Some(_) => (Verdict::NotTestable, ONE_ADDRESS),
            };
            all.push(Judgement {
                check: rule.id().to_owned(),
                verdict,
                level: level(row.test_case.as_deref()),
                basis: Basis::of(row),
                message: message.to_owned(),
                requests: unsure.unwrap_or_default(),
                scenario: None,
            });
        }
    }
    Ok(all)
}

/// The calls that share one token among several orders, if only their e-mail address attributes
/// them to one customer.
fn shared_by_address(
    contract: &'static Contract,
    dialect: &Rulebook,
    calls: &[&ExchangeView],
) -> anyhow::Result<Option<Vec<u64>>> {
    let mut nameless: Vec<ExchangeView> = calls.iter().map(|call| (*call).clone()).collect();
    for params in nameless
        .iter_mut()
        .filter_map(|call| call.row.params.as_mut())
    {
        params.remove("email");
    }
    let nameless: Vec<&ExchangeView> = nameless.iter().collect();
    let mut found = findings(contract, dialect, &nameless)?.into_iter();
    let shared = found.find(|finding| finding.rule == LintRule::TokenShared);
    Ok(shared.map(|shared| shared.requests))
}

/// Rules from Flexiti's own test cases are basic, the others exemplary; C-3 is optional there.
fn level(test_case: Option<&str>) -> Rank {
    match test_case {
        Some("C-3") | None => Rank::Exemplary,
        Some(_) => Rank::Basic,
    }
}

fn concerned<'c>(finding: &Finding, calls: &[&'c ExchangeView]) -> Vec<&'c ExchangeView> {
    let all = calls.iter().copied();
    all.filter(|call| finding.requests.contains(&call.row.id))
        .collect()
}

/// Whether the runner itself caused a finding: it read the status so often that a shop which asks
/// on every read asked too often; or a background job of the shop used its own token; or no token
/// had expired by the shop's clock when Flexiti's clock was advanced or Flexiti refused a token
/// early.
fn is_unfair(
    rule: LintRule,
    finding: &Finding,
    calls: &[&ExchangeView],
    looked: &HashSet<u64>,
) -> bool {
    if rule == LintRule::PollingFast {
        let mut own: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
        let concerned = concerned(finding, calls).into_iter();
        for call in concerned.filter(|call| !looked.contains(&call.row.id)) {
            let times = own.entry(&call.row.path).or_default();
            times.push(call.row.at.as_millisecond());
        }
        let is_fast = |three: &[i64]| three[2] - three[1] < 1_000 && three[1] - three[0] < 1_000;
        return !own.values().any(|times| times.windows(3).any(is_fast));
    }
    if rule == LintRule::TokenPerRequest {
        let concerned = concerned(finding, calls).into_iter();
        let mut grants = concerned.filter(|call| endpoint(call) == Some(Endpoint::Token));
        let looked = |id: u64| looked.contains(&id);
        return grants.all(|grant| is_of_back_office(calls, looked, grant));
    }
    if rule != LintRule::TokenRefreshLate {
        return false;
    }
    let mut refreshes = concerned(finding, calls).into_iter();
    refreshes.all(|call| {
        let Some(token) = refreshed(call) else {
            return true;
        };
        let mut grants = calls.iter().copied();
        let granted = grants.find(|grant| issued(grant)["refresh_token"] == *token);
        granted.is_some_and(|granted| {
            let life = issued(granted)["expires_in"].as_i64().unwrap_or_default();
            let passed = call.row.at.as_millisecond() - granted.row.at.as_millisecond();
            // The shop read its clock before the call was on its way.
            passed < life * 1_000 + ON_ITS_WAY_MS
        })
    })
}

/// The refresh token that a call sends.
fn refreshed(call: &ExchangeView) -> Option<&str> {
    call.row.params.as_ref()?.get("refresh_token")?.as_str()
}

/// The answer to a token call.
fn issued(call: &ExchangeView) -> Value {
    let body = call.response_body.as_deref().unwrap_or_default();
    serde_json::from_str(body).unwrap_or_default()
}

/// Whether a finding is about something that the documentation leaves open.
fn is_open(rule: LintRule, finding: &Finding, calls: &[&ExchangeView]) -> bool {
    let concerned = concerned(finding, calls);
    match rule {
        // The dialect under test accepted it.
        LintRule::TextNotAscii => {
            !concerned.is_empty() && concerned.iter().all(|call| call.row.status < 400)
        }
        LintRule::PollingFast => {
            let mut by_order: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
            for call in concerned {
                let times = by_order.entry(&call.row.path).or_default();
                times.push(call.row.at.as_millisecond());
            }
            by_order.values().all(|times| grow(times))
        }
        _ => false,
    }
}

/// Whether the pauses between polls grow, however short they start. `times` are in milliseconds.
fn grow(times: &[i64]) -> bool {
    let pauses: Vec<i64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    // Each pause must be a third longer than the last, with some tolerance for noise.
    pauses.len() >= 2
        && pauses
            .windows(2)
            .all(|pair| pair[1] * 3 + 100 >= pair[0] * 4)
        && pauses.last() > pauses.first()
        && pauses.last().is_some_and(|last| *last >= 300)
}

fn findings(
    contract: &'static Contract,
    dialect: &Rulebook,
    calls: &[&ExchangeView],
) -> anyhow::Result<Vec<Finding>> {
    let names = contract.dialect_names().into_iter();
    let names = names.filter(|name| *name != dialect.dialect().name);
    let others = names.map(|name| {
        let rulebook = Rulebook::compile(contract, contract.dialect(name)?)?;
        anyhow::Ok(Arc::new(rulebook))
    });
    let others: Vec<Arc<Rulebook>> = others.collect::<anyhow::Result<_>>()?;
    let eyes = Eyes {
        contract,
        rulebook: dialect,
    };
    let seen: Vec<Seen> = calls
        .iter()
        .filter_map(|call| Recorded::exchange(contract, call))
        .map(|call| Seen::new(call, eyes))
        .collect();
    let now = seen
        .last()
        .map_or(Moment { at: 0, clock: 0 }, |last| Moment {
            at: last.at,
            clock: last.clock,
        });
    Ok(lint::judge(&History::new(dialect, &others, seen, now)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// A token call at this millisecond, with the refresh tokens that it sends and receives.
    fn token(id: u64, at: i64, brings: Option<&str>, gets: Option<&str>) -> ExchangeView {
        let at = jiff::Timestamp::from_millisecond(1_767_225_600_000 + at).unwrap();
        let answer = gets.map(|gets| json!({"refresh_token": gets, "expires_in": 6}).to_string());
        serde_json::from_value(json!({
            "id": id, "at": at.to_string(), "clock": null, "client_id": "c",
            "endpoint": "token", "method": "POST", "path": "/", "headers": {},
            "params": {"refresh_token": brings}, "body": null, "status": 200, "duration_us": 1,
            "order_id": null, "violations": [], "fault": null, "why": [], "query": null,
            "response_headers": {}, "response_body": answer, "curl": ""
        }))
        .unwrap()
    }

    #[test]
    fn a_refresh_is_late_by_the_shops_clock_and_not_by_that_of_a_busy_machine() {
        let unfair = |late: &[i64]| {
            let mut calls = vec![token(1, 900, None, Some("r"))];
            // The same token every time, without further grants.
            let again = (2..).zip(late);
            calls.extend(again.map(|(id, at)| token(id, *at, Some("r"), None)));
            let finding = Finding {
                rule: LintRule::TokenRefreshLate,
                message: String::new(),
                requests: calls.iter().map(|call| call.row.id).collect(),
                clause: None,
                test_case: None,
                remedy: String::new(),
            };
            let calls: Vec<&ExchangeView> = calls.iter().collect();
            is_unfair(finding.rule, &finding, &calls, &HashSet::new())
        };
        // Flexiti's clock was advanced, or the call was slow.
        assert!(unfair(&[1_000]));
        assert!(unfair(&[1_000, 1_200]));
        assert!(unfair(&[7_400]));
        // Two seconds after expiry is too late to be a matter of timing.
        assert!(!unfair(&[8_900]));
        assert!(!unfair(&[1_000, 8_900]));
    }
}
