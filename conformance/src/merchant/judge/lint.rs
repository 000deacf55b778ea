//! What a reviewer at Flexiti would say about everything that the shop sent: the rules of
//! `lint.json`, applied to the trace.

use super::judgement::{Judgement, Verdict};
use flexiti_contract::scenario::Rank;
use flexiti_contract::{Contract, LintRule, Rulebook};
use flexiti_mock::embed::admin::ExchangeView;
use flexiti_mock::lint::{
    self, Call as Seen, Eyes, Finding, History, LintInput as Recorded, Moment,
};
use std::sync::Arc;

/// The findings about these calls, and a verdict on each rule.
pub fn judge(dialect: &Rulebook, calls: &[&ExchangeView]) -> anyhow::Result<Vec<Judgement>> {
    let contract = dialect.contract();
    let findings = findings(contract, dialect, calls)?;
    let mut all = Vec::new();
    for rule in LintRule::ALL {
        let of_rule = findings.iter().filter(|finding| finding.rule == *rule);
        let before = all.len();
        all.extend(of_rule.map(|finding| Judgement {
            check: rule.id().to_owned(),
            verdict: Verdict::Failed,
            level: level(finding.test_case.as_deref()),
            message: finding.message.clone(),
            requests: finding.requests.clone(),
        }));
        if all.len() == before {
            all.push(Judgement {
                check: rule.id().to_owned(),
                verdict: Verdict::Passed,
                level: level(contract.lint_row(*rule).test_case.as_deref()),
                message: String::new(),
                requests: Vec::new(),
            });
        }
    }
    Ok(all)
}

/// Rules from Flexiti's own test cases are basic, the others exemplary.
fn level(test_case: Option<&str>) -> Rank {
    match test_case {
        Some(_) => Rank::Basic,
        None => Rank::Exemplary,
    }
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
