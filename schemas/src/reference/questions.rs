//! The questions that the documentation leaves open, and what the dialect assumes.

use super::document::{Block, Cell, Inline, Text, code, link, paragraph, plain, prose, table};
use crate::dialect::knob_rows;
use crate::evidence::Evidence;
use crate::resolve;
use crate::rulebook::Rulebook;
use crate::wording::alternatives;
use serde_json::Value;
use std::collections::BTreeSet;

/// What belongs on a page: families of clauses, bodies, and the prefixes of knobs that only code
/// uses.
pub(super) struct Scope {
    pub families: &'static [&'static str],
    pub bodies: &'static [&'static str],
    pub knobs: &'static [&'static str],
}

/// The knobs relevant to a page.
fn knobs(rulebook: &Rulebook, scope: &Scope) -> BTreeSet<String> {
    let contract = rulebook.contract();
    let head = |knob: &str| knob.split('.').next().unwrap_or(knob).to_owned();
    let clauses = contract.clauses.iter();
    let clauses = clauses.filter(|clause| scope.families.contains(&super::clauses::family(clause)));
    let named = clauses.flat_map(|clause| clause.when.keys().chain(&clause.knobs));
    let mut found: BTreeSet<String> = named.map(|knob| head(knob)).collect();
    for body in scope
        .bodies
        .iter()
        .filter_map(|name| contract.bodies.get(*name))
    {
        found.extend(resolve::knobs(body).into_iter().map(head));
    }
    let all = rulebook.dialect().answers.keys();
    let begins = |knob: &&String| scope.knobs.iter().any(|start| knob.starts_with(start));
    found.extend(all.filter(begins).cloned());
    found
}

/// The table of open questions for the page with this name.
pub(super) fn table_of(rulebook: &Rulebook, page: &str, scope: &Scope) -> Vec<Block> {
    let knobs = knobs(rulebook, scope);
    let schema = rulebook
        .contract()
        .sources()
        .json("meta/dialect.schema.json");
    let schema = schema.unwrap_or_default();
    let rows = knob_rows(&schema).filter(|(knob, _)| knobs.contains(*knob));
    let rows: Vec<Vec<Cell>> = rows
        .map(|(knob, row)| question(rulebook, page, knob, row))
        .collect();
    if rows.is_empty() {
        return Vec::new();
    }
    let dialect = &rulebook.dialect().name;
    vec![
        paragraph(&format!(
            "No page answers these, or pages contradict each other. Each is a knob of a dialect; `{dialect}` assumes what the second column says."
        )),
        table(
            &["question", "assumed here", "what supports which answer"],
            rows,
        ),
    ]
}

fn question(rulebook: &Rulebook, page: &str, knob: &str, row: &Value) -> Vec<Cell> {
    let answer = rulebook.dialect().answer(knob);
    let evidence = row["x-evidence"].as_array().into_iter().flatten();
    let line = |known: &Value| -> Text {
        let mut text = prose(&shown(&known["answer"], row));
        let mark = serde_json::from_value::<Evidence>(known["evidence"].clone());
        if let Ok(mark) = mark {
            text.extend([plain(" "), Inline::Badge(mark)]);
        }
        let keys = known["source"].as_array().into_iter().flatten();
        let keys: Vec<&str> = keys.filter_map(Value::as_str).collect();
        for key in keys {
            text.extend([plain(" "), link(format!("source-{key}"), key)]);
        }
        text
    };
    let name = vec![Inline::Anchor(format!("{page}-knob-{knob}")), code(knob)];
    let mut assumed = prose(&shown(answer, row));
    let mut known = evidence.clone().filter(|known| known["answer"] == *answer);
    let mark = known.next().map(|known| known["evidence"].clone());
    if let Some(Ok(mark)) = mark.map(serde_json::from_value::<Evidence>) {
        assumed.extend([plain(" "), Inline::Badge(mark)]);
    }
    vec![
        vec![prose(row["description"].as_str().unwrap_or_default()), name],
        vec![assumed],
        evidence.map(line).collect(),
    ]
}

/// An answer in words.
fn shown(answer: &Value, row: &Value) -> String {
    let worded = |text: &str| {
        let rows = row["x-words"].as_array().into_iter().flatten();
        let found = rows.into_iter().find(|words| words["answer"] == text)?;
        let values = found["values"].as_array().into_iter().flatten();
        let values: Vec<&str> = values.filter_map(Value::as_str).collect();
        let words = found["words"].as_str().unwrap_or_default();
        let parts = [alternatives(&values), words.to_owned()];
        let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        Some(parts.join(", "))
    };
    match answer {
        Value::Null => "not enforced".to_owned(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        // Answers in the evidence that no dialect can give are already sentences.
        Value::String(text) if text.starts_with('^') => {
            worded(text).unwrap_or_else(|| format!("what matches `{text}`"))
        }
        Value::String(text) if text.contains(' ') => text.clone(),
        Value::String(text) => format!("`{text}`"),
        Value::Object(map) if map.is_empty() => "none".to_owned(),
        Value::Object(map) => {
            let pair = |(name, value): (&String, &Value)| format!("{name}: {}", shown(value, row));
            map.iter().map(pair).collect::<Vec<String>>().join("; ")
        }
        Value::Array(list) if list.is_empty() => "none".to_owned(),
        Value::Array(list) => {
            let list = list.iter().map(|value| shown(value, row));
            list.collect::<Vec<String>>().join(", ")
        }
        other @ Value::Number(_) => format!("`{other}`"),
    }
}
