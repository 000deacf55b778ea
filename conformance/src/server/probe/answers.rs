//! The results of a probe: an answer for each knob, or that it could not be determined.

use super::heard::{Heard, Refusal};
use super::words;
use crate::server::plan::Samples;
use crate::server::report::{Learned, Shown};
use flexiti_contract::{Contract, Dialect, ErrorId, Evidence, LoadError};
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The results of a probe.
#[derive(Debug, Clone)]
pub struct Probed {
    /// The server's dialect, with the yardstick's answers where the server's could not be
    /// determined.
    pub dialect: Dialect,
    /// One row for each knob of the contract.
    pub answers: Vec<KnobAnswer>,
    /// The values that the server accepts.
    pub samples: Samples,
    /// Why the probe ended before its last question.
    pub stopped: Option<String>,
    /// How many requests it took.
    pub calls: u64,
}

/// The result for one knob.
#[derive(Debug, Clone, Serialize)]
pub struct KnobAnswer {
    /// The knob.
    pub knob: String,
    /// The server's answer; `None` if it could not be determined.
    pub answer: Option<Value>,
    /// The yardstick's answer.
    pub expected: Value,
    /// If the answer is an object, the entries that could be determined; `None` means all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub told: Option<Vec<String>>,
    /// Whether the server answered differently when asked again.
    pub unstable: bool,
    /// The exchange that showed it.
    pub exchange: Option<Shown>,
}

/// An answer during a probe.
#[derive(Debug, Clone)]
struct Found {
    answer: Value,
    heard: Heard,
}

/// The answers so far.
#[derive(Debug, Default)]
pub(super) struct Answers {
    found: BTreeMap<String, Found>,
    /// Entries of answers that are objects; `None` removes an entry.
    entries: Vec<(String, String, Option<Value>, Heard)>,
    /// Refusals with a known reason.
    pub(super) refused: Vec<(ErrorId, Heard)>,
    unstable: BTreeSet<String>,
    /// The entries that could be determined, by knob.
    told: BTreeMap<String, Vec<String>>,
}

impl Answers {
    pub(super) fn note(&mut self, knob: &str, answer: Value, heard: &Heard) {
        let heard = heard.clone();
        self.found.insert(knob.to_owned(), Found { answer, heard });
    }

    /// Records one entry of an answer that is an object.
    pub(super) fn note_entry(
        &mut self,
        knob: &str,
        entry: &str,
        answer: Option<Value>,
        heard: &Heard,
    ) {
        let row = (knob.to_owned(), entry.to_owned(), answer, heard.clone());
        self.entries.push(row);
    }

    /// An entry as recorded; null is a removed one.
    pub(super) fn entry(&self, knob: &str, entry: &str) -> Option<Value> {
        let mut entries = self.entries.iter();
        let found = entries.find(|(k, e, _, _)| k == knob && e == entry)?;
        Some(found.2.clone().unwrap_or_default())
    }

    /// Drops an answer.
    pub(super) fn forget(&mut self, knob: &str) {
        self.found.remove(knob);
    }

    /// Records a refusal with a known reason.
    pub(super) fn refused(&mut self, error: &str, heard: &Heard) {
        if let Some(error) = ErrorId::from_id(error) {
            self.refused.push((error, heard.clone()));
        }
    }

    /// The answer to a knob so far.
    pub(super) fn answer(&self, knob: &str) -> Option<&Value> {
        self.found.get(knob).map(|found| &found.answer)
    }

    /// The answers that differ from the yardstick's, with what was heard.
    pub(super) fn differing(&self, yardstick: &Dialect) -> Vec<(String, Heard)> {
        let differs =
            |(knob, found): &(&String, &Found)| yardstick.answers.get(*knob) != Some(&found.answer);
        let found = self.found.iter().filter(differs);
        found
            .map(|(knob, found)| (knob.clone(), found.heard.clone()))
            .collect()
    }

    pub(super) fn unstable(&mut self, knob: &str) {
        self.unstable.insert(knob.to_owned());
    }

    /// Combines the answers.
    pub(super) fn finish(
        mut self,
        contract: &'static Contract,
        yardstick: &Dialect,
        samples: Samples,
        refusals: &[Refusal],
    ) -> Result<Probed, LoadError> {
        let unstable = std::mem::take(&mut self.unstable);
        self.found.retain(|knob, _| !unstable.contains(knob));
        self.merge_entries(yardstick);
        let style = words::style(contract, &self.refused);
        if let Some((style, heard)) = style {
            self.note("token_style", style.into(), &heard);
        }
        let read = self.dialect(contract, yardstick)?;
        for (knob, entry, answer, heard) in words::words(contract, &read, &self.refused, refusals)?
        {
            self.note_entry(knob, &entry, answer, &heard);
        }
        self.merge_entries(yardstick);
        let dialect = self.dialect(contract, yardstick)?;
        let answers = contract.knobs.iter().map(|row| {
            let found = self.found.get(&row.knob);
            KnobAnswer {
                knob: row.knob.clone(),
                answer: found.map(|found| found.answer.clone()),
                expected: yardstick.answers[&row.knob].clone(),
                told: self.told.get(&row.knob).cloned(),
                unstable: unstable.contains(&row.knob),
                exchange: found.and_then(|found| found.heard.shown()),
            }
        });
        Ok(Probed {
            answers: answers.collect(),
            dialect,
            samples,
            stopped: None,
            calls: 0,
        })
    }

