//! What a probe found out: an answer for each knob, or that it could not be told.

use super::heard::{Heard, Refusal};
use super::words;
use crate::server::plan::Samples;
use crate::server::report::{Learned, Shown};
use flexiti_contract::{Contract, Dialect, ErrorId, Evidence, LoadError};
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// What a probe found out about a server.
#[derive(Debug, Clone)]
pub struct Probed {
    /// The server's dialect; where its answer could not be told, the yardstick's stands.
    pub dialect: Dialect,
    /// One row for each knob of the contract.
    pub answers: Vec<KnobAnswer>,
    /// The values that the server takes.
    pub samples: Samples,
    /// Why the probe ended before its last question.
    pub stopped: Option<String>,
    /// How many requests it took.
    pub calls: u64,
}

/// What was found out about one knob.
#[derive(Debug, Clone, Serialize)]
pub struct KnobAnswer {
    /// The knob.
    pub knob: String,
    /// The server's answer; `None` if it could not be told.
    pub answer: Option<Value>,
    /// The yardstick's answer.
    pub expected: Value,
    /// The entries that could be told, of an answer that is an object; `None`: all of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub told: Option<Vec<String>>,
    /// The server answered differently when it was asked again.
    pub unstable: bool,
    /// The exchange that showed it.
    pub exchange: Option<Shown>,
}

/// One answer while the probe goes on.
#[derive(Debug, Clone)]
struct Found {
    answer: Value,
    heard: Heard,
}

/// The answers so far.
#[derive(Debug, Default)]
pub(super) struct Answers {
    found: BTreeMap<String, Found>,
    /// Entries of answers that are objects; `None` takes an entry out.
    entries: Vec<(String, String, Option<Value>, Heard)>,
    /// Refusals of which the reason is known.
    pub(super) refused: Vec<(ErrorId, Heard)>,
    unstable: BTreeSet<String>,
    /// The entries that could be told, by knob.
    told: BTreeMap<String, Vec<String>>,
}

impl Answers {
    pub(super) fn note(&mut self, knob: &str, answer: Value, heard: &Heard) {
        let heard = heard.clone();
        self.found.insert(knob.to_owned(), Found { answer, heard });
    }

    /// Notes one entry of an answer that is an object.
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

    /// An entry as it was noted; null is an entry that was taken out.
    pub(super) fn entry(&self, knob: &str, entry: &str) -> Option<Value> {
        let mut entries = self.entries.iter();
        let found = entries.find(|(k, e, _, _)| k == knob && e == entry)?;
        Some(found.2.clone().unwrap_or_default())
    }

    /// Takes an answer back.
    pub(super) fn forget(&mut self, knob: &str) {
        self.found.remove(knob);
    }

    /// Notes a refusal whose reason is known.
    pub(super) fn refused(&mut self, error: &str, heard: &Heard) {
        if let Some(error) = ErrorId::from_id(error) {
            self.refused.push((error, heard.clone()));
        }
    }

    /// The answer to a knob so far.
    pub(super) fn answer(&self, knob: &str) -> Option<&Value> {
        self.found.get(knob).map(|found| &found.answer)
    }

    /// The questions whose answer is not the yardstick's, with what was heard.
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

    /// Puts the answers together.
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

    /// Entries stand beside the yardstick's other entries.
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
            // What is shown is what differs.
            if before != answer || !self.found.contains_key(&knob) {
                self.note(&knob, map.into(), &heard);
            }
        }
    }

    /// The yardstick with the answers so far. An answer that no dialect can give is left out.
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

    /// The shipped dialect that answers most like the server, and in how many of the answers that
    /// could be told it differs.
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

    /// The questions that the server answers otherwise than the yardstick, and those to which it
    /// gives no stable answer.
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
