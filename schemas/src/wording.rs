//! The data files' words for patterns and lists of values.

use crate::endpoint::Endpoint;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, HashMap};

/// What a parameter may hold.
#[derive(Debug, Clone, Default)]
pub struct Allowed {
    /// The values, if they can be listed.
    pub values: Vec<String>,
    /// The requirement of each constraint, with values in backticks.
    pub phrases: Vec<String>,
    /// A value that the dialect accepts.
    pub example: Option<String>,
}

impl Allowed {
    /// All of it in one phrase; empty if anything is allowed.
    pub fn phrase(&self) -> String {
        self.phrases.join("; ")
    }
}

/// The requirement of one constraint.
#[derive(Debug, Default)]
pub(crate) struct Phrase {
    pub values: Vec<String>,
    pub words: Option<String>,
}

impl Phrase {
    fn words(words: impl Into<String>) -> Self {
        Self {
            values: Vec::new(),
            words: Some(words.into()),
        }
    }

    /// The constraint as text, with only those `values` that `accepts` allows.
    pub(crate) fn text(&self, accepts: &dyn Fn(&str) -> bool) -> Option<String> {
        let values = self.values.iter().map(String::as_str);
        let values: Vec<&str> = values.filter(|value| accepts(value)).collect();
        match (values.is_empty(), &self.words) {
            (true, None) => None,
            (true, Some(words)) => Some(words.clone()),
            (false, None) => Some(alternatives(&values)),
            (false, Some(words)) => Some(format!("{}, {words}", alternatives(&values))),
        }
    }
}

/// `` `a`, `b` or `c` ``.
pub(crate) fn alternatives(values: &[&str]) -> String {
    let quoted: Vec<String> = values.iter().map(|value| format!("`{value}`")).collect();
    match quoted.as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} or {last}", most.join(", ")),
    }
}

/// The data files' words for patterns, and the resulting ones for each parameter.
#[derive(Debug, Default)]
pub(crate) struct Wording {
    pub patterns: HashMap<String, (Vec<String>, Option<String>)>,
    pub allowed: BTreeMap<Endpoint, HashMap<String, Allowed>>,
}

impl Wording {
    /// The requirement of a constraint; `None` if it is only about the type, or a list with a value
    /// excluded.
    pub(crate) fn phrase(&self, fragment: &Map<String, Value>) -> Option<Phrase> {
        if let Some(words) = fragment.get("x-words").and_then(Value::as_str) {
            return Some(Phrase::words(words));
        }
        if let Some(pattern) = fragment.get("pattern").and_then(Value::as_str) {
            return Some(match self.patterns.get(pattern) {
                Some((values, words)) => Phrase {
                    values: values.clone(),
                    words: words.clone(),
                },
                None => Phrase::words(format!("text that matches `{pattern}`")),
            });
        }
        if let Some(Value::Array(values)) = fragment.get("enum") {
            let values = values.iter().filter_map(Value::as_str);
            return Some(Phrase {
                values: values.map(str::to_owned).collect(),
                words: None,
            });
        }
        if let Some(Value::Array(branches)) = fragment.get("anyOf") {
            let mut all = Phrase::default();
            let branches = branches.iter().filter_map(Value::as_object);
            for phrase in branches.filter_map(|branch| self.phrase(branch)) {
                all.values.extend(phrase.values);
                all.words = match (all.words, phrase.words) {
                    (Some(one), Some(other)) => Some(format!("{one}, or {other}")),
                    (one, other) => one.or(other),
                };
            }
            return Some(all);
        }
        if fragment.get("format").is_some() {
            return Some(Phrase::words("an existing date, written YYYY-MM-DD"));
        }
        let length = fragment.get("maxLength").and_then(Value::as_u64);
        length.map(|length| Phrase::words(format!("at most {length} characters")))
    }
}