    /// Merges entries into those of the yardstick.
    fn merge_entries(&mut self, yardstick: &Dialect) {
        for (knob, entry, answer, heard) in std::mem::take(&mut self.entries) {
            let told = self.told.entry(knob.clone()).or_default();
            told.push(entry.clone());
            let known = self.answer(&knob).unwrap_or(&yardstick.answers[&knob]);
            let mut map: Map<String, Value> = known.as_object().cloned().unwrap_or_default();
            let before = match answer.clone() {
                Some(answer) => map.insert(entry, answer),
                None => map.shift_remove(&entry),
            };
            // Show the exchange of an entry that differs.
            if before != answer || !self.found.contains_key(&knob) {
                self.note(&knob, map.into(), &heard);
            }
        }
    }

    /// The yardstick with the answers so far. Answers that no dialect can have are left out.
    fn dialect(
        &mut self,
        contract: &'static Contract,
        yardstick: &Dialect,
    ) -> Result<Dialect, LoadError> {
        let mut answers = yardstick.answers.clone();
        for (knob, found) in &self.found {
            if found.answer == answers[knob] {
                continue;
            }
            let before = answers.insert(knob.clone(), found.answer.clone());
            let tried = json!({"name": "probed", "description": DESCRIPTION, "answers": answers});
            if contract.dialect_from_json(tried).is_err()
                && let Some(before) = before
            {
                answers.insert(knob.clone(), before);
            }
        }
        self.found
            .retain(|knob, found| answers[knob] == found.answer);
        contract.dialect_from_json(
            json!({"name": "probed", "description": DESCRIPTION, "answers": answers}),
        )
    }
}

const DESCRIPTION: &str = "What a server answers to the open questions, as a probe found out; the other answers are those \
     of the dialect it was compared with.";

impl Probed {
    /// The dialect as a file, with what was observed for each knob.
    pub fn to_file(&self, target: &str) -> Value {
        let rows = self.answers.iter().map(|row| {
            let told = match (&row.answer, row.unstable) {
                (_, true) => "unstable",
                (Some(_), _) => "determined",
                (None, _) => "not determined",
            };
            let mut seen = json!({ "told": told });
            if let Some(shown) = &row.exchange {
                seen["curl"] = shown.curl.clone().into();
                seen["actual"] = shown.actual.clone().into();
            }
            (row.knob.clone(), seen)
        });
        let observed: Map<String, Value> = rows.collect();
        let mut file = self.dialect.to_json();
        file["observed"] = json!({ "target": target, "knobs": observed });
        file
    }

    /// The shipped dialect most like the server, and the number of determined answers that differ
    /// from it.
    pub fn resembles(&self, contract: &Contract) -> Result<(String, usize), LoadError> {
        let told = || self.answers.iter().filter(|row| row.answer.is_some());
        let mut nearest: Option<(String, usize)> = None;
        for name in contract.dialect_names() {
            let dialect = contract.dialect(name)?;
            let differs = |row: &&KnobAnswer| row.answer.as_ref() != dialect.answers.get(&row.knob);
            let count = told().filter(differs).count();
            if nearest.as_ref().is_none_or(|(_, least)| count < *least) {
                nearest = Some((name.to_owned(), count));
            }
        }
        Ok(nearest.unwrap_or_default())
    }

    /// The questions that the server answers differently from the yardstick, or not consistently.
    pub fn learned(&self, contract: &Contract) -> Vec<Learned> {
        let rows = self.answers.iter().filter_map(|row| {
            let answer = match &row.answer {
                Some(answer) if *answer != row.expected => answer.clone(),
                _ if row.unstable => json!("unstable"),
                _ => return None,
            };
            let known = contract.knob(&row.knob)?.alternatives.iter();
            let evidence: Option<Evidence> = known
                .clone()
                .find(|known| known.answer == answer)
                .map(|known| known.evidence);
            Some(Learned {
                knob: Some(row.knob.clone()),
                clause: None,
                answer,
                expected: row.expected.clone(),
                evidence,
                exchange: row.exchange.clone().unwrap_or_default(),
            })
        });
        rows.collect()
    }
}
