//! The evidence for expectations. A violation is reported only if the documentation is
//! contradicted, so each part of an expectation has evidence of its own.

use crate::clause::Clause;
use crate::contract::Contract;
use crate::endpoint::Endpoint;
use crate::error::ErrorId;
use crate::evidence::Evidence;
use crate::expectation::{DocumentedValues, Part, Support};

impl Contract {
    /// Whether the documentation binds a server to this clause: a documented sentence or printed
    /// example states it, and no version of the documentation leaves room for an answer under which
    /// it does not hold.
    pub fn is_must(&self, clause: &Clause) -> bool {
        clause.evidence <= Evidence::Example
            && clause.when.iter().all(|(knob, answers)| {
                let head = knob.split('.').next().unwrap_or(knob);
                let entry = |answer: &serde_json::Value| match knob.split_once('.') {
                    Some((_, entry)) => answer[entry].clone(),
                    None => answer.clone(),
                };
                let rows = self.knob(head).map_or(&[][..], |row| &row.alternatives);
                let mut others = rows
                    .iter()
                    .filter(|row| !answers.contains(&entry(&row.answer)));
                others.all(|row| {
                    row.contradicts.contains(&clause.id) || row.hides.contains(&clause.id)
                })
            })
    }

    /// Whether the documentation says that a parameter's value must be accepted; `None` if it says
    /// nothing.
    pub fn documented_value(&self, endpoint: Endpoint, param: &str, value: &str) -> Option<bool> {
        self.documentation_of(endpoint, param, value)
            .map(|(accepted, _)| accepted)
    }

    /// The same, with the clause that says it.
    pub fn documentation_of(
        &self,
        endpoint: Endpoint,
        param: &str,
        value: &str,
    ) -> Option<(bool, &Clause)> {
        let about = |row: &&DocumentedValues| {
            row.param == param && self.clause(&row.clause).is_some_and(|c| c.covers(endpoint))
        };
        let mut rows = self.expectations.values.iter().filter(about);
        rows.find_map(|row| {
            let has = |list: &[String]| list.iter().any(|known| known == value);
            let accepted = has(&row.accepted);
            let clause = self.clause(&row.clause)?;
            (accepted || has(&row.refused)).then_some((accepted, clause))
        })
    }

    /// The evidence for the status and word of a refusal.
    pub fn support_of_error(&self, error: ErrorId) -> Support<'_> {
        let row = &self.errors[error];
        Support {
            evidence: row.evidence,
            source: &row.source,
        }
    }

    /// The evidence for a part of an answer that no clause and no error covers.
    pub fn support_of(&self, part: Part) -> Option<Support<'_>> {
        let row = self
            .expectations
            .parts
            .iter()
            .find(|row| row.part == part)?;
        Some(Support {
            evidence: row.evidence,
            source: &row.source,
        })
    }

    /// The knobs that affect a clause: those in its conditions, those that its rule uses, and those
    /// in its constraints.
    pub fn knobs_of<'c>(&'c self, clause: &'c Clause) -> Vec<&'c str> {
        let mut knobs: Vec<&'c str> = Vec::new();
        let named = clause.when.keys().chain(&clause.knobs).map(String::as_str);
        let constraints = self.constraint_knobs.get(&clause.id);
        let constraints = constraints.into_iter().flatten().map(String::as_str);
        for knob in named.chain(constraints) {
            let head = knob.split('.').next().unwrap_or(knob);
            if !knobs.contains(&head) {
                knobs.push(head);
            }
        }
        knobs
    }
}
