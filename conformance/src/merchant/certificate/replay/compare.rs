//! Compares the trace with a mock's answers.

use crate::merchant::trace::{ExchangeView, Opened};
use flexiti_mock::embed::admin::FaultView;
use serde_json::Value;
use std::collections::HashMap;

/// The mask of a secret; the number of hash digits after it.
const HIDDEN: &str = "***";
const HASH: usize = 12;
/// The mock does not control how long an answer took.
const LEFT_ASIDE: &str = "duration_us";
/// Maximum length of a text that is shown.
const SHOWN: usize = 120;

/// Maps the hashes of secrets in the trace to those of the replaying mock: the hash key is new in
/// each process.
#[derive(Debug, Default)]
pub struct Pairs(HashMap<String, String>);

/// Compares a recorded call with the mock's; the error says what differs.
pub fn calls(told: &ExchangeView, again: &ExchangeView, pairs: &mut Pairs) -> Result<(), String> {
    let json = |call: &ExchangeView| serde_json::to_value(call).map_err(|error| error.to_string());
    let (told, again) = (json(told)?, json(again)?);
    // Compare the status first, as it says the most.
    pairs.same("status", &told["status"], &again["status"])?;
    pairs.same("", &told, &again)
}

/// Checks that the recorded faults struck the calls that they strike in a mock.
pub fn faults(told: &[FaultView], again: &[FaultView]) -> Result<(), String> {
    if told.len() != again.len() {
        return Err(format!(
            "the trace has {} planned faults, a mock {}",
            told.len(),
            again.len()
        ));
    }
    let mut pairs = told.iter().zip(again).enumerate();
    let differs = pairs.find(|(_, (told, again))| told != again);
    differs.map_or(Ok(()), |(at, (told, again))| {
        Err(format!(
            "faults[{at}]: the trace says that it struck calls {:?}, a mock comes to {:?}",
            told.consumed_by, again.consumed_by
        ))
    })
}

/// An order in words.
pub fn order(order: Option<&Opened>) -> String {
    let Some(order) = order else {
        return "no such order".to_owned();
    };
    let outcome = order.outcome.as_deref().unwrap_or("no outcome");
    let number = order.merchant_orderid.as_deref().unwrap_or("none");
    format!("{outcome} (the shop's number: {number})")
}

impl Pairs {
    fn same(&mut self, place: &str, told: &Value, again: &Value) -> Result<(), String> {
        let inside = |name: &str| match place {
            "" => name.to_owned(),
            _ => format!("{place}.{name}"),
        };
        match (told, again) {
            (Value::Object(one), Value::Object(other)) => {
                let names = other.keys().chain(one.keys());
                for name in names.filter(|name| *name != LEFT_ASIDE) {
                    match (one.get(name), other.get(name)) {
                        (Some(one), Some(other)) => self.same(&inside(name), one, other)?,
                        (Some(_), None) => {
                            return Err(format!("{}: a mock has none", inside(name)));
                        }
                        _ => return Err(format!("{}: missing in the trace", inside(name))),
                    }
                }
                Ok(())
            }
            (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
                let mut items = one.iter().zip(other).enumerate();
                items.try_for_each(|(at, (one, other))| {
                    self.same(&format!("{place}[{at}]"), one, other)
                })
            }
            (Value::String(one), Value::String(other)) if self.texts(one, other) => Ok(()),
            _ if told == again => Ok(()),
            _ => Err(format!(
                "{place}: the trace says {}, a mock answers {}",
                shown(told),
                shown(again)
            )),
        }
    }

    /// Whether two texts are equal apart from the keys of hashes.
    fn texts(&mut self, told: &str, again: &str) -> bool {
        let (told, again) = (parts(told), parts(again));
        told.len() == again.len()
            && told
                .iter()
                .zip(&again)
                .all(|(told, again)| match (told, again) {
                    (Part::Text(told), Part::Text(again)) => told == again,
                    (Part::Hash(told), Part::Hash(again)) => {
                        let known = self.0.entry((*told).to_owned());
                        known.or_insert_with(|| (*again).to_owned()) == again
                    }
                    _ => false,
                })
    }
}

enum Part<'t> {
    Text(&'t str),
    Hash(&'t str),
}

fn parts(text: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut from = 0;
    for (at, _) in text.match_indices(HIDDEN) {
        let end = at + HIDDEN.len() + HASH;
        let hash = text.get(at + HIDDEN.len()..end).unwrap_or_default();
        if at < from || hash.len() != HASH || !hash.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            continue;
        }
        parts.push(Part::Text(&text[from..at]));
        parts.push(Part::Hash(hash));
        from = end;
    }
    parts.push(Part::Text(&text[from..]));
    parts
}

fn shown(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= SHOWN {
        return text;
    }
    let short: String = text.chars().take(SHOWN).collect();
    format!("{short}…")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn texts_are_the_same_but_for_the_keys_of_hashes() {
        let mut pairs = Pairs::default();
        let mut same = |told: Value, again: Value| pairs.same("a", &told, &again).is_ok();
        assert!(same(
            json!("x ***0123456789ab y"),
            json!("x ***ba9876543210 y")
        ));
        assert!(same(
            json!({"b": ["***0123456789ab"]}),
            json!({"b": ["***ba9876543210"]})
        ));
        // A different secret.
        assert!(!same(json!("***0123456789ab"), json!("***ba9876543211")));
        assert!(!same(json!("***0123456789ab"), json!("0123456789ab")));
        assert!(!same(json!({"b": 1}), json!({"b": 1, "c": null})));
        assert!(!same(json!({"b": 1, "c": null}), json!({"b": 1})));
        assert!(!same(json!([1]), json!([1, 2])));
        assert!(!same(json!(1), json!("1")));
        assert!(same(json!({"duration_us": 1}), json!({"duration_us": 2})));
    }
}
