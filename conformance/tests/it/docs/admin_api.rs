//! `docs/reference/admin-api.md` and `docs/reference/fault-actions.md`: the part of the mock's own
//! OpenAPI document that is about the admin API.

use super::keep;
use super::programs::program;
use super::schema::{Document, code, reference, said};
use serde_json::Value;
use std::fmt::Write as _;

fn document() -> Document {
    let output = program("flexiti-mock").arg("openapi").output().unwrap();
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    let mut document = Document {
        json,
        elsewhere: Vec::new(),
    };
    let (matching, action) = fault_types(&document);
    document.elsewhere = [(matching, "match"), (action, "action")]
        .map(|(name, anchor)| (name, format!("fault-actions.md#{anchor}")))
        .to_vec();
    document
}

/// The names of the types of a fault's `match` and `action`.
fn fault_types(document: &Document) -> (String, String) {
    let put = &document.json["paths"]["/__admin/merchants/{client_id}/faults"]["put"];
    let plan = document.resolve(taken(put).expect("a plan is taken")).1;
    let fault = document.resolve(&plan["properties"]["faults"]["items"]).1;
    let name = |member: &str| reference(&fault["properties"][member]).unwrap().to_owned();
    (name("match"), name("action"))
}

/// The schema of the JSON that a call takes.
fn taken(operation: &Value) -> Option<&Value> {
    let content = &operation["requestBody"]["content"]["application/json"];
    content.get("schema")
}

/// The calls of the admin API: method, path, operation.
fn calls(document: &Document) -> Vec<(String, &str, &Value)> {
    let mut calls = Vec::new();
    for (path, operations) in document.json["paths"].as_object().unwrap() {
        let methods = operations.as_object().unwrap().iter();
        let methods = methods.filter(|(_, it)| it["operationId"].is_string());
        for (method, operation) in methods {
            if let Some(path) = path.strip_prefix("/__admin/") {
                calls.push((method.to_uppercase(), path, operation));
            }
        }
    }
    calls
}

fn title(method: &str, path: &str) -> String {
    format!("{method} {}", if path.is_empty() { "/" } else { path })
}

fn table(document: &Document) -> String {
    let mut text = "| call | what it does |\n|---|---|\n".to_owned();
    for (method, path, operation) in calls(document) {
        let title = title(&method, path);
        let anchor: String = title
            .to_lowercase()
            .replace(' ', "-")
            .chars()
            .filter(|c| c.is_alphanumeric() || matches!(c, '-' | '_'))
            .collect();
        let summary = operation["summary"].as_str().unwrap();
        let _ = writeln!(text, "| [`{title}`](#{anchor}) | {summary} |");
    }
    text
}

fn details(document: &Document) -> String {
    let mut text = String::new();
    for (method, path, operation) in calls(document) {
        let title = title(&method, path);
        let _ = writeln!(
            text,
            "### {title}\n\n{}.\n",
            operation["summary"].as_str().unwrap()
        );
        parameters(&mut text, document, operation);
        if let Some(schema) = taken(operation) {
            let (name, body) = document.resolve(schema);
            let name = name.unwrap_or("JSON");
            let _ = writeln!(text, "Takes `{name}`:\n\n{}", document.body(body));
        }
        for (status, answer) in operation["responses"].as_object().unwrap() {
            if status == "default" {
                continue;
            }
            let shared = answer["$ref"].as_str().map(|path| {
                let found = document.json.pointer(path.trim_start_matches('#'));
                found.unwrap_or_else(|| panic!("{path} leads nowhere"))
            });
            let content = shared.unwrap_or(answer)["content"].as_object();
            let kinds = content.into_iter().flatten().map(|(media, content)| {
                match content
                    .get("schema")
                    .filter(|_| media == "application/json")
                {
                    Some(schema) => document.kind(schema),
                    None => format!("`{media}`"),
                }
            });
            let kinds: Vec<String> = kinds.collect();
            let _ = if kinds.is_empty() {
                writeln!(text, "Answers {status} without a body.\n")
            } else {
                writeln!(text, "Answers {status}: {}.\n", kinds.join(", or "))
            };
        }
    }
    text
}

