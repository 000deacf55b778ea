//! Verdicts. Pure: a case and its exchanges in, verdicts on clauses out.

mod callback;
mod comparison;
mod every_answer;
mod expectation;
mod json_members;
mod money;
mod page;
mod refusal;
mod room;
mod secrets;
mod talk;
mod tokens;
mod verdict;

pub use verdict::{Fault, Verdict};
use verdict::{Mismatch, differs};

use crate::server::case::{Case, Checked, Expect};
use crate::server::wire::{Exchange, Silence, Surface};
use flexiti_contract::{Contract, Part, Rule, Rulebook};

/// Judges a case by its exchanges: the clause it is about, and every clause that applies to any
/// answer.
pub fn judge(rulebook: &Rulebook, case: &Case, exchanges: &[Exchange]) -> Vec<Verdict> {
    let last = exchanges.len().saturating_sub(1);
    let mut verdicts: Vec<Verdict> = exchanges
        .iter()
        .enumerate()
        .filter(|(_, exchange)| exchange.surface != Surface::Admin && exchange.talk.is_none())
        .flat_map(|(at, exchange)| {
            let ordinary = case.expect.is_ordinary(at, last);
            let garbage = case.clause == Rule::Robust.id();
            every_answer::observe(rulebook, at, exchange, ordinary, garbage)
        })
        .collect();
    let dead = |v: &Verdict| v.clause == Rule::Robust.id() && v.fault.is_some();
    if verdicts.iter().any(dead) {
        verdicts.extend(promised(rulebook, case, exchanges));
        return verdicts;
    }
    match &case.expect {
        Expect::Course(checks) => verdicts.extend(course(rulebook, case, checks, exchanges)),
        _ => verdicts.extend(expectation::expectation(rulebook, case, exchanges)),
    }
    verdicts
}

/// The verdict after a server error (5xx) or no answer. That says nothing about a clause, unless
/// the clause requires the request to be accepted, or a page to exist.
fn promised(rulebook: &Rulebook, case: &Case, exchanges: &[Exchange]) -> Option<Verdict> {
    let (exchange, before) = exchanges.split_last()?;
    if !is_no_accident(exchange) {
        return None;
    }
    let mismatch = match &case.expect {
        Expect::Page(_) => {
            let page = Contract::shipped().clause(Rule::RedirectPage.id())?;
            let mismatch = Mismatch::of_clause(page, "200 text/html");
            return Some(differs(&page.id, before.len(), mismatch, exchange.actual()));
        }
        expect if expect.grants() && case.must_be_accepted() => {
            Mismatch::of_case(case, Part::Accepted, "200")
        }
        _ => return None,
    };
    let mut verdict = differs(&case.clause, before.len(), mismatch, exchange.actual());
    if let (Some(fault), Some(answer)) = (verdict.fault.as_mut(), exchange.answer()) {
        fault.rests_on = refusal::foundation(rulebook, case, exchange, answer);
    }
    Some(verdict)
}

/// The verdicts on the answers of a course, up to the first fault: later ones may follow from it.
fn course(
    rulebook: &Rulebook,
    case: &Case,
    checks: &[Checked],
    exchanges: &[Exchange],
) -> Vec<Verdict> {
    let mut verdicts = Vec::new();
    for check in checks {
        let Some(so_far) = exchanges.get(..=check.answer) else {
            break;
        };
        let one = Case {
            clause: check.clause.clone(),
            must: check.must,
            expect: (*check.expect).clone(),
            blame: None,
            ..case.clone()
        };
        let verdict = expectation::expectation(rulebook, &one, so_far);
        let is_fault = verdict.as_ref().is_some_and(|v| v.fault.is_some());
        verdicts.extend(verdict);
        if is_fault {
            break;
        }
    }
    verdicts
}

/// The verdict on a token that was refused early, as exchange `at` shows: `expires_in` is
/// documented to be its lifetime (R-cur).
pub fn ended_early(refused: &Exchange, at: usize) -> Verdict {
    let mismatch = Mismatch {
        violates: true,
        ..Mismatch::open(
            Part::Content,
            None,
            "a token that stays valid for expires_in seconds",
        )
    };
    differs(Rule::ResponseExpiresIn.id(), at, mismatch, refused.actual())
}

/// A server error or incomplete answer that repeats while the server answers other requests.
/// Slowness contradicts no page.
fn is_no_accident(exchange: &Exchange) -> bool {
    match &exchange.answer {
        Ok(answer) => answer.status >= 500,
        Err(none) => none.kind != Silence::Timeout,
    }
}
