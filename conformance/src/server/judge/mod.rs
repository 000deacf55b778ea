//! Verdicts. Pure: a case and its exchanges in, verdicts on clauses out.

mod callback;
mod comparison;
mod every_answer;
mod expectation;
mod json_members;
mod refusal;
mod room;
mod verdict;

pub use verdict::{Fault, Verdict};
use verdict::{Mismatch, differs};

use crate::server::case::Case;
use crate::server::wire::{Exchange, Surface};
use flexiti_contract::{Part, Rule, Rulebook};

/// Judges a case by its exchanges: the clause it is about, and every clause that can be seen in
/// any answer.
pub fn judge(rulebook: &Rulebook, case: &Case, exchanges: &[Exchange]) -> Vec<Verdict> {
    let last = exchanges.len().saturating_sub(1);
    let mut verdicts: Vec<Verdict> = exchanges
        .iter()
        .enumerate()
        .filter(|(_, exchange)| exchange.surface != Surface::Admin)
        .flat_map(|(at, exchange)| {
            let ordinary = case.expect.is_ordinary(at, last);
            every_answer::observe(rulebook, at, exchange, ordinary)
        })
        .collect();
    let dead = |v: &Verdict| v.clause == Rule::Robust.id() && v.fault.is_some();
    if verdicts.iter().any(dead) {
        // A server error (5xx) says nothing about the clause, unless the clause is that the
        // request is accepted.
        if let Some(exchange) = exchanges.last()
            && is_no_accident(exchange)
            && case.expect.grants()
            && case.must_be_accepted()
        {
            let mismatch = Mismatch::of_case(case, Part::Accepted, "200");
            verdicts.push(differs(&case.clause, last, mismatch, exchange.actual()));
        }
        return verdicts;
    }
    verdicts.extend(expectation::expectation(rulebook, case, exchanges));
    verdicts
}

/// A server error, or an answer that nobody can read whole. A connection that breaks may be an
/// accident.
fn is_no_accident(exchange: &Exchange) -> bool {
    match &exchange.answer {
        Ok(answer) => answer.status >= 500,
        Err(why) => why.contains("MiB"),
    }
}
