//! Verdicts on clauses.

use crate::server::wire::Exchange;
use flexiti_contract::{Rule, Rulebook};
use serde::Serialize;

/// The verdict of one observation on one clause.
#[derive(Debug, Clone, Serialize)]
pub struct Verdict {
    /// The clause.
    pub clause: String,
    /// The fault; `None` if the clause was kept.
    pub fault: Option<Fault>,
}

/// A broken clause.
#[derive(Debug, Clone, Serialize)]
pub struct Fault {
    /// The expected answer.
    pub expected: String,
    /// The actual answer.
    pub actual: String,
    /// The index of the exchange that shows it.
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
