//! A dialect: one answer to every question that the documentation leaves open. `knobs` has the
//! answers that code uses.

mod alternatives;
mod knobs;

pub use alternatives::{Alternative, Contradiction, KnobRow};
pub use knobs::*;

use crate::load::{self, LoadError, Sources, conforms};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::path::Path;

/// A named set of answers, complete once loaded.
#[derive(Debug, Clone)]
pub struct Dialect {
    /// Its name in reports.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Whether it was shipped, as the tests have compiled its schemas.
    pub(crate) trusted: bool,
    /// Every knob with its answer, in the order of `meta/dialect.schema.json`.
    pub answers: Map<String, Value>,
    /// The answers that code uses.
    pub knobs: Knobs,
}

/// One knob that two dialects answer differently.
#[derive(Debug, Clone, Serialize)]
pub struct Answered {
    /// The knob.
    pub knob: String,
    /// The question it answers.
    pub question: String,
    /// The answers of the two dialects.
    pub answers: [Value; 2],
    /// The evidence for each answer: `{"answer", "evidence", "source"}` rows.
    pub evidence: Value,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    name: String,
    description: String,
    extends: Option<String>,
    /// What a probe observed; ignored here.
    #[serde(default)]
    #[expect(dead_code, reason = "a dialect file may carry it")]
    observed: Option<serde::de::IgnoredAny>,
    answers: Map<String, Value>,
}

pub(crate) const SCHEMA: &str = "meta/dialect.schema.json";

impl Dialect {
    /// Reads a dialect from a data file; `file` is its name in messages.
    pub(crate) fn read(file: &str, value: Value, sources: &Sources) -> Result<Self, LoadError> {
        let schema = sources.json(SCHEMA)?;
        conforms(file, &value, &schema)?;
        Self::complete(file, value, &schema, sources)
    }

    /// Reads a shipped dialect; `None` if no shipped dialect has that name.
    pub(crate) fn shipped(name: &str, sources: &Sources) -> Option<Result<Self, LoadError>> {
        let path = format!("dialects/{name}.json");
        let value = sources.json(&path).ok()?;
        if !sources.is_trusted() {
            return Some(Self::read(&path, value, sources));
        }
        let schema = sources.json(SCHEMA);
        let read = schema.and_then(|schema| Self::complete(&path, value, &schema, sources));
        Some(read.map(|dialect| Self {
            trusted: true,
            ..dialect
        }))
    }

    /// A dialect from JSON that fits the schema.
    fn complete(
        file: &str,
        value: Value,
        schema: &Value,
        sources: &Sources,
    ) -> Result<Self, LoadError> {
        let raw: Raw =
            serde_json::from_value(value).map_err(|e| LoadError::new(file, e.to_string()))?;
        let mut answers = match raw.extends.as_deref() {
            None => Map::new(),
            Some(base) if base == raw.name => {
                return Err(LoadError::new(
                    file,
                    "at /extends: the dialect extends itself",
                ));
            }
            Some(base) => {
                let unknown = || {
                    let shipped: Vec<&str> = shipped_names().collect();
                    let shipped = shipped.join(", ");
                    let what = format!(
                        "at /extends: no dialect `{base}`; the shipped dialects are {shipped}"
                    );
                    Err(LoadError::new(file, what))
                };
                Self::shipped(base, sources)
                    .unwrap_or_else(unknown)?
                    .answers
            }
        };
        answers.extend(raw.answers);
        let missing: Vec<&str> = knob_rows(schema)
            .map(|(knob, _)| knob)
            .filter(|knob| !answers.contains_key(*knob))
            .collect();
        if !missing.is_empty() {
            return Err(LoadError::new(
                file,
                format!(
                    "at /answers: no answer to {}; add them, or \"extends\": \"documented\"",
                    missing.join(", ")
                ),
            ));
        }
        let answers: Map<String, Value> = knob_rows(schema)
            .map(|(knob, _)| (knob.to_owned(), answers[knob].clone()))
            .collect();
        let knobs = serde_json::from_value(Value::Object(answers.clone()))
            .map_err(|e| LoadError::new(file, e.to_string()))?;
        Ok(Self {
            name: raw.name,
            description: raw.description,
            trusted: false,
            answers,
            knobs,
        })
    }

