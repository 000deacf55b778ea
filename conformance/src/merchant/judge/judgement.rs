//! One check and its verdict.

use super::checkers::{self, Basis};
use flexiti_contract::scenario::Rank;
use serde::{Deserialize, Serialize};

/// The verdict of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Observed to be right.
    Passed,
    /// The documentation leaves it open, but there is a better way. Costs no level.
    Advice,
    /// The driver file does not say how to check it.
    NotTestable,
    /// The conditions for the check did not occur.
    Inconclusive,
    /// Observed to be wrong.
    Failed,
}

impl Verdict {
    /// Whether it counts as no fault of the shop.
    pub fn is_fine(self) -> bool {
        matches!(self, Self::Passed | Self::Advice)
    }
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
    /// What it rests on.
    pub basis: Basis,
    /// What was observed; empty if it passed.
    pub message: String,
    /// The journal ids of the calls concerned.
    pub requests: Vec<u64>,
    /// For a check over all requests: the scenario, with flow and language, that first showed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scenario: Option<String>,
}

impl Judgement {
    pub(super) fn new(check: &str, verdict: Verdict, message: impl Into<String>) -> Self {
        Self {
            check: check.to_owned(),
            verdict,
            level: Rank::Basic,
            basis: checkers::named(check).map_or(Basis::GoodPractice, |checker| checker.basis),
            message: message.into(),
            requests: Vec::new(),
            scenario: None,
        }
    }

    pub(super) fn passed(check: &str) -> Self {
        Self::new(check, Verdict::Passed, "")
    }

    /// A check that failed.
    pub fn failed(check: &str, message: impl Into<String>) -> Self {
        Self::new(check, Verdict::Failed, message)
    }

    /// A check that passes unless something is wrong.
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

    /// Rests this judgement on good practice, where the documentation is silent.
    pub(super) fn on_good_practice(self) -> Self {
        Self {
            basis: Basis::GoodPractice,
            ..self
        }
    }

    /// Advice on something that no document requires, if there is any.
    pub(super) fn advice(check: &str, what: Option<String>) -> Self {
        what.map_or_else(
            || Self::passed(check),
            |what| Self::new(check, Verdict::Advice, what),
        )
    }

    /// Sets the level that requires the check in a scenario of this level. Good practice alone
    /// costs nothing below *exemplary*.
    pub(super) fn in_scenario_of(self, level: Rank) -> Self {
        let level = match self.basis {
            Basis::GoodPractice => Rank::Exemplary,
            Basis::TestCase | Basis::Documented => self.level.max(level),
        };
        Self { level, ..self }
    }
}
