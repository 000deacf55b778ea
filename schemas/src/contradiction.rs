//! Answers of a dialect that contradict the documentation. The mock can give them; a judge reports
//! violations of the clauses named here.

use crate::contract::Contract;
use crate::dialect::{Contradiction, Dialect};
use crate::endpoint::Endpoint;
use crate::load::LoadError;
use crate::rulebook::Rulebook;
use serde_json::{Map, Value, json};

impl Contract {
    /// The answers of a dialect that contradict the documentation.
    pub fn contradictions(&self, dialect: &Dialect) -> Result<Vec<Contradiction>, LoadError> {
        let mut found: Vec<Contradiction> = Vec::new();
        for row in &self.knobs {
            let answer = &dialect.answers[&row.knob];
            let listed = row
                .alternatives
                .iter()
                .find(|known| known.answer == *answer);
            let clauses = match listed {
                Some(known) => known.contradicts.clone(),
                // An unprinted number is as wrong as the one that the row calls wrong.
                None if answer.is_number() => {
                    let wrong = row.alternatives.iter().flat_map(|known| &known.contradicts);
                    wrong.cloned().collect()
                }
                None => Vec::new(),
            };
            // The entries of an object have limits of their own.
            if !clauses.is_empty() && !answer.is_object() {
                let knob = row.knob.clone();
                found.push(Contradiction { knob, clauses });
            }
        }
        for limit in &self.expectations.limits {
            let kept = dialect.answer(&limit.knob).as_u64();
            if kept.is_none_or(|length| length > limit.at_most) {
                found.push(Contradiction {
                    knob: limit.knob.clone(),
                    clauses: vec![limit.clause.clone()],
                });
            }
        }
        for text in &self.expectations.texts {
            if dialect.answer(&text.knob).as_str() != Some(&text.is) {
                found.push(Contradiction {
                    knob: text.knob.clone(),
                    clauses: vec![text.clause.clone()],
                });
            }
        }
        let known: Vec<String> = found.iter().map(|one| one.knob.clone()).collect();
        found.extend(self.misread_values(dialect, &known)?);
        Ok(found)
    }

    /// Patterns that accept a value that the documentation refuses, or refuse one that it accepts.
    fn misread_values(
        &self,
        dialect: &Dialect,
        known: &[String],
    ) -> Result<Vec<Contradiction>, LoadError> {
        let rulebook = Rulebook::compile(Self::shipped(), dialect.clone())?;
        let mut found: Vec<Contradiction> = Vec::new();
        for row in &self.expectations.values {
            let Some(clause) = self.clause(&row.clause) else {
                continue;
            };
            let endpoint = clause.endpoints.first().copied().unwrap_or(Endpoint::Token);
            let fits = |value: &String| {
                let violations = rulebook.check(endpoint, &json!({ &row.param: value }));
                violations
                    .iter()
                    .all(|violation| violation.param != row.param)
            };
            let right = row.accepted.iter().all(fits) && !row.refused.iter().any(fits);
            let knobs = self.knobs_of(clause);
            let knob = knobs.iter().find(|knob| !known.iter().any(|k| k == *knob));
            let Some(knob) = knob.filter(|_| !right) else {
                continue;
            };
            match found.iter_mut().find(|one| one.knob == **knob) {
                Some(one) if one.clauses.contains(&row.clause) => {}
                Some(one) => one.clauses.push(row.clause.clone()),
                None => found.push(Contradiction {
                    knob: (*knob).to_owned(),
                    clauses: vec![row.clause.clone()],
                }),
            }
        }
        Ok(found)
    }

    /// The dialect with the yardstick's answer wherever its own contradicts the documentation: what
    /// a server with these answers is bound to, and where it is free.
    pub fn corrected(&self, dialect: &Dialect, yardstick: &Dialect) -> Result<Dialect, LoadError> {
        let wrong = self.contradictions(dialect)?;
        if wrong.is_empty() {
            return Ok(dialect.clone());
        }
        let mut answers: Map<String, Value> = dialect.answers.clone();
        for one in &wrong {
            let right = yardstick.answer(&one.knob).clone();
            match one.knob.split_once('.') {
                None => drop(answers.insert(one.knob.clone(), right)),
                Some((head, entry)) => {
                    let map = answers.get_mut(head).and_then(Value::as_object_mut);
                    map.map(|map| map.insert(entry.to_owned(), right));
                }
            }
        }
        self.dialect_from_json(json!({
            "name": dialect.name,
            "description": dialect.description,
            "answers": answers,
        }))
    }
}
