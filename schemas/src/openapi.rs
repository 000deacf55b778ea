//! The contract in one dialect as OpenAPI 3.1.

use crate::endpoint::{Auth, Endpoint, EndpointRow};
use crate::rulebook::Rulebook;
use serde_json::{Map, Value, json};

/// The OpenAPI document of a server at `base_url`.
pub fn document(rulebook: &Rulebook, base_url: &str) -> Value {
    let mut paths = Map::new();
    let served = |row: &&EndpointRow| rulebook.serves(row.id);
    for row in rulebook.contract().endpoints.iter().filter(served) {
        let operation = operation(rulebook, row.id);
        let path = json!({ row.method.to_lowercase(): operation });
        paths.insert(row.path.clone(), path);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Flexiti Online API, as this project understands it",
            "version": env!("CARGO_PKG_VERSION"),
            "description": format!("Dialect `{}`: {}", rulebook.dialect().name, rulebook.dialect().description),
        },
        "servers": [{"url": base_url}],
        "paths": paths,
        "components": {
            "schemas": {"Error": plain(rulebook.error_schema())},
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
    })
}

fn operation(rulebook: &Rulebook, endpoint: Endpoint) -> Value {
    let row = rulebook.contract().endpoint(endpoint);
    let params = rulebook.contract().params(endpoint);
    let schema = rulebook.request_schema(endpoint).unwrap_or(&Value::Null);
    let required: Vec<&str> = required(schema);
    let in_query = row.method == "GET";
    let mut parameters: Vec<Value> = params
        .iter()
        .filter(|param| param.header || in_query)
        .map(|param| {
            json!({
                "name": param.name,
                "in": if param.header { "header" } else { "query" },
                "required": required.contains(&param.name.as_str()),
                "schema": plain(&schema["properties"][&param.name]),
            })
        })
        .collect();
    for name in row
        .path
        .split('/')
        .filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'))
    {
        parameters.push(
            json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}}),
        );
    }
    let mut statuses: Vec<u16> = rulebook
        .clauses()
        .filter(|clause| clause.covers(endpoint))
        .filter_map(|clause| rulebook.refusal_of(&clause.id))
        .map(|refusal| refusal.status.as_u16())
        .collect();
    statuses.sort_unstable();
    statuses.dedup();
    let answer = rulebook.response_schema(endpoint).unwrap_or(&Value::Null);
    let mut responses = Map::new();
    responses.insert(
        rulebook.success_status(endpoint).as_str().to_owned(),
        json!({
            "description": "Accepted",
            "content": {"application/json": {"schema": plain(answer)}},
        }),
    );
    for status in statuses {
        let refusal = json!({
            "description": "Refused",
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
        });
        responses.insert(status.to_string(), refusal);
    }
    let content: Map<String, Value> = row
        .media_types
        .iter()
        .map(|media| {
            (
                media.clone(),
                json!({"schema": body(rulebook, endpoint, media.ends_with("json"))}),
            )
        })
        .collect();
    let security = if row.auth == Auth::Bearer {
        json!([{"bearer": []}])
    } else {
        json!([])
    };
    let mut operation = json!({
        "operationId": row.id.id(),
        "summary": row.summary,
        "parameters": parameters,
        "responses": responses,
        "security": security,
    });
    if !in_query {
        operation["requestBody"] = json!({"required": true, "content": content});
    }
    operation
}

/// The body's schema: flat for a form, with nested address blocks for JSON. Constraints on more
/// than one parameter are left to the clauses.
fn body(rulebook: &Rulebook, endpoint: Endpoint, nested: bool) -> Value {
    let schema = rulebook.request_schema(endpoint).unwrap_or(&Value::Null);
    let mut properties = Map::new();
    for param in rulebook.contract().params(endpoint) {
        if param.header || param.group {
            continue;
        }
        let mut row = plain(&schema["properties"][&param.name]);
        let types = rulebook.json_types(param);
        if nested && types != ["string"] {
            let own = row.get_mut("allOf").and_then(Value::as_array_mut);
            let own = own.into_iter().flatten();
            for part in own.filter_map(Value::as_object_mut) {
                part.shift_remove("type");
            }
            row["type"] = json!(types);
        }
        match param.name.split_once('.').filter(|_| nested) {
            Some((group, field)) => {
                let block = properties
                    .entry(group)
                    .or_insert_with(|| json!({"type": "object", "properties": {}}));
                block["properties"][field] = row;
            }
            None => {
                properties.insert(param.name.clone(), row);
            }
        }
    }
    let required: Vec<&str> = required(schema)
        .into_iter()
        .filter(|name| properties.contains_key(*name))
        .collect();
    json!({"type": "object", "properties": properties, "required": required})
}

/// The parameters that are required unconditionally.
fn required(schema: &Value) -> Vec<&str> {
    let rules = schema["allOf"].as_array();
    rules
        .into_iter()
        .flatten()
        .filter_map(|rule| rule["required"].as_array())
        .flatten()
        .filter_map(Value::as_str)
        .collect()
}

/// A schema without the keys that only this project's programs read.
fn plain(schema: &Value) -> Value {
    match schema {
        Value::Object(object) => object
            .iter()
            .filter(|(key, _)| !key.starts_with("x-") && !matches!(key.as_str(), "$id" | "$schema"))
            .map(|(key, value)| {
                (
                    key.clone(),
                    if key == "properties" {
                        each(value)
                    } else {
                        plain(value)
                    },
                )
            })
            .collect(),
        Value::Array(items) => items.iter().map(plain).collect(),
        other => other.clone(),
    }
}

/// [`plain`] for a map of schemas, whose keys are names and not keywords.
fn each(properties: &Value) -> Value {
    let rows = properties.as_object().into_iter().flatten();
    // The dialect may give a member another name.
    rows.map(|(name, schema)| {
        (
            schema["x-name"].as_str().unwrap_or(name).to_owned(),
            plain(schema),
        )
    })
    .collect()
}
