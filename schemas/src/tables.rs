//! Tables for `docs/reference/dialects-and-knobs.md`, generated from the contract.

use crate::contract::Contract;
use crate::dialect::{Dialect, knob_rows};
use crate::evidence::Evidence;
use crate::load::LoadError;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// The shipped dialects: the purpose of each, and how many answers differ from the default's.
pub fn dialects(contract: &Contract) -> Result<String, LoadError> {
    let all = load(contract)?;
    let mut table = "| dialect | what it is | answers that differ |\n|---|---|---|\n".to_owned();
    for dialect in &all {
        let differing = all[0].diff(dialect, contract.sources())?.len();
        let of = dialect.answers.len();
        let (name, what) = (&dialect.name, &dialect.description);
        let _ = writeln!(table, "| `{name}` | {what} | {differing} of {of} |");
    }
    Ok(table)
}

/// The questions that the shipped dialects answer differently; an empty cell is the default's
/// answer.
pub fn answers(contract: &Contract) -> Result<String, LoadError> {
    let all = load(contract)?;
    let schema = contract.sources().json("meta/dialect.schema.json")?;
    let mut table = "| question |".to_owned();
    for dialect in &all {
        let _ = write!(table, " `{}` |", dialect.name);
    }
    table.push_str("\n|---|");
    table.push_str(&"---|".repeat(all.len()));
    table.push('\n');
    for (knob, row) in knob_rows(&schema) {
        let default = all[0].answer(knob);
        if all.iter().all(|dialect| dialect.answer(knob) == default) {
            continue;
        }
        let question = row["description"].as_str().unwrap_or_default();
        let _ = write!(table, "| [{question}](#{knob}) |");
        for (at, dialect) in all.iter().enumerate() {
            let answer = dialect.answer(knob);
            if at > 0 && answer == default {
                table.push_str(" |");
            } else {
                let _ = write!(table, " {} |", cell(knob, answer));
            }
        }
        table.push('\n');
    }
    Ok(table)
}

/// How many clauses of each family have which evidence.
pub fn evidence(contract: &Contract) -> String {
    const MARKS: [Evidence; 5] = [
        Evidence::Documented,
        Evidence::Example,
        Evidence::Client,
        Evidence::PosApi,
        Evidence::Inferred,
    ];
    let mut families: BTreeMap<&str, [usize; 5]> = BTreeMap::new();
    for clause in &contract.clauses {
        let family = clause.id.split('.').next().unwrap_or_default();
        let counts = families.entry(family).or_default();
        for (count, mark) in counts.iter_mut().zip(MARKS) {
            *count += usize::from(clause.evidence == mark);
        }
    }
    let mut table = "| clauses |".to_owned();
    for mark in MARKS {
        let _ = write!(table, " {} |", mark.as_str());
    }
    table.push_str("\n|---|---|---|---|---|---|\n");
    for (family, counts) in families {
        let _ = write!(table, "| `{family}.*` |");
        for count in counts {
            let _ = write!(table, " {count} |");
        }
        table.push('\n');
    }
    table
}

/// What the source keys stand for.
pub fn sources(contract: &Contract) -> String {
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

fn load(contract: &Contract) -> Result<Vec<Dialect>, LoadError> {
    let names = contract.dialect_names();
    names
        .into_iter()
        .map(|name| contract.dialect(name))
        .collect()
}

/// An answer in a table cell. Patterns are too long for a cell; the dialect file has them.
fn cell(knob: &str, answer: &Value) -> String {
    match answer {
        Value::Null => "not enforced".to_owned(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::String(text) if text.starts_with('^') => match knob {
            "text_pattern" => "ASCII".to_owned(),
            _ => "its own pattern".to_owned(),
        },
        Value::Object(map) if map.values().all(Value::is_u64) => format!("{} limits", map.len()),
        Value::Object(map) if map.values().all(Value::is_string) => "its own patterns".to_owned(),
        other => format!("`{}`", other.to_string().replace('"', "")),
    }
}
