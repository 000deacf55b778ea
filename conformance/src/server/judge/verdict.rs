//! Verdicts on clauses.

use crate::server::wire::Exchange;
use flexiti_contract::{Rule, Rulebook};
use serde::Serialize;

/// What one observation says of one clause.
#[derive(Debug, Clone, Serialize)]
pub struct Verdict {
    /// The clause.
    pub clause: String,
    /// What was wrong; nothing if the clause was kept.
    pub fault: Option<Fault>,
}

/// A promise that was broken.
#[derive(Debug, Clone, Serialize)]
pub struct Fault {
    /// What the clause says must come back.
    pub expected: String,
    /// What came back.
    pub actual: String,
    /// Which of the case's exchanges shows it.
    #[serde(skip)]
    pub exchange: usize,
}

/// The clause was kept.
pub(super) fn kept(clause: &str) -> Verdict {
    Verdict {
        clause: clause.to_owned(),
        fault: None,
    }
}

/// The clause was broken, as exchange `at` shows.
pub(super) fn broken(
    clause: &str,
    at: usize,
    expected: impl Into<String>,
    actual: String,
) -> Verdict {
    Verdict {
        clause: clause.to_owned(),
        fault: Some(Fault {
            expected: expected.into(),
            actual,
            exchange: at,
        }),
    }
}

/// `kept` or `broken`, for a clause that the dialect has.
pub(super) fn look(
    rulebook: &Rulebook,
    rule: Rule,
    at: usize,
    exchange: &Exchange,
    fault: Option<String>,
) -> Option<Verdict> {
    rulebook.enforces(rule).then(|| match fault {
        None => kept(rule.id()),
        Some(expected) => broken(rule.id(), at, expected, exchange.actual()),
    })
}
