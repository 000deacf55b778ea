//! Request bodies, with a separate schema for each kind of request. What a flow or grant needs is
//! required in its own schema, so that generated types say so.

use super::schema::{credit, exported, promise, require, retype};
use crate::allowed::accepts;
use crate::endpoint::Endpoint;
use crate::reference::{Example, Options, examples, spelling};
use crate::rulebook::Rulebook;
use crate::vocabulary::Flow;
use serde_json::{Map, Value, json};

/// A kind of request.
struct Shape {
    title: &'static str,
    description: &'static str,
    /// The parameter that selects it, with `value`.
    param: &'static str,
    value: String,
    /// The schema of that parameter.
    schema: Value,
}

/// The body being described.
#[derive(Clone, Copy)]
struct Body<'r> {
    rulebook: &'r Rulebook,
    endpoint: Endpoint,
    /// Its schema in the contract.
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
    let mut all: Vec<Value> = Vec::new();
    if shapes.is_empty() {
        all = shaped(&any, false);
    }
    for (at, shape) in shapes.iter().enumerate() {
        let shape = Some(shape);
        all.extend(shaped(&Body { shape, ..any }, at == 0));
    }
    if all.len() == 1 {
        return all.remove(0);
    }
    json!({ "anyOf": all })
}

/// Requests that the dialect accepts, by their titles.
pub(super) fn samples(rulebook: &Rulebook, endpoint: Endpoint, nested: bool) -> Value {
    let all = examples(rulebook, &Options::default());
    let own = all
        .into_iter()
        .filter(|example| example.endpoint == endpoint);
    let sample = |example: Example| {
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

/// The kinds of requests to an endpoint, most common first.
fn shapes(rulebook: &Rulebook, endpoint: Endpoint) -> Vec<Shape> {
    let all = match endpoint {
        Endpoint::InitV2 | Endpoint::InitPlain => flows(rulebook, endpoint),
        Endpoint::Token => grants(rulebook),
        _ => Vec::new(),
    };
    let offered = |shape: &Shape| accepts(rulebook, endpoint, shape.param, &shape.value);
    all.into_iter().filter(offered).collect()
}

fn flows(rulebook: &Rulebook, endpoint: Endpoint) -> Vec<Shape> {
    let known = [
        ("Apply", "The customer applies for credit.", Flow::Apply),
        (
            "Buy",
            "The customer buys with credit: the customer's identity and both addresses are required.",
            Flow::Buy,
        ),
        (
            "ApplyBuy",
            "The customer applies, and buys in one go: both addresses have to be known.",
            Flow::ApplyBuy,
        ),
    ];
    let shape = |(title, description, flow): (&'static str, &'static str, Flow)| {
        let value = spelling(rulebook, flow)?;
        accepts(rulebook, endpoint, "flow", &value).then(|| Shape {
            title,
            description,
            param: "flow",
            // Only one spelling, even if the dialect accepts more: it discriminates the types.
            schema: json!({"type": "string", "enum": [value]}),
            value,
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
        let value = (*spellings.first()?).to_owned();
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

/// The schemas of a body for one kind of request.
fn shaped(body: &Body<'_>, is_usual: bool) -> Vec<Value> {
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
    let mut choices = Vec::new();
    for rule in root["allOf"].as_array().into_iter().flatten() {
        choices.extend(apply(body, rule, &mut object));
    }
    if let Some(shape) = shape.filter(|_| !is_usual) {
        require(&mut object, [json!(shape.param)].iter());
    }
    let mut all = vec![object];
    for choice in choices {
        let each = |object: Map<String, Value>| choice.of(&object, nested);
        all = all.into_iter().flat_map(each).collect();
    }
    all.into_iter().map(Value::Object).collect()
}

/// Parameters of which one is required.
struct Choice {
    names: Vec<Value>,
    requirement: String,
    promise: Value,
}

impl Choice {
    /// A schema for each of them, so that the type shows what is required.
    fn of(&self, object: &Map<String, Value>, nested: bool) -> Vec<Map<String, Value>> {
        let one = |name: &Value| {
            let mut object = object.clone();
            let title = object
                .get("title")
                .and_then(Value::as_str)
                .unwrap_or_default();
            let words = name.as_str().unwrap_or_default().split(['_', '.']);
            let words = words.map(|word| {
                let mut letters = word.chars();
                let first = letters.next().map(|it| it.to_ascii_uppercase());
                first.into_iter().chain(letters).collect::<String>()
            });
            let title = format!("{title}With{}", words.collect::<String>());
            object.insert("title".to_owned(), json!(title));
            let about = object.get("description").and_then(Value::as_str);
            let about = format!("{} {}", about.unwrap_or_default(), self.requirement);
            object.insert("description".to_owned(), json!(about.trim()));
            demand(&mut object, std::slice::from_ref(name), nested);
            credit(&mut object, vec![self.promise.clone()]);
            object
        };
        self.names.iter().map(one).collect()
    }
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
        let value = if is_text || types.contains(&"string") {
            json!(example)
        } else {
            serde_json::from_str(&example).unwrap_or(Value::Null)
        };
        if !value.is_null() {
            row["examples"] = json!([value]);
        }
    }
    row
}

/// Applies a constraint on the request as a whole. If it applies to this kind of request, its
/// parameters become required; if one of several is enough, it is returned as a choice.
fn apply(body: &Body<'_>, rule: &Value, object: &mut Map<String, Value>) -> Option<Choice> {
    let Body {
        rulebook,
        endpoint,
        root,
        shape,
        nested,
    } = *body;
    let id = rule["x-clause"].as_str().unwrap_or_default();
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
                    return None;
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
    let in_body = |name: &&Value| {
        let name = name.as_str().unwrap_or_default();
        let param = rulebook.contract().param(endpoint, name);
        param.is_none_or(|param| !param.header)
    };
    let names = wanted["required"].as_array().into_iter().flatten();
    let names: Vec<Value> = names.filter(in_body).cloned().collect();
    if names.is_empty() {
        return None;
    }
    if open.is_empty() {
        demand(object, &names, nested);
        credit(object, vec![promise(rulebook, id)]);
        return None;
    }
    // It is required if these are absent, so any of them would do.
    let absent = open
        .iter()
        .filter_map(|part| part["not"]["required"].as_array());
    let mut choice: Vec<Value> = absent.flatten().cloned().collect();
    if let [name] = &names[..]
        && !choice.contains(name)
    {
        choice.push(name.clone());
    }
    let clause = rulebook.contract().clause(id);
    (!choice.is_empty()).then(|| Choice {
        names: choice,
        requirement: clause.map_or_else(String::new, |clause| clause.requirement.clone()),
        promise: promise(rulebook, id),
    })
}

/// Requires parameters; those with a dot within their block, if blocks are nested.
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
