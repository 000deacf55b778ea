//! The body of a request: one shape for each thing that it may ask for. What a flow or a grant
//! needs is required in its own shape, so that the types that are made of it say so.

use super::schema::{credit, exported, promise, require, retype};
use crate::allowed::accepts;
use crate::endpoint::Endpoint;
use crate::reference::{Options, examples};
use crate::rulebook::Rulebook;
use serde_json::{Map, Value, json};

/// One of the things that a request may ask for.
struct Shape {
    title: &'static str,
    description: &'static str,
    /// The parameter that says it, and a value that does.
    param: &'static str,
    value: &'static str,
    /// What that parameter may hold.
    schema: Value,
}

/// The body that is described.
#[derive(Clone, Copy)]
struct Body<'r> {
    rulebook: &'r Rulebook,
    endpoint: Endpoint,
    /// What the contract says of it.
    root: &'r Value,
    shape: Option<&'r Shape>,
    nested: bool,
}

/// The schema of a body: flat for a form, with nested address blocks for JSON.
pub(super) fn schema(rulebook: &Rulebook, endpoint: Endpoint, nested: bool) -> Value {
    let root = rulebook.request_schema(endpoint).unwrap_or(&Value::Null);
    let shapes = shapes(rulebook, endpoint);
    let any = Body {
        rulebook,
        endpoint,
        root,
        shape: None,
        nested,
    };
    if shapes.is_empty() {
        return shaped(&any, false);
    }
    let all = shapes.iter().enumerate().map(|(at, shape)| {
        let body = Body {
            shape: Some(shape),
            ..any
        };
        shaped(&body, at == 0)
    });
    json!({"oneOf": all.collect::<Vec<_>>()})
}

/// Requests that the dialect accepts, by their titles.
pub(super) fn samples(rulebook: &Rulebook, endpoint: Endpoint, nested: bool) -> Value {
    let all = examples(rulebook, &Options::default());
    let own = all
        .into_iter()
        .filter(|example| example.endpoint == endpoint);
    let sample = |example: crate::reference::Example| {
        let mut body = Map::new();
        for (name, value) in example.parameters {
            let param = rulebook.contract().param(endpoint, &name);
            if param.is_none_or(|param| param.header || param.group) {
                continue;
            }
            match name.split_once('.').filter(|_| nested) {
                Some((group, field)) => {
                    body.entry(group).or_insert_with(|| json!({}))[field] = value;
                }
                None => {
                    body.insert(name, value);
                }
            }
        }
        let key = example
            .title
            .replace(|sign: char| !sign.is_ascii_alphanumeric(), "_");
        (key, json!({"summary": example.title, "value": body}))
    };
    own.map(sample).collect::<Map<String, Value>>().into()
}

/// What a request to an endpoint may ask for, the usual first.
fn shapes(rulebook: &Rulebook, endpoint: Endpoint) -> Vec<Shape> {
    let all = match endpoint {
        Endpoint::InitV2 | Endpoint::InitPlain => flows(rulebook, endpoint),
        Endpoint::Token => grants(rulebook),
        _ => Vec::new(),
    };
    let offered = |shape: &Shape| accepts(rulebook, endpoint, shape.param, shape.value);
    all.into_iter().filter(offered).collect()
}

fn flows(rulebook: &Rulebook, endpoint: Endpoint) -> Vec<Shape> {
    let known = [
        (
            "Apply",
            "The customer applies for credit.",
            "flow_values.apply",
        ),
        (
            "Buy",
            "The customer buys with credit: who it is has to be known, and both addresses.",
            "flow_values.buy",
        ),
        (
            "ApplyBuy",
            "The customer applies, and buys in one go: both addresses have to be known.",
            "flow_values.apply_buy",
        ),
    ];
    let samples = rulebook
        .contract()
        .param(endpoint, "flow")
        .map(|param| &*param.samples);
    let shape = |(title, description, knob): (&'static str, &'static str, &str)| {
        let pattern = rulebook.dialect().answer(knob);
        let schema = json!({"type": "string", "pattern": pattern});
        let validator = jsonschema::validator_for(&schema).ok()?;
        let mut known = samples?
            .iter()
            .filter(|text| validator.is_valid(&json!(text)));
        let value = known.find(|text| accepts(rulebook, endpoint, "flow", text))?;
        Some(Shape {
            title,
            description,
            param: "flow",
            value,
            schema,
        })
    };
    known.into_iter().filter_map(shape).collect()
}

