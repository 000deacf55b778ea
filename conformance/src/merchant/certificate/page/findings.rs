//! The findings against the shop: one for each check, with every scenario that shows it.

use super::cell::{anchor, class};
use crate::merchant::certificate::text::word;
use crate::merchant::judge::results::Results;
use crate::merchant::judge::{Ground, Verdict};

/// A check that did not pass.
pub(super) struct Finding {
    pub(super) check: String,
    pub(super) class: String,
    pub(super) word: &'static str,
    /// The basis of the check, and what to change.
    pub(super) ground: Option<(String, String)>,
    pub(super) seen: Vec<Seen>,
    pub(super) rest: Vec<Seen>,
    verdict: Verdict,
}

/// Where a check did not pass.
pub(super) struct Seen {
    /// The anchor of its story; `None` for checks over all scenarios.
    pub(super) anchor: Option<String>,
    pub(super) scenario: String,
    pub(super) dialects: Vec<String>,
    /// What was observed, in the first of these dialects.
    pub(super) message: String,
}

/// How many occurrences of a finding are shown.
const SHOWN: usize = 5;

/// The findings, worst first.
pub(super) fn findings(results: &[Results]) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Vec::new();
    for results in results {
        for (scenario, check) in results.named_checks() {
            if check.verdict.is_fine() {
                continue;
            }
            let is_same = |finding: &Finding| {
                finding.check == check.check && finding.verdict == check.verdict
            };
            let at = findings.iter().position(is_same).unwrap_or_else(|| {
                findings.push(Finding {
                    check: check.check.clone(),
                    class: class(check.verdict),
                    word: word(check.verdict),
                    ground: Ground::of(&check.check).map(|ground| (ground.sentence, ground.remedy)),
                    seen: Vec::new(),
                    rest: Vec::new(),
                    verdict: check.verdict,
                });
                findings.len() - 1
            });
            let seen = &mut findings[at].seen;
            let dialect = results.dialect.clone();
            if let Some(known) = seen.iter_mut().find(|seen| seen.scenario == scenario) {
                if !known.dialects.contains(&dialect) {
                    known.dialects.push(dialect);
                }
            } else {
                seen.push(Seen {
                    anchor: (scenario != "review").then(|| anchor(scenario)),
                    scenario: scenario.to_owned(),
                    dialects: vec![dialect],
                    message: check.message.clone(),
                });
            }
        }
    }
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.verdict));
    for finding in &mut findings {
        let shown = finding.seen.len().min(SHOWN);
        finding.rest = finding.seen.split_off(shown);
    }
    findings
}
