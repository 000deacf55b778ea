//! One check and its verdict.

use flexiti_contract::scenario::Rank;
use serde::{Deserialize, Serialize};

/// The verdict of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Observed to be right.
    Passed,
    /// The driver file does not say how to check it.
    NotTestable,
    /// The conditions for the check did not come about.
    Inconclusive,
    /// Observed to be wrong.
    Failed,
}

/// One check of one scenario.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judgement {
    /// The checker: `belief`, `order_doubled`, a rule of `lint.json`.
    pub check: String,
    /// Its verdict.
    pub verdict: Verdict,
    /// The certificate's level that requires it.
    pub level: Rank,
    /// What was observed; empty if it passed.
    pub message: String,
    /// The journal's ids of the calls concerned.
    pub requests: Vec<u64>,
}

impl Judgement {
    pub(super) fn new(check: &str, verdict: Verdict, message: impl Into<String>) -> Self {
        Self {
            check: check.to_owned(),
            verdict,
            level: Rank::Basic,
            message: message.into(),
            requests: Vec::new(),
        }
    }

    pub(super) fn passed(check: &str) -> Self {
        Self::new(check, Verdict::Passed, "")
    }

    /// A check that failed.
    pub fn failed(check: &str, message: impl Into<String>) -> Self {
        Self::new(check, Verdict::Failed, message)
    }

    /// Passed, unless something is wrong.
    pub(super) fn unless(check: &str, wrong: Option<String>) -> Self {
        wrong.map_or_else(|| Self::passed(check), |what| Self::failed(check, what))
    }

    pub(super) fn of(mut self, requests: impl IntoIterator<Item = u64>) -> Self {
        self.requests.extend(requests);
        self
    }

    pub(super) fn at(self, level: Rank) -> Self {
        Self { level, ..self }
    }
}
