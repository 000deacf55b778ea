//! The rows of a report: scenarios and rules of the review, with their checks.

use crate::merchant::judge::results::Results;
use crate::merchant::judge::{Basis, Judgement, Verdict};
use crate::merchant::scenarios;
use crate::waivers::{Excuse, Waivers};
use flexiti_contract::scenario::Rank;
use serde::{Deserialize, Serialize};

/// The scenario name of checks over everything that a shop sent and showed.
pub const REVIEW: &str = "review";

/// A scenario in one dialect, or a rule of the review.
#[derive(Debug, Clone, Serialize)]
pub struct Row {
    /// Scenario, flow and language; or `review` and the rule.
    pub id: String,
    /// The dialect.
    pub dialect: String,
    /// What the shop has to do.
    pub requirement: String,
    /// The certificate level that requires it.
    pub level: Rank,
    /// The outcome.
    pub status: Status,
    /// Why it has no verdict, or does not count.
    pub why: Option<String>,
    /// The checks.
    pub checks: Vec<CheckRow>,
}

/// A check of a row.
#[derive(Debug, Clone, Serialize)]
pub struct CheckRow {
    /// The checker.
    pub check: String,
    /// The outcome.
    pub status: Status,
    /// The certificate level that requires it.
    pub level: Rank,
    /// What it rests on.
    pub basis: Basis,
    /// What was observed; empty if it passed.
    pub message: String,
    /// The journal ids of the calls concerned.
    pub calls: Vec<u64>,
    /// The first scenario that showed a broken rule of the review.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scenario: Option<String>,
}

/// The outcome of a row or check, from best to worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// [`Verdict::Passed`]
    Passed,
    /// [`Verdict::Advice`]
    Advice,
    /// [`Verdict::NotTestable`]
    NotTestable,
    /// Failed, and waived.
    Waived,
    /// Failed, as in the baseline.
    Known,
    /// [`Verdict::Inconclusive`]
    Inconclusive,
    /// [`Verdict::Failed`]
    Failed,
}

impl Row {
    /// The name by which waivers match it.
    pub fn scenario(&self) -> &str {
        match self.id.strip_prefix(REVIEW) {
            Some(rest) if rest.starts_with('.') => REVIEW,
            _ => &self.id,
        }
    }

    /// A key for a check of the row, for lists of changes.
    pub fn key(&self, check: &CheckRow) -> String {
        key(&self.dialect, &self.id, &check.check)
    }

    /// Marks the failures that the waivers allow.
    pub fn waive(&mut self, waivers: &Waivers) {
        let scenario = self.scenario().to_owned();
        let mut reasons = Vec::new();
        for check in &mut self.checks {
            let excuse = waivers.excuse(&check.check, [scenario.as_str()]);
            if let (Status::Failed, Excuse::All(reason)) = (check.status, excuse) {
                check.status = Status::Waived;
                let reason = format!("{}: {reason}", check.check);
                if !reasons.contains(&reason) {
                    reasons.push(reason);
                }
            }
        }
        if !reasons.is_empty() {
            self.why = Some(reasons.join("; "));
        }
        self.settle();
    }

    /// Sets its status from those of its checks.
    pub fn settle(&mut self) {
        let checks = self.checks.iter().map(|check| check.status);
        self.status = checks.max().unwrap_or(Status::Passed);
    }
}

/// A key for a check of a scenario in a dialect.
pub fn key(dialect: &str, scenario: &str, check: &str) -> String {
    format!("{scenario} ({dialect}): {check}")
}

impl Status {
    /// Whether it failed, even if waived or known.
    pub fn has_failed(self) -> bool {
        matches!(self, Self::Failed | Self::Known | Self::Waived)
    }
}

impl From<Verdict> for Status {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Passed => Self::Passed,
            Verdict::Advice => Self::Advice,
            Verdict::NotTestable => Self::NotTestable,
            Verdict::Inconclusive => Self::Inconclusive,
            Verdict::Failed => Self::Failed,
        }
    }
}

/// The rows of a dialect.
pub fn rows(results: &Results) -> Vec<Row> {
    let dialect = &results.dialect;
    let mut rows = Vec::new();
    for result in &results.scenarios {
        let scenario = result.name.split('/').next().unwrap_or_default();
        // The level of the fuzzer's plans.
        let level = scenarios::named(scenario).map_or(Rank::Robust, |row| row.level);
        let requirement = result.requirement();
        rows.push(row(
            dialect,
            &result.name,
            requirement,
            level,
            &result.checks,
        ));
    }
    for checks in by_name(&results.review) {
        let worst = checks.iter().max_by_key(|check| check.verdict);
        if let Some(worst) = worst {
            let id = format!("{REVIEW}.{}", worst.check);
            rows.push(row(dialect, &id, &worst.message, worst.level, &checks));
        }
    }
    rows
}

/// Groups the checks by rule, in order of first appearance.
fn by_name(review: &[Judgement]) -> Vec<Vec<Judgement>> {
    let mut rules: Vec<Vec<Judgement>> = Vec::new();
    for check in review {
        let same = |rule: &&mut Vec<Judgement>| rule.iter().any(|it| it.check == check.check);
        match rules.iter_mut().find(same) {
            Some(rule) => rule.push(check.clone()),
            None => rules.push(vec![check.clone()]),
        }
    }
    rules
}

fn row(dialect: &str, id: &str, requirement: &str, level: Rank, checks: &[Judgement]) -> Row {
    let checks = checks.iter().map(|check| CheckRow {
        check: check.check.clone(),
        status: check.verdict.into(),
        level: check.level,
        basis: check.basis,
        message: check.message.clone(),
        calls: check.requests.clone(),
        scenario: check.scenario.clone(),
    });
    let mut row = Row {
        id: id.to_owned(),
        dialect: dialect.to_owned(),
        requirement: requirement.to_owned(),
        level,
        status: Status::Passed,
        why: None,
        checks: checks.collect(),
    };
    row.settle();
    if matches!(
        row.status,
        Status::Advice | Status::NotTestable | Status::Inconclusive
    ) {
        let broken = row.checks.iter();
        let broken = broken.filter(|check| check.status != Status::Passed);
        let broken: Vec<String> = broken.map(line).collect();
        row.why = Some(broken.join("; "));
    }
    row
}

/// A check on one line.
pub fn line(check: &CheckRow) -> String {
    let calls: Vec<String> = check.calls.iter().map(u64::to_string).collect();
    let calls = match calls.as_slice() {
        [] => String::new(),
        calls => format!(" (call {})", calls.join(", ")),
    };
    format!("{}: {}{calls}", check.check, check.message)
}
