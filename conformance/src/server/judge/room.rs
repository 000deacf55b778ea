//! Whether the documentation leaves room for an answer: another answer to an open question, under
//! which it would be right.

use flexiti_contract::{Clause, Endpoint, Rulebook};
use serde_json::Value;

/// The rulebooks of the other answers to a knob that do not contradict this clause.
fn others<'r>(
    rulebook: &'r Rulebook,
    knob: &'r str,
    clause: Option<&'r str>,
) -> impl Iterator<Item = Rulebook> + 'r {
    let contract = rulebook.contract();
    let rows = contract.knob(knob).into_iter();
    let rows = rows.flat_map(|row| &row.alternatives);
    let fair = rows.filter(move |known| {
        let contradicts = |clause| known.contradicts.iter().any(|id| id == clause);
        known.answer != rulebook.dialect().answers[knob] && !clause.is_some_and(contradicts)
    });
    fair.filter_map(move |known| {
        let dialect = rulebook.dialect();
        let dialect = dialect.with_answer(knob, known.answer.clone(), contract.sources());
        Rulebook::compile(contract, dialect.ok()?).ok()
    })
}

/// The knob with an answer under which the clause is kept by this successful answer.
pub(super) fn leaves(
    rulebook: &Rulebook,
    clause: &Clause,
    endpoint: Endpoint,
    body: &Value,
) -> Option<String> {
    let knobs = rulebook.contract().knobs_of(clause);
    let kept = |other: Rulebook| {
        let faults = other.check_response(endpoint, body);
        faults.iter().all(|(id, _)| *id != clause.id)
    };
    let fits = |knob: &&str| others(rulebook, knob, Some(&clause.id)).any(kept);
    let knob = knobs.into_iter().find(fits)?;
    Some(knob.to_owned())
}

/// Whether the body of a refusal has one of the shapes that some page prints.
pub(super) fn has_a_printed_shape(rulebook: &Rulebook, body: &Value) -> bool {
    others(rulebook, "error_shape", None).any(|other| other.check_error_body(body).is_none())
}
