//! What a reviewer at Flexiti would say about everything that the shop sent: the rules of
//! `lint.json`, applied to the trace.

use super::checkers::Basis;
use super::judgement::{Judgement, Verdict};
use flexiti_contract::scenario::Rank;
use flexiti_contract::{Contract, LintRule, Rulebook};
use flexiti_mock::embed::admin::ExchangeView;
use flexiti_mock::lint::{
    self, Call as Seen, Eyes, Finding, History, LintInput as Recorded, Moment,
};
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

/// The findings about these calls, and a verdict on each rule.
/// `looked` are calls whose time the runner chose.
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
        }));
        if all.len() == before {
            all.push(Judgement {
                check: rule.id().to_owned(),
                verdict: Verdict::Passed,
                level: level(row.test_case.as_deref()),
                basis: Basis::of(row),
                message: String::new(),
                requests: Vec::new(),
            });
        }
    }
    Ok(all)
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

/// Whether the runner brought about what a finding is about: it looked so often that a shop which
/// asks whenever it is looked at asked too often; or by the shop's own clock no token had
/// ended when Flexiti's clock was moved on, or when Flexiti refused a token out of the blue.
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
    if rule != LintRule::TokenRefreshLate {
        return false;
    }
    let concerned = concerned(finding, calls);
    concerned.chunks(2).all(|pair| match pair {
        [granted, refreshed] => {
            let body = granted.response_body.as_deref().unwrap_or_default();
            let answer: serde_json::Value = serde_json::from_str(body).unwrap_or_default();
            let life = answer["expires_in"].as_i64().unwrap_or_default();
            let passed = refreshed.row.at.as_second() - granted.row.at.as_second();
            passed < life
        }
        _ => false,
    })
}

/// Whether a finding is about something that the documentation leaves open.
fn is_open(rule: LintRule, finding: &Finding, calls: &[&ExchangeView]) -> bool {
    let concerned = concerned(finding, calls);
    match rule {
        // The dialect under test took it.
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

/// Whether the pauses between polls grow, however short the first ones are. `times` are in
/// milliseconds.
fn grow(times: &[i64]) -> bool {
    let pauses: Vec<i64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    // A tenth of a second is noise; a third more each time is growth.
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