fn parameters(text: &mut String, document: &Document, operation: &Value) {
    let parameters = operation["parameters"].as_array().unwrap();
    // What is in the path is in the title, too.
    let query: Vec<&Value> = parameters.iter().filter(|it| it["in"] == "query").collect();
    if query.is_empty() {
        return;
    }
    text.push_str("| query parameter | type | meaning |\n|---|---|---|\n");
    for parameter in query {
        let _ = writeln!(
            text,
            "| `{}` | {} | {} |",
            parameter["name"].as_str().unwrap(),
            document.kind(&parameter["schema"]),
            said(parameter)
        );
    }
    text.push('\n');
}

/// The types that the calls mention, by name.
fn types(document: &Document) -> String {
    let mut names = Vec::new();
    for (_, _, operation) in calls(document) {
        if let Some(schema) = taken(operation) {
            // Its members stand with the call.
            document.mentions(&document.resolve(schema).1.clone(), &mut names);
        }
        document.mentions(&operation["responses"], &mut names);
    }
    names.sort();
    let mut text = String::new();
    for name in names {
        let schema = &document.json["components"]["schemas"][&name];
        let _ = writeln!(
            text,
            "### {name}\n\n{}\n\n{}",
            said(schema),
            document.body(schema)
        );
    }
    text
}

/// What a fault's `match` may say.
fn matching(document: &Document) -> String {
    let (name, _) = fault_types(document);
    let schema = &document.json["components"]["schemas"][&name];
    let endpoints = &schema["properties"]["endpoint"];
    let mut text = document.body(schema);
    let mut names = Vec::new();
    document.mentions(endpoints, &mut names);
    for name in names {
        let schema = &document.json["components"]["schemas"][&name];
        let kind: Vec<String> = schema["oneOf"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|it| document.kind(it))
            .collect();
        let kind = match kind.len() {
            0 => document.kind(schema),
            _ => kind.join(", "),
        };
        let _ = writeln!(text, "\n### {name}\n\nOne of {kind}.");
    }
    text
}

/// The types of action, each with its members.
fn actions(document: &Document) -> String {
    let (_, name) = fault_types(document);
    let schema = &document.json["components"]["schemas"][&name];
    let mut text = String::new();
    for variant in schema["oneOf"].as_array().unwrap() {
        let mut members = variant["properties"].as_object().unwrap().clone();
        let kind = members.shift_remove("type").unwrap();
        let _ = writeln!(
            text,
            "### {}\n\n{}\n",
            kind["const"].as_str().unwrap(),
            said(variant)
        );
        if members.is_empty() {
            let _ = writeln!(
                text,
                "`{{\"type\": {}}}`, without members.\n",
                kind["const"]
            );
            continue;
        }
        text.push_str("| member | type | required | meaning |\n|---|---|---|---|\n");
        for (member, schema) in &members {
            let required = variant["required"].as_array().unwrap();
            let needed = required.iter().any(|it| it == member);
            let _ = writeln!(
                text,
                "| {} | {} | {} | {} |",
                code(&Value::String(member.clone())),
                document.kind(schema),
                if needed { "yes" } else { "" },
                said(schema)
            );
        }
        text.push('\n');
    }
    text
}

#[test]
fn the_admin_api_page_is_current() {
    let document = document();
    keep(
        "docs/reference/admin-api.md",
        &[
            ("table", table(&document)),
            ("calls", details(&document)),
            ("types", types(&document)),
        ],
    );
}

#[test]
fn the_fault_actions_page_is_current() {
    let mut document = document();
    document.elsewhere.clear();
    keep(
        "docs/reference/fault-actions.md",
        &[
            ("match", matching(&document)),
            ("actions", actions(&document)),
        ],
    );
}