    /// The answer to a knob, or to one of its entries (`max_lengths.vcc`); null if there is none.
    pub fn answer(&self, knob: &str) -> &Value {
        let mut parts = knob.split('.');
        let first = parts.next().and_then(|part| self.answers.get(part));
        parts
            .try_fold(first.unwrap_or(&Value::Null), |value, part| value.get(part))
            .unwrap_or(&Value::Null)
    }

    /// This dialect with one answer changed.
    pub fn with_answer(
        &self,
        knob: &str,
        answer: Value,
        sources: &Sources,
    ) -> Result<Self, LoadError> {
        let mut answers = self.answers.clone();
        let (head, entry) = knob
            .split_once('.')
            .map_or((knob, None), |(h, e)| (h, Some(e)));
        match entry {
            None => answers.insert(head.to_owned(), answer),
            Some(entry) => answers
                .get_mut(head)
                .and_then(Value::as_object_mut)
                .and_then(|map| map.insert(entry.to_owned(), answer)),
        };
        let value = json!({"name": self.name, "description": self.description, "answers": answers});
        Self::read(&self.name, value, sources)
    }

    /// The dialect as a self-contained data file with all its answers.
    pub fn to_json(&self) -> Value {
        json!({"name": self.name, "description": self.description, "answers": self.answers})
    }

    /// The knobs that `self` and `other` answer differently, with the evidence.
    pub fn diff(&self, other: &Self, sources: &Sources) -> Result<Vec<Answered>, LoadError> {
        let schema = sources.json(SCHEMA)?;
        Ok(knob_rows(&schema)
            .filter(|(knob, _)| self.answers[*knob] != other.answers[*knob])
            .map(|(knob, row)| Answered {
                knob: knob.to_owned(),
                question: row["description"].as_str().unwrap_or_default().to_owned(),
                answers: [self.answers[knob].clone(), other.answers[knob].clone()],
                evidence: row["x-evidence"].clone(),
            })
            .collect())
    }

    /// Reads a user's dialect file.
    pub(crate) fn read_file(path: &Path, sources: &Sources) -> Result<Self, LoadError> {
        let file = path.display().to_string();
        let text =
            std::fs::read_to_string(path).map_err(|e| LoadError::new(&file, e.to_string()))?;
        // A byte-order mark is ignored (RFC 8259, section 8.1).
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        let value = serde_json::from_str(text).map_err(|e| LoadError::new(&file, e.to_string()))?;
        Self::read(&file, value, sources)
    }
}

/// Names of the shipped dialects.
pub(crate) fn shipped_names() -> impl Iterator<Item = &'static str> {
    load::in_folder("dialects/")
        .filter_map(|path| path.strip_prefix("dialects/")?.strip_suffix(".json"))
}

/// Each knob with its row in the dialect schema.
pub(crate) fn knob_rows(schema: &Value) -> impl Iterator<Item = (&str, &Value)> {
    schema
        .pointer("/properties/answers/properties")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .map(|(knob, row)| (knob.as_str(), row))
}

/// Every knob with the answers that its row lists.
pub(crate) fn knob_table(sources: &Sources) -> Result<Vec<KnobRow>, LoadError> {
    let schema = sources.json(SCHEMA)?;
    knob_rows(&schema)
        .map(|(knob, row)| {
            let alternatives = serde_json::from_value(row["x-evidence"].clone());
            let alternatives = alternatives
                .map_err(|e| LoadError::new(SCHEMA, format!("knob `{knob}`: x-evidence: {e}")))?;
            Ok(KnobRow {
                knob: knob.to_owned(),
                question: row["description"].as_str().unwrap_or_default().to_owned(),
                alternatives,
            })
        })
        .collect()
}
