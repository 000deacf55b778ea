//! Exports the contract's schemas for other tools: constraints are merged where possible, each with
//! its clause and evidence.

use super::pattern::ecma;
use crate::rulebook::Rulebook;
use serde_json::{Map, Value, json};

/// Constraints that can be merged into one schema.
const SIMPLE: &[&str] = &[
    "type",
    "format",
    "pattern",
    "minLength",
    "maxLength",
    "minimum",
    "maximum",
    "enum",
    "const",
    "required",
    "minItems",
    "maxItems",
];
/// Keys whose values are not schemas.
const DATA: &[&str] = &["enum", "const", "default", "examples", "required", "type"];

/// Exports a schema of the contract. `root` has the definitions that it refers to.
pub(super) fn exported(rulebook: &Rulebook, root: &Value, schema: &Value) -> Value {
    match schema {
        Value::Object(object) => Value::Object(object_of(rulebook, root, object)),
        Value::Array(items) => {
            let items = items.iter().map(|item| exported(rulebook, root, item));
            items.collect()
        }
        other => other.clone(),
    }
}

/// The clause of a constraint, as exported.
pub(super) fn promise(rulebook: &Rulebook, id: &str) -> Value {
    match rulebook.contract().clause(id) {
        Some(clause) => json!({
            "id": clause.id,
            "level": clause.level,
            "evidence": clause.evidence,
            "source": clause.source,
        }),
        None => json!({ "id": id }),
    }
}

/// Adds clauses to a schema.
pub(super) fn credit(object: &mut Map<String, Value>, promises: Vec<Value>) {
    if promises.is_empty() {
        return;
    }
    let known = object.entry("x-clause").or_insert_with(|| json!([]));
    if let Some(known) = known.as_array_mut() {
        for promise in promises {
            if !known.contains(&promise) {
                known.push(promise);
            }
        }
    }
}

fn object_of(rulebook: &Rulebook, root: &Value, object: &Map<String, Value>) -> Map<String, Value> {
    if let Some(name) = object.get("$ref").and_then(Value::as_str) {
        let defined = name.strip_prefix('#').and_then(|at| root.pointer(at));
        let defined = defined.and_then(Value::as_object);
        return defined.map_or_else(Map::new, |defined| object_of(rulebook, root, defined));
    }
    let mut shown = Map::new();
    let mut parts = Vec::new();
    for (key, value) in object {
        match key.as_str() {
            "$id" | "$schema" | "$defs" => {}
            "x-clause" => {
                let id = value.as_str().unwrap_or_default();
                credit(&mut shown, vec![promise(rulebook, id)]);
            }
            key if key.starts_with("x-") => {}
            "properties" => {
                shown.insert(key.clone(), properties(rulebook, root, value));
            }
            "pattern" => {
                shown.entry("type").or_insert_with(|| json!("string"));
                shown.insert(key.clone(), json!(ecma(value.as_str().unwrap_or_default())));
            }
            "allOf" => {
                parts = exported(rulebook, root, value)
                    .as_array()
                    .cloned()
                    .unwrap_or_default();
            }
            key if DATA.contains(&key) => {
                shown.insert(key.to_owned(), value.clone());
            }
            _ => {
                shown.insert(key.clone(), exported(rulebook, root, value));
            }
        }
    }
    one_pattern(&mut shown);
    merge(&mut shown, parts);
    shown
}

/// Exports a map of schemas. The dialect may rename a member.
fn properties(rulebook: &Rulebook, root: &Value, rows: &Value) -> Value {
    let rows = rows.as_object().into_iter().flatten();
    let row = |(name, schema): (&String, &Value)| {
        let name = schema["x-name"].as_str().unwrap_or(name);
        (name.to_owned(), exported(rulebook, root, schema))
    };
    rows.map(row).collect()
}

/// Merges alternative patterns into one.
fn one_pattern(object: &mut Map<String, Value>) {
    let choices = object.get("anyOf").and_then(Value::as_array);
    let patterns = choices.into_iter().flatten().map(|choice| {
        let object = choice.as_object()?;
        let is_plain = object.keys().all(|key| key == "type" || key == "pattern");
        object.get("pattern")?.as_str().filter(|_| is_plain)
    });
    let patterns: Option<Vec<&str>> = patterns.collect();
    if let Some(patterns) = patterns.filter(|patterns| !patterns.is_empty())
        && !object.contains_key("pattern")
    {
        let pattern = patterns.join("|");
        object.shift_remove("anyOf");
        object.entry("type").or_insert_with(|| json!("string"));
        object.insert("pattern".to_owned(), json!(pattern));
    }
}

/// Merges the parts of `allOf`, as long as they do not conflict.
fn merge(shown: &mut Map<String, Value>, parts: Vec<Value>) {
    let mut rest = Vec::new();
    for part in parts {
        let Value::Object(mut part) = part else {
            continue;
        };
        let promises = part.shift_remove("x-clause");
        let promises = promises
            .and_then(|it| it.as_array().cloned())
            .unwrap_or_default();
        let fits = |(key, value): (&String, &Value)| {
            let known = shown.get(key);
            SIMPLE.contains(&&**key) && (key == "required" || known.is_none_or(|it| it == value))
        };
        if !part.iter().all(fits) {
            credit(&mut part, promises);
            rest.push(Value::Object(part));
            continue;
        }
        for (key, value) in part {
            if key == "required" {
                require(shown, value.as_array().into_iter().flatten());
            } else {
                shown.insert(key, value);
            }
        }
        credit(shown, promises);
    }
    if !rest.is_empty() {
        shown.insert("allOf".to_owned(), rest.into());
    }
}

/// Adds names to the required ones.
pub(super) fn require<'v>(object: &mut Map<String, Value>, names: impl Iterator<Item = &'v Value>) {
    let required = object.entry("required").or_insert_with(|| json!([]));
    if let Some(required) = required.as_array_mut() {
        for name in names {
            if !required.contains(name) {
                required.push(name.clone());
            }
        }
    }
}

/// Gives a parameter these types in JSON, instead of the text that it is read as.
pub(super) fn retype(schema: &mut Value, types: &Value) {
    let Some(object) = schema.as_object_mut() else {
        return;
    };
    if object.get("type").is_some_and(|kind| kind == "string") {
        object.insert("type".to_owned(), types.clone());
    }
    for key in ["allOf", "anyOf"] {
        let parts = object.get_mut(key).and_then(Value::as_array_mut);
        parts
            .into_iter()
            .flatten()
            .for_each(|part| retype(part, types));
    }
    if let Some(not) = object.get_mut("not") {
        retype(not, types);
    }
}
