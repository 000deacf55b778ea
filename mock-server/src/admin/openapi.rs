//! The OpenAPI document: the contract and the admin API.

use crate::admin::operation::{Body, Operation, refused};
use crate::http::route::{ADMIN, BASE};
use flexiti_contract::{Rulebook, openapi};
use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

const JSON: &str = "application/json";

/// The contract in the server's dialect and the admin API, for a server at `origin`. The operations
/// of the admin API have the tag `admin` and their own base URL.
pub fn document(rulebook: &Rulebook, origin: &str, table: &[Operation]) -> Value {
    let mut document = openapi::document(rulebook, &format!("{origin}{BASE}"));
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
    });
    let settings = settings.with_transform(RecursiveTransform(|schema: &mut Schema| {
        // Remove Rust's integer formats, which no standard defines; `minimum` and `maximum` remain.
        let format = schema.get("format").and_then(Value::as_str);
        if format.is_some_and(|it| it.starts_with("uint")) {
            schema.remove("format");
        }
    }));
    let mut generator = settings.into_generator();
    for operations in table.chunk_by(|one, next| one.path == next.path) {
        let mut row = Map::new();
        row.insert("servers".into(), json!([{"url": origin}]));
        for operation in operations {
            let method = operation.method.to_ascii_lowercase();
            row.insert(method, described(operation, &mut generator));
        }
        let path = format!("{ADMIN}{}", operations[0].path);
        // Tools do not expect the dashboard's trailing slash in the path.
        document["paths"][path.trim_end_matches('/')] = row.into();
    }
    let refusal = json!({
        "description": "Refused; nothing was changed",
        "content": {JSON: {"schema": refused(&mut generator)}},
    });
    document["components"]["responses"]["Refused"] = refusal;
    for (name, schema) in generator.take_definitions(true) {
        document["components"]["schemas"][name] = schema;
    }
    document["components"]["securitySchemes"]["admin"] = json!({
        "type": "http",
        "scheme": "bearer",
        "description": "The admin token, where the server has one.",
    });
    if let Some(tags) = document["tags"].as_array_mut() {
        tags.push(json!({"name": "admin", "description": "Controls the mock; not part of the emulated API."}));
    }
    document
}

fn described(operation: &Operation, generator: &mut SchemaGenerator) -> Value {
    let in_path = operation.path.split('/').filter_map(|segment| {
        let name = segment.strip_prefix('{')?.strip_suffix('}')?;
        let what = match name {
            "client_id" => "The merchant's client id.",
            "file" => "Name of a file of the dashboard.",
            _ => "The id, as shown in the lists.",
        };
        let schema = json!({"type": "string"});
        Some(json!({"name": name, "in": "path", "required": true, "description": what, "schema": schema}))
    });
    let in_query = operation.query.iter().map(|(name, what)| {
        json!({"name": name, "in": "query", "description": what, "schema": {"type": "string"}})
    });
    let parameters: Vec<Value> = in_path.chain(in_query).collect();
    let mut responses = Map::new();
    for (status, body) in operation.gives {
        let content = match body {
            Body::Nothing => json!({}),
            Body::Json(shape) => json!({JSON: {"schema": shape(generator)}}),
            Body::Media(media) => json!({*media: {}}),
        };
        let description = if *status < 400 {
            "Done"
        } else {
            "The requests are not as expected"
        };
        let mut row = json!({"description": description});
        if !matches!(body, Body::Nothing) {
            row["content"] = content;
        }
        responses.insert(status.to_string(), row);
    }
    let refusal = json!({
        "description": "Refused; nothing was changed",
        "content": {JSON: {"schema": refused(generator)}},
    });
    responses.insert(
        "4XX".into(),
        json!({"$ref": "#/components/responses/Refused"}),
    );
    responses.insert("default".into(), refusal);
    let method = operation.method.to_ascii_lowercase();
    let path = operation.path.split(['/', '{', '}', '.']);
    let path = path.filter(|part| !part.is_empty());
    let id: Vec<&str> = ["admin", &method].into_iter().chain(path).collect();
    let mut row = json!({
        "operationId": id.join("_"),
        "summary": operation.summary,
        "description": format!("{}. {}", operation.summary, if operation.open {
            "Does not require the admin token."
        } else {
            "Requires the admin token, if the server has one."
        }),
        "tags": ["admin"],
        "parameters": parameters,
        "responses": responses,
        "security": if operation.open { json!([]) } else { json!([{}, {"admin": []}]) },
    });
    if let Some(shape) = operation.takes {
        row["requestBody"] = json!({"content": {JSON: {"schema": shape(generator)}}});
    }
    row
}
