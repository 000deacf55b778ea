//! Resolves a body schema with clause tags and knobs to a plain JSON Schema for one dialect.

use crate::amounts::amounts_from;
use crate::dialect::Dialect;
use serde_json::{Map, Value};
use std::borrow::Cow;

/// The key that links a constraint to its clause.
const CLAUSE: &str = "x-clause";
const KNOB: &str = "$knob";
/// Used along with a knob: what each answer becomes in the schema, or [`AMOUNTS_FROM`].
const AS: &str = "as";
/// The answer becomes a pattern of the amounts that are at least that much.
const AMOUNTS_FROM: &str = "amounts_from";

/// The result of resolving a subschema.
enum Outcome {
    Kept(Value),
    /// Its clause does not hold in this dialect.
    Dropped,
    /// It uses a knob that this dialect answers with null: "not enforced".
    Unanswered,
}

/// Fills in the knobs, and drops the constraints of clauses that do not hold.
pub(crate) fn resolve(schema: &Value, dialect: &Dialect, holds: &dyn Fn(&str) -> bool) -> Value {
    match walk(schema, dialect, holds) {
        Outcome::Kept(value) => value,
        Outcome::Dropped | Outcome::Unanswered => Value::Bool(true),
    }
}

fn walk(schema: &Value, dialect: &Dialect, holds: &dyn Fn(&str) -> bool) -> Outcome {
    match schema {
        Value::Object(object) => walk_object(object, dialect, holds),
        Value::Array(items) => {
            let mut kept = Vec::with_capacity(items.len());
            for item in items {
                match walk(item, dialect, holds) {
                    Outcome::Kept(value) => kept.push(value),
                    Outcome::Dropped => {}
                    Outcome::Unanswered => return Outcome::Unanswered,
                }
            }
            Outcome::Kept(Value::Array(kept))
        }
        other => Outcome::Kept(other.clone()),
    }
}

fn walk_object(
    object: &Map<String, Value>,
    dialect: &Dialect,
    holds: &dyn Fn(&str) -> bool,
) -> Outcome {
    if let Some(knob) = object.get(KNOB).and_then(Value::as_str) {
        let answer = dialect.answer(knob);
        let stands = match (object.get(AS), answer.as_str()) {
            (Some(Value::String(form)), _) if form == AMOUNTS_FROM => {
                amounts_from(answer).map_or(Value::Null, Value::from)
            }
            (Some(list), Some(word)) => list.get(word).cloned().unwrap_or_default(),
            _ => answer.clone(),
        };
        return match stands {
            Value::Null => Outcome::Unanswered,
            stands => Outcome::Kept(stands),
        };
    }
    let clause = object.get(CLAUSE).and_then(Value::as_str);
    if clause.is_some_and(|clause| !holds(clause)) {
        return Outcome::Dropped;
    }
    let mut kept = Map::new();
    for (key, value) in object {
        match walk(value, dialect, holds) {
            // `allOf` must not be empty.
            Outcome::Kept(Value::Array(items)) if key == "allOf" && items.is_empty() => {}
            Outcome::Kept(Value::Object(rows)) if key == "properties" => {
                kept.insert(key.clone(), named(rows));
            }
            Outcome::Kept(value) => {
                kept.insert(key.clone(), value);
            }
            Outcome::Dropped => {
                kept.insert(key.clone(), Value::Bool(true));
            }
            Outcome::Unanswered if clause.is_some() => return Outcome::Dropped,
            Outcome::Unanswered => return Outcome::Unanswered,
        }
    }
    Outcome::Kept(Value::Object(kept))
}

/// The rows of `properties`, renamed as in the dialect (`x-name`).
fn named(rows: Map<String, Value>) -> Value {
    let row = |(name, row): (String, Value)| match row.get("x-name").and_then(Value::as_str) {
        Some(own) => (own.to_owned(), row),
        None => (name, row),
    };
    rows.into_iter().map(row).collect()
}

