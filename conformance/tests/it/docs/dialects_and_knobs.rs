//! `docs/reference/dialects-and-knobs.md`: the shipped dialects, every knob with the evidence for
//! each answer, and how much of the contract rests on what.

use super::markdown::{cell, sources};
use super::{keep, read};
use flexiti_contract::{Contract, tables};
use serde_json::Value;
use std::fmt::Write as _;

/// The knobs: each a question, its alternatives, and what supports them.
fn knobs(contract: &Contract) -> String {
    let schema: Value = serde_json::from_str(&read("schemas/meta/dialect.schema.json")).unwrap();
    let rows = schema["properties"]["answers"]["properties"].as_object();
    let default = contract.dialect("documented").unwrap();
    let mut text = String::new();
    for (knob, row) in rows.unwrap() {
        let question = row["description"].as_str().unwrap();
        let _ = writeln!(text, "### {knob}\n\n{question}\n");
        let answer = literal(&default.answers[knob]);
        let _ = writeln!(
            text,
            "Takes {}. `documented` answers {answer}.\n",
            allowed(row)
        );
        text.push_str("| answer | evidence | sources | contradicts |\n|---|---|---|---|\n");
        for row in row["x-evidence"].as_array().unwrap() {
            let keys = serde_json::from_value::<Vec<String>>(row["source"].clone()).unwrap();
            let contradicted = row["contradicts"].as_array().into_iter().flatten();
            let contradicted: Vec<String> = contradicted
                .map(|clause| format!("`{}`", clause.as_str().unwrap()))
                .collect();
            let _ = writeln!(
                text,
                "| {} | {} | {} | {} |",
                evidence_answer(&row["answer"]),
                row["evidence"].as_str().unwrap(),
                sources(&keys),
                contradicted.join(", ")
            );
        }
        text.push('\n');
    }
    text
}

/// What a knob may be set to.
fn allowed(row: &Value) -> String {
    if let Some(words) = row["enum"].as_array() {
        let words: Vec<String> = words.iter().map(literal).collect();
        return words.join(" or ");
    }
    if let Some(members) = row["properties"].as_object() {
        let names: Vec<String> = members.keys().map(|it| format!("`{it}`")).collect();
        return format!("an object with {}", names.join(", "));
    }
    let nullable = row["type"]
        .as_array()
        .is_some_and(|types| types.iter().any(|it| it == "null"));
    let null = if nullable { " or `null`" } else { "" };
    let kind = row["type"].as_str().unwrap_or("string");
    let kind = match kind {
        "string" if row["format"] == "regex" => "a regular expression".to_owned(),
        "string" => "a string".to_owned(),
        "integer" => {
            let (least, most) = (&row["minimum"], &row["maximum"]);
            format!("an integer from {least} to {most}")
        }
        "boolean" => "`true` or `false`".to_owned(),
        "array" | "object" => format!("an {kind}"),
        _ => format!("a {kind}"),
    };
    format!("{kind}{null}")
}

/// JSON as code.
fn literal(value: &Value) -> String {
    format!("`{value}`")
}

/// An answer as the evidence writes it: a value, or a pattern in words.
fn evidence_answer(answer: &Value) -> String {
    match answer.as_str() {
        Some(words) if words.contains(' ') => cell(words),
        Some(word) => cell(&format!("`{word}`")),
        None => cell(&literal(answer)),
    }
}

#[test]
fn the_dialects_page_is_current() {
    let contract = Contract::shipped();
    keep(
        "docs/reference/dialects-and-knobs.md",
        &[
            ("dialects", tables::dialects(contract).unwrap()),
            ("answers", tables::answers(contract).unwrap()),
            ("knobs", knobs(contract)),
            ("evidence", tables::evidence(contract)),
        ],
    );
}
