//! What a parameter may hold in a dialect, in words: from the constraints of its schema and the
//! words that the data files have for patterns.

use crate::clause::Endpoint;
use crate::dialect::knob_rows;
use crate::rulebook::Rulebook;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, HashMap};

/// What a parameter may hold.
#[derive(Debug, Clone, Default)]
pub struct Allowed {
    /// The values, where they can be listed.
    pub values: Vec<String>,
    /// What each constraint asks for, values in backticks.
    pub phrases: Vec<String>,
    /// A value that the dialect accepts.
    pub example: Option<String>,
}

impl Allowed {
    /// All of it in one phrase; empty where anything is allowed.
    pub fn phrase(&self) -> String {
        self.phrases.join("; ")
    }
}

/// What one constraint asks for.
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

    /// The constraint as text, of `values` only those that `accepts` lets through.
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

/// The words that the data files have for patterns, and what comes of them for each parameter.
#[derive(Debug, Default)]
pub(crate) struct Vocabulary {
    patterns: HashMap<String, (Vec<String>, Option<String>)>,
    allowed: BTreeMap<Endpoint, HashMap<String, Allowed>>,
}

impl Vocabulary {
    fn new(rulebook: &Rulebook) -> Self {
        let mut vocabulary = Self::default();
        let schema = rulebook
            .contract()
            .sources()
            .json("meta/dialect.schema.json");
        let schema = schema.unwrap_or_default();
        let rows = knob_rows(&schema).filter_map(|(_, row)| row["x-words"].as_array());
        for row in rows.flatten() {
            let values = row["values"].as_array().into_iter().flatten();
            let values = values.filter_map(Value::as_str).map(str::to_owned);
            let words = row["words"].as_str().map(str::to_owned);
            if let Some(pattern) = row["answer"].as_str() {
                let entry = (values.collect(), words);
                vocabulary.patterns.insert(pattern.to_owned(), entry);
            }
        }
        for endpoint in Endpoint::ALL {
            let params = rulebook.contract().params(*endpoint).iter();
            let rows = params.map(|param| {
                let allowed = vocabulary.derive(rulebook, *endpoint, &param.name, &param.samples);
                (param.name.clone(), allowed)
            });
            let rows = rows.collect();
            vocabulary.allowed.insert(*endpoint, rows);
        }
        vocabulary
    }

    fn derive(
        &self,
        rulebook: &Rulebook,
        endpoint: Endpoint,
        param: &str,
        samples: &[String],
    ) -> Allowed {
        let accepts = |value: &str| accepts(rulebook, endpoint, param, value);
        let mut allowed = Allowed::default();
        for fragment in fragments(rulebook, endpoint, param) {
            let Some(phrase) = self.phrase(fragment) else {
                continue;
            };
            let listed = phrase.values.iter().filter(|value| accepts(value)).cloned();
            if allowed.values.is_empty() {
                allowed.values = listed.collect();
            }
            allowed.phrases.extend(phrase.text(&accepts));
        }
        // A list of values that is complete has no length worth mentioning.
        if allowed.phrases.len() > 1 && allowed.phrases[0].ends_with('`') {
            allowed.phrases.truncate(1);
        }
        let sample = samples.iter().find(|sample| accepts(sample));
        allowed.example = sample.or(allowed.values.first()).cloned();
        allowed
    }

    /// What a constraint asks for; nothing where it is about the type alone, or a list of values
    /// with one of them taken out.
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

impl Rulebook {
    /// What a parameter may hold in this dialect.
    pub fn allowed(&self, endpoint: Endpoint, param: &str) -> Allowed {
        let rows = self.vocabulary().allowed.get(&endpoint);
        let allowed = rows.and_then(|rows| rows.get(param));
        allowed.cloned().unwrap_or_default()
    }

    pub(crate) fn vocabulary(&self) -> &Vocabulary {
        self.vocabulary.get_or_init(|| Vocabulary::new(self))
    }
}

/// Whether nothing is wrong with a parameter that holds `value`.
pub(crate) fn accepts(rulebook: &Rulebook, endpoint: Endpoint, param: &str, value: &str) -> bool {
    let violations = rulebook.check(endpoint, &json!({ param: value }));
    violations.iter().all(|violation| violation.param != param)
}

/// The constraints on a parameter, in order.
pub(crate) fn fragments<'r>(
    rulebook: &'r Rulebook,
    endpoint: Endpoint,
    param: &str,
) -> impl Iterator<Item = &'r Map<String, Value>> {
    let schema = rulebook.request_schema(endpoint);
    let row = schema.and_then(|schema| schema["properties"].get(param));
    let list = row.and_then(|row| row["allOf"].as_array());
    list.into_iter().flatten().filter_map(Value::as_object)
}