fn grants(rulebook: &Rulebook) -> Vec<Shape> {
    let known: [(&str, &str, &[&str]); 3] = [
        (
            "ClientCredentials",
            "The first token of a checkout.",
            &["client_credentials", "client_credential"],
        ),
        (
            "RefreshToken",
            "A token in place of one that is about to expire.",
            &["refresh_token"],
        ),
        (
            "Password",
            "The grant of the oldest clients.",
            &["password"],
        ),
    ];
    let shape = |(title, description, spellings): (&'static str, &'static str, &[&'static str])| {
        let accepted = |text: &&&str| accepts(rulebook, Endpoint::Token, "grant_type", text);
        let spellings: Vec<&'static str> = spellings.iter().filter(accepted).copied().collect();
        let value = *spellings.first()?;
        let schema = json!({"type": "string", "enum": spellings});
        Some(Shape {
            title,
            description,
            param: "grant_type",
            value,
            schema,
        })
    };
    known.into_iter().filter_map(shape).collect()
}

/// The schema of a body that asks for one thing.
fn shaped(body: &Body<'_>, is_usual: bool) -> Value {
    let Body {
        rulebook,
        endpoint,
        root,
        shape,
        nested,
    } = *body;
    let mut object = Map::new();
    if let Some(shape) = shape {
        object.insert("title".to_owned(), json!(shape.title));
        object.insert("description".to_owned(), json!(shape.description));
    }
    object.insert("type".to_owned(), json!("object"));
    object.insert("properties".to_owned(), json!({}));
    for param in rulebook.contract().params(endpoint) {
        if param.header || param.group {
            continue;
        }
        let name = &*param.name;
        let mut row = parameter(rulebook, endpoint, name, nested);
        if let Some(shape) = shape.filter(|shape| shape.param == name) {
            let schema = exported(rulebook, root, &shape.schema);
            let promises = row["x-clause"].clone();
            row =
                json!({"description": row["description"], "type": "string", "x-clause": promises});
            for (key, value) in schema.as_object().into_iter().flatten() {
                row[key] = value.clone();
            }
            row["examples"] = json!([shape.value]);
        }
        let properties = &mut object["properties"];
        match name.split_once('.').filter(|_| nested) {
            Some((group, field)) => {
                if properties[group].is_null() {
                    let about = &root["properties"][group]["description"];
                    properties[group] = json!({"type": "object", "properties": {}});
                    if about.is_string() {
                        properties[group]["description"] = about.clone();
                    }
                }
                properties[group]["properties"][field] = row;
            }
            None => properties[name] = row,
        }
    }
    for rule in root["allOf"].as_array().into_iter().flatten() {
        apply(body, rule, &mut object);
    }
    if let Some(shape) = shape.filter(|_| !is_usual) {
        require(&mut object, [json!(shape.param)].iter());
    }
    Value::Object(object)
}

/// A parameter, with an example.
pub(super) fn parameter(rulebook: &Rulebook, endpoint: Endpoint, name: &str, json: bool) -> Value {
    let root = rulebook.request_schema(endpoint).unwrap_or(&Value::Null);
    let mut row = exported(rulebook, root, &root["properties"][name]);
    if !row.is_object() {
        row = json!({});
    }
    if row["type"].is_null() {
        row["type"] = json!("string");
    }
    let param = rulebook.contract().param(endpoint, name);
    let types = param.map_or_else(Vec::new, |param| rulebook.json_types(param));
    let is_text = !json || types.is_empty() || types == ["string"];
    if !is_text {
        let types = if let [one] = types[..] {
            json!(one)
        } else {
            json!(types)
        };
        retype(&mut row, &types);
    }
    if let Some(example) = rulebook.allowed(endpoint, name).example {
        let value = match is_text || types.contains(&"string") {
            true => json!(example),
            false => serde_json::from_str(&example).unwrap_or(Value::Null),
        };
        if !value.is_null() {
            row["examples"] = json!([value]);
        }
    }
    row
}

/// Applies a constraint on the request as a whole: where it holds for what is asked for, what it
/// requires is required; what depends on more than that stays a condition.
fn apply(body: &Body<'_>, rule: &Value, object: &mut Map<String, Value>) {
    let Body {
        rulebook,
        endpoint,
        root,
        shape,
        nested,
    } = *body;
    let id = rule["x-clause"].as_str().unwrap_or_default();
    let promises = || vec![promise(rulebook, id)];
    let condition = exported(rulebook, root, &rule["if"]);
    let parts = match condition["allOf"].as_array() {
        Some(parts) => parts.clone(),
        None if condition.is_null() => Vec::new(),
        None => vec![condition],
    };
    let mut open = Vec::new();
    for part in parts {
        match shape.filter(|shape| !part["properties"][shape.param].is_null()) {
            Some(shape) => {
                let asked = json!({ shape.param: shape.value });
                if !jsonschema::is_valid(&part, &asked) {
                    return;
                }
            }
            None => open.push(part),
        }
    }
    let wanted = if rule["if"].is_null() {
        rule
    } else {
        &rule["then"]
    };
    let names = wanted["required"].as_array().cloned().unwrap_or_default();
    let in_body = |name: &&Value| {
        let name = name.as_str().unwrap_or_default();
        rulebook
            .contract()
            .param(endpoint, name)
            .is_none_or(|it| !it.header)
    };
    let names: Vec<Value> = names.iter().filter(in_body).cloned().collect();
    if names.is_empty() {
        return;
    }
    if open.is_empty() {
        demand(object, &names, nested);
        return credit(object, promises());
    }
    let mut then = Map::new();
    demand(&mut then, &names, nested);
    let condition = if let [one] = &open[..] {
        one.clone()
    } else {
        json!({"allOf": open})
    };
    let requirement = rulebook
        .contract()
        .clause(id)
        .map(|clause| &*clause.requirement);
    let rule = json!({
        "description": requirement.unwrap_or_default(),
        "if": condition,
        "then": then,
        "x-clause": promises(),
    });
    let rules = object.entry("allOf").or_insert_with(|| json!([]));
    if let Some(rules) = rules.as_array_mut() {
        rules.push(rule);
    }
}

/// Requires parameters, those with a dot in their block where blocks are nested.
fn demand(object: &mut Map<String, Value>, names: &[Value], nested: bool) {
    for name in names {
        let text = name.as_str().unwrap_or_default();
        match text.split_once('.').filter(|_| nested) {
            Some((group, field)) => {
                require(object, [json!(group)].iter());
                let properties = object.entry("properties").or_insert_with(|| json!({}));
                let block = &mut properties[group];
                if block.is_null() {
                    *block = json!({"type": "object"});
                }
                if let Some(block) = block.as_object_mut() {
                    require(block, [json!(field)].iter());
                }
            }
            None => require(object, [name.clone()].iter()),
        }
    }
}
