//! Verdicts on clauses.

use crate::server::case::Case;
use crate::server::wire::Exchange;
use flexiti_contract::{Clause, Contract, Part, Rule, Rulebook};
use serde::Serialize;

/// The verdict of one observation on one clause.
#[derive(Debug, Clone, Serialize)]
pub struct Verdict {
    /// The clause.
    pub clause: String,
    /// The fault; `None` if the clause was kept.
    pub fault: Option<Fault>,
}

/// An unexpected answer.
#[derive(Debug, Clone, Serialize)]
pub struct Fault {
    /// The expected answer.
    pub expected: String,
    /// The actual answer.
    pub actual: String,
    /// The part of the answer that differs.
    pub part: Part,
    /// Whether a documented sentence or a printed example is contradicted. If not, the server has
    /// answered an open question differently.
    pub violates: bool,
    /// The knob for that question, if there is one.
    pub knob: Option<String>,
    /// The index of the exchange that shows it.
    #[serde(skip)]
    pub exchange: usize,
    /// The clause that explains the fault, if that clause is broken in a case of its own.
    #[serde(skip)]
    pub rests_on: Option<String>,
}

/// A part of an answer that is not as expected.
#[derive(Debug, Clone)]
pub(super) struct Mismatch {
    /// What was expected.
    pub(super) expected: String,
    /// The part that differs.
    pub(super) part: Part,
    /// Whether the documentation is contradicted.
    pub(super) violates: bool,
    /// The knob that leaves room for the answer.
    pub(super) knob: Option<String>,
}

impl Mismatch {
    /// A mismatch in the answer to a case.
    pub(super) fn of_case(case: &Case, part: Part, expected: impl Into<String>) -> Self {
        Self {
            expected: expected.into(),
            part,
            violates: case.must,
            knob: case.knob.clone(),
        }
    }

    /// A mismatch with what a clause says of any answer.
    pub(super) fn of_clause(clause: &Clause, expected: impl Into<String>) -> Self {
        let contract = Contract::shipped();
        Self {
            expected: expected.into(),
            part: Part::Content,
            violates: contract.is_must(clause),
            knob: contract.knobs_of(clause).first().map(ToString::to_string),
        }
    }

    /// A mismatch in a part that is undocumented, and the knob about it.
    pub(super) fn open(part: Part, knob: Option<&str>, expected: impl Into<String>) -> Self {
        Self {
            expected: expected.into(),
            part,
            violates: false,
            knob: knob.map(str::to_owned),
        }
    }
}

/// A clause that was kept.
pub(super) fn kept(clause: &str) -> Verdict {
    Verdict {
        clause: clause.to_owned(),
        fault: None,
    }
}

/// A clause that was not answered as expected, as exchange `at` shows.
pub(super) fn differs(clause: &str, at: usize, mismatch: Mismatch, actual: String) -> Verdict {
    let Mismatch {
        expected,
        part,
        violates,
        knob,
    } = mismatch;
    Verdict {
        clause: clause.to_owned(),
        fault: Some(Fault {
            expected,
            actual,
            part,
            violates,
            knob,
            exchange: at,
            rests_on: None,
        }),
    }
}

/// A verdict on a clause that any answer can break, if the dialect has it.
pub(super) fn look(
    rulebook: &Rulebook,
    rule: Rule,
    at: usize,
    exchange: &Exchange,
    fault: Option<String>,
) -> Option<Verdict> {
    if !rulebook.enforces(rule) {
        return None;
    }
    let clause = rulebook.contract().clause(rule.id())?;
    Some(match fault {
        None => kept(rule.id()),
        Some(expected) => {
            let mismatch = Mismatch::of_clause(clause, expected);
            differs(rule.id(), at, mismatch, exchange.actual())
        }
    })
}
