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

/// An answer that is not the expected one.
#[derive(Debug, Clone, Serialize)]
pub struct Fault {
    /// The expected answer.
    pub expected: String,
    /// The actual answer.
    pub actual: String,
    /// The part of the answer that differs.
    pub part: Part,
    /// Whether a documented sentence or a printed example is contradicted. If not, the server has
    /// answered an open question otherwise.
    pub violates: bool,
    /// The knob that asks that question, if one does.
    pub knob: Option<String>,
    /// The index of the exchange that shows it.
    #[serde(skip)]
    pub exchange: usize,
    /// The clause that explains it, if that one is broken in a case of its own.
    #[serde(skip)]
    pub rests_on: Option<String>,
}

/// A part of an answer that differs from what was expected.
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
    /// The content of the answer to a case.
    pub(super) fn of_case(case: &Case, part: Part, expected: impl Into<String>) -> Self {
        Self {
            expected: expected.into(),
            part,
            violates: case.must,
            knob: case.knob.clone(),
        }
    }

    /// Something that a clause says of any answer.
    pub(super) fn of_clause(clause: &Clause, expected: impl Into<String>) -> Self {
        let contract = Contract::shipped();
        Self {
            expected: expected.into(),
            part: Part::Content,
            violates: contract.is_must(clause),
            knob: contract.knobs_of(clause).first().map(ToString::to_string),
        }
    }

    /// A part that no page of the Online API speaks of, and the knob about it.
    pub(super) fn open(part: Part, knob: Option<&str>, expected: impl Into<String>) -> Self {
        Self {
            expected: expected.into(),
            part,
            violates: false,
            knob: knob.map(str::to_owned),
        }
    }
}

/// The clause was kept.
pub(super) fn kept(clause: &str) -> Verdict {
    Verdict {
        clause: clause.to_owned(),
        fault: None,
    }
}

/// The clause was not answered as expected, as exchange `at` shows.
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

/// A verdict on a clause that the dialect has and that any answer can break.
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
