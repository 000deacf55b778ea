//! The public material that the contract rests on: the rows of `sources.json`.

use crate::contract::Contract;
use crate::load::LoadError;
use serde::Deserialize;
use serde_json::Value;
use std::collections::HashSet;
use std::fmt::Write as _;

/// A source that a fact is taken from: a row of `sources.json`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Citation {
    /// The key that the other data files use, for example `R-cur`.
    pub key: String,
    /// What it is, for a reader who wants to find it.
    pub title: String,
    /// Where it is published.
    pub url: Option<String>,
}

/// Refuses a contract that names a source without a title.
pub(crate) fn check(contract: &Contract) -> Result<(), LoadError> {
    let mut known = HashSet::new();
    for row in &contract.citations {
        if !known.insert(row.key.as_str()) {
            let what = format!("duplicate key `{}`", row.key);
            return Err(LoadError::new("sources.json", what));
        }
    }
    let fail = |file: &str, whose: String, key: &str| {
        let what = format!("{whose}: sources.json has no `{key}`");
        Err(LoadError::new(file, what))
    };
    let unknown = |keys: &[String]| {
        keys.iter()
            .find(|key| !known.contains(key.as_str()))
            .cloned()
    };
    for clause in &contract.clauses {
        if let Some(key) = unknown(&clause.source) {
            return fail("clauses/", format!("clause `{}`", clause.id), &key);
        }
    }
    for row in &contract.endpoints {
        if let Some(key) = unknown(&row.source) {
            return fail("endpoints.json", format!("`{}`", row.path), &key);
        }
    }
    for row in &contract.lint {
        if let Some(key) = unknown(&row.source) {
            return fail("lint.json", format!("`{}`", row.id.id()), &key);
        }
    }
    for row in contract.scenarios()? {
        if let Some(key) = unknown(&row.source) {
            return fail("scenarios.json", format!("scenario `{}`", row.id), &key);
        }
    }
    let schema = contract.sources().json("meta/dialect.schema.json")?;
    for (knob, row) in crate::dialect::knob_rows(&schema) {
        let rows = row["x-evidence"].as_array().into_iter().flatten();
        let keys: Vec<String> = rows
            .filter_map(|row| row["source"].as_array())
            .flatten()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect();
        if let Some(key) = unknown(&keys) {
            return fail("meta/dialect.schema.json", format!("knob `{knob}`"), &key);
        }
    }
    Ok(())
}

/// The sources as a Markdown table.
pub(crate) fn table(contract: &Contract) -> String {
    let mut table = "| key | what it is |\n|---|---|\n".to_owned();
    for row in &contract.citations {
        let title = match &row.url {
            Some(url) => format!("[{}]({url})", row.title),
            None => row.title.clone(),
        };
        let _ = writeln!(table, "| `{}` | {title} |", row.key);
    }
    table
}