/// Every clause tag in a schema, including repetitions.
pub(crate) fn tags(schema: &Value) -> Vec<&str> {
    let mut found = Vec::new();
    visit(schema, &mut |object| {
        found.extend(object.get(CLAUSE).and_then(Value::as_str));
    });
    found
}

/// Every knob that a schema uses.
pub(crate) fn knobs(schema: &Value) -> Vec<&str> {
    let mut found = Vec::new();
    visit(schema, &mut |object| {
        found.extend(object.get(KNOB).and_then(Value::as_str));
    });
    found
}

/// The clause of each constraint, paired with each knob in it.
pub(crate) fn tagged_knobs(schema: &Value) -> Vec<(&str, &str)> {
    let mut found = Vec::new();
    visit(schema, &mut |object| {
        if let Some(clause) = object.get(CLAUSE).and_then(Value::as_str) {
            let within = object.values().flat_map(knobs);
            found.extend(within.map(|knob| (clause, knob)));
        }
    });
    found
}

/// Every mapping of a knob's answers in a schema, with the knob.
pub(crate) fn mappings(schema: &Value) -> Vec<(&str, &Map<String, Value>)> {
    let mut found = Vec::new();
    visit(schema, &mut |object| {
        let knob = object.get(KNOB).and_then(Value::as_str);
        found.extend(knob.zip(object.get(AS).and_then(Value::as_object)));
    });
    found
}

/// Every constraint that carries `clause`.
pub(crate) fn fragments<'a>(schema: &'a Value, clause: &str) -> Vec<&'a Map<String, Value>> {
    let mut found = Vec::new();
    visit(schema, &mut |object| {
        if object.get(CLAUSE).and_then(Value::as_str) == Some(clause) {
            found.push(object);
        }
    });
    found
}

/// The clause and the parameter of every constraint in a request schema.
pub(crate) fn sites(schema: &Value) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let properties = schema.get("properties").and_then(Value::as_object);
    for (param, row) in properties.into_iter().flatten() {
        found.extend(
            tags(row)
                .into_iter()
                .map(|tag| (tag.to_owned(), param.clone())),
        );
    }
    let general = schema.get("allOf").and_then(Value::as_array);
    for constraint in general.into_iter().flatten() {
        let required = constraint
            .get("required")
            .or_else(|| constraint.pointer("/then/required"));
        let required = required.and_then(Value::as_array).into_iter().flatten();
        let refused = constraint.pointer("/then/properties");
        let refused = refused.and_then(Value::as_object).into_iter().flatten();
        let named = required.filter_map(Value::as_str);
        let named = named.chain(refused.map(|(param, _)| param.as_str()));
        let clause = constraint.get(CLAUSE).and_then(Value::as_str);
        found.extend(named.filter_map(|param| Some((clause?.to_owned(), param.to_owned()))));
    }
    found
}

/// Unescapes a segment of a JSON pointer.
pub(crate) fn unescaped(segment: &str) -> Cow<'_, str> {
    if segment.contains('~') {
        segment.replace("~1", "/").replace("~0", "~").into()
    } else {
        segment.into()
    }
}

/// The innermost clause on the path to the keyword at `pointer`.
pub(crate) fn clause_at<'a>(schema: &'a Value, pointer: &str) -> Option<&'a str> {
    let mut here = schema;
    let mut clause = None;
    for segment in pointer.split('/').skip(1) {
        let segment = unescaped(segment);
        here = match here {
            Value::Array(items) => items.get(segment.parse::<usize>().ok()?)?,
            Value::Object(object) => object.get(segment.as_ref())?,
            _ => return clause,
        };
        clause = here.get(CLAUSE).and_then(Value::as_str).or(clause);
    }
    clause
}

fn visit<'a>(schema: &'a Value, see: &mut dyn FnMut(&'a Map<String, Value>)) {
    match schema {
        Value::Object(object) => {
            see(object);
            object.values().for_each(|value| visit(value, see));
        }
        Value::Array(items) => items.iter().for_each(|item| visit(item, see)),
        _ => {}
    }
}
