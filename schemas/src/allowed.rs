//! What a parameter may hold in a dialect, in words, derived from its schema's constraints and the
//! data files' words for patterns.

use crate::dialect::knob_rows;
use crate::endpoint::Endpoint;
use crate::rulebook::Rulebook;
pub use crate::wording::Allowed;
use crate::wording::Wording;
use serde_json::{Map, Value, json};

impl Rulebook {
    /// What a parameter may hold in this dialect.
    pub fn allowed(&self, endpoint: Endpoint, param: &str) -> Allowed {
        let rows = self.wording().allowed.get(&endpoint);
        let allowed = rows.and_then(|rows| rows.get(param));
        allowed.cloned().unwrap_or_default()
    }

    pub(crate) fn wording(&self) -> &Wording {
        self.wording.get_or_init(|| wording(self))
    }
}

/// Whether `value` is valid for a parameter.
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

/// The words of the data files, and the resulting ones for each parameter.
fn wording(rulebook: &Rulebook) -> Wording {
    let mut wording = Wording::default();
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
            wording.patterns.insert(pattern.to_owned(), entry);
        }
    }
    for endpoint in Endpoint::ALL {
        let params = rulebook.contract().params(*endpoint).iter();
        let rows = params.map(|param| {
            let allowed = derive(&wording, rulebook, *endpoint, &param.name, &param.samples);
            (param.name.clone(), allowed)
        });
        let rows = rows.collect();
        wording.allowed.insert(*endpoint, rows);
    }
    wording
}

fn derive(
    wording: &Wording,
    rulebook: &Rulebook,
    endpoint: Endpoint,
    param: &str,
    samples: &[String],
) -> Allowed {
    let accepts = |value: &str| accepts(rulebook, endpoint, param, value);
    let mut allowed = Allowed::default();
    for fragment in fragments(rulebook, endpoint, param) {
        let Some(phrase) = wording.phrase(fragment) else {
            continue;
        };
        let listed = phrase.values.iter().filter(|value| accepts(value)).cloned();
        if allowed.values.is_empty() {
            allowed.values = listed.collect();
        }
        allowed.phrases.extend(phrase.text(&accepts));
    }
    // A complete list of values makes a length pointless.
    if allowed.phrases.len() > 1 && allowed.phrases[0].ends_with('`') {
        allowed.phrases.truncate(1);
    }
    let sample = samples.iter().find(|sample| accepts(sample));
    allowed.example = sample.or(allowed.values.first()).cloned();
    allowed
}
