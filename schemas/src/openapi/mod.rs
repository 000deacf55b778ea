//! The contract in one dialect as OpenAPI 3.1.

mod body;
mod pattern;
mod schema;

use schema::exported;

use crate::endpoint::{Auth, Endpoint, EndpointRow};
use crate::rulebook::Rulebook;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The tag of the API's operations; the admin API has its own.
const TAG: &str = "online-api";

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
            "license": {"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"},
            "contact": {"name": "The makers of flexiti-mock, who are not Flexiti"},
            "version": env!("CARGO_PKG_VERSION"),
            "description": format!("Dialect `{}`: {}", rulebook.dialect().name, rulebook.dialect().description),
        },
        "servers": [{"url": base_url}],
        "tags": [{"name": TAG, "description": "What Flexiti's own server answers."}],
        "paths": paths,
        "components": {
            "schemas": {"Error": exported(rulebook, &Value::Null, rulebook.error_schema())},
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
            let schema = body::parameter(rulebook, endpoint, &param.name, false);
            let mut row = json!({
                "name": param.name,
                "in": if param.header { "header" } else { "query" },
                "required": required.contains(&param.name.as_str()),
            });
            if let Some(about) = schema.get("description") {
                row["description"] = about.clone();
            }
            row["schema"] = schema;
            row
        })
        .collect();
    for name in row
        .path
        .split('/')
        .filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'))
    {
        let (about, example) = in_path(name);
        let schema = json!({"type": "string", "examples": [example]});
        parameters.push(json!({
            "name": name,
            "in": "path",
            "required": true,
            "description": about,
            "schema": schema,
        }));
    }
    let mut refusals: BTreeMap<u16, BTreeSet<String>> = BTreeMap::new();
    let clauses = rulebook.clauses().filter(|clause| clause.covers(endpoint));
    for refusal in clauses.filter_map(|clause| rulebook.refusal_of(&clause.id)) {
        let words = refusals.entry(refusal.status.as_u16()).or_default();
        words.insert(format!("`{}`", refusal.error));
    }
    let answer = rulebook.response_schema(endpoint).unwrap_or(&Value::Null);
    let mut responses = Map::new();
    responses.insert(
        rulebook.success_status(endpoint).as_str().to_owned(),
        json!({
            "description": "Accepted",
            "content": {"application/json": {"schema": exported(rulebook, answer, answer)}},
        }),
    );
    for (status, words) in refusals {
        let words: Vec<String> = words.into_iter().collect();
        let refusal = json!({
            "description": format!("Refused: {}", words.join(", ")),
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
        });
        responses.insert(status.to_string(), refusal);
    }
    let content = rulebook.media_types(endpoint).into_iter().map(|media| {
        let nested = media.ends_with("json");
        let mut content = json!({"schema": body::schema(rulebook, endpoint, nested)});
        let samples = body::samples(rulebook, endpoint, nested);
        if samples
            .as_object()
            .is_some_and(|samples| !samples.is_empty())
        {
            content["examples"] = samples;
        }
        (media.to_owned(), content)
    });
    let content: Map<String, Value> = content.collect();
    let security = if row.auth == Auth::Bearer {
        json!([{"bearer": []}])
    } else {
        json!([])
    };
    let mut operation = json!({
        "operationId": row.id.id(),
        "summary": row.summary,
        "description": about(rulebook, endpoint),
        "tags": [TAG],
        "parameters": parameters,
        "responses": responses,
        "security": security,
    });
    if !in_query {
        operation["requestBody"] = json!({"required": true, "content": content});
    }
    operation
}

/// Describes an operation, and says where to find its clauses.
fn about(rulebook: &Rulebook, endpoint: Endpoint) -> String {
    let row = rulebook.contract().endpoint(endpoint);
    let promises = rulebook
        .clauses()
        .filter(|clause| clause.covers(endpoint))
        .count();
    format!(
        "{}. {promises} clauses hold for it in this dialect; `x-clause` names those that a schema \
         can say, with their evidence.",
        row.summary
    )
}

/// The description of a path parameter, and an example.
fn in_path(name: &str) -> (&'static str, &'static str) {
    match name {
        "clientId" => ("The merchant's client id.", "flexitidemo"),
        "merchantOrderId" => (
            "The merchant's own id of the order, as `init` was given it.",
            "CART-10045",
        ),
        _ => (
            "Flexiti's id of the order, as `init` answered it.",
            "131209",
        ),
    }
}

/// The parameters that are always required.
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
