//! Answers to open questions, formatted for people.

use serde_json::Value;

/// Maximum number of characters shown of an answer.
const MOST: usize = 120;

/// An answer on one line.
pub fn shown(answer: &Value) -> String {
    let text = match answer {
        Value::Null => "not enforced".to_owned(),
        Value::String(text) => text.clone(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        other => other.to_string(),
    };
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match text.char_indices().nth(MOST) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}
