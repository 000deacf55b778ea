//! The tables of parameters.

use super::document::{Block, Cell, Inline, Text, cell, code, is_guess, link, plain, prose, table};
use super::requests::{flow_name, spelling};
use crate::clause::{Check, Clause};
use crate::endpoint::Endpoint;
use crate::parameters::Param;
use crate::rulebook::Rulebook;
use crate::vocabulary::Flow;
use serde_json::{Map, Value, json};

/// The table of an endpoint's parameters; their ids begin with `prefix`.
pub(super) fn parameters(
    rulebook: &Rulebook,
    others: &[Rulebook],
    endpoint: Endpoint,
    prefix: &str,
) -> Block {
    let rows = rulebook.contract().params(endpoint).iter();
    let rows = rows.map(|param| row(rulebook, others, endpoint, param, prefix));
    let head = [
        "parameter",
        "required",
        "allowed, for example",
        "refused otherwise",
        "other dialects",
    ];
    table(&head, rows.collect())
}

fn row(
    rulebook: &Rulebook,
    others: &[Rulebook],
    endpoint: Endpoint,
    param: &Param,
    prefix: &str,
) -> Vec<Cell> {
    let name = &param.name;
    let mut first: Text = vec![
        Inline::Anchor(format!("{prefix}-{name}")),
        code(name.clone()),
    ];
    if param.header {
        first.push(plain(" (header)"));
    }
    let about = description(rulebook, endpoint, name);
    let shape = Shape::of(rulebook, endpoint, name);
    let mut values = if shape.allowed.is_empty() {
        cell(if param.group { "an object" } else { "any text" })
    } else {
        shape.allowed.iter().map(|phrase| prose(phrase)).collect()
    };
    if let Some(example) = rulebook
        .allowed(endpoint, name)
        .example
        .filter(|_| !param.group && !shape.allowed.iter().any(|said| said == UNREAD))
    {
        values.push(vec![plain("for example "), code(example)]);
    }
    vec![
        vec![first, prose(&about)],
        shape.required.iter().map(|line| prose(line)).collect(),
        values,
        refusals(rulebook, endpoint, name),
        differences(&shape, others, endpoint, name),
    ]
}

/// The text for a parameter that the dialect ignores.
const UNREAD: &str = "anything: this dialect does not read it";

/// Whether any of the contract's constraints on a parameter holds in the dialect.
fn is_read(rulebook: &Rulebook, endpoint: Endpoint, param: &str) -> bool {
    let body = &rulebook.contract().endpoint(endpoint).request;
    let body = rulebook.contract().bodies.get(body);
    let constraints = body.and_then(|body| body["properties"][param]["allOf"].as_array());
    constraints.is_none_or(Vec::is_empty) || !clauses_of(rulebook, endpoint, param).is_empty()
}

/// The requirements of an endpoint on a parameter, in words.
#[derive(PartialEq)]
struct Shape {
    required: Vec<String>,
    allowed: Vec<String>,
}

impl Shape {
    fn of(rulebook: &Rulebook, endpoint: Endpoint, param: &str) -> Self {
        let allowed = if is_read(rulebook, endpoint, param) {
            rulebook.allowed(endpoint, param).phrases
        } else {
            vec![UNREAD.to_owned()]
        };
        Self {
            required: required(rulebook, endpoint, param),
            allowed,
        }
    }
}

fn description(rulebook: &Rulebook, endpoint: Endpoint, param: &str) -> String {
    let schema = rulebook.request_schema(endpoint);
    let row = schema.and_then(|schema| schema["properties"].get(param));
    let text = row.and_then(|row| row["description"].as_str());
    text.unwrap_or_default().to_owned()
}

/// When a parameter must be sent: one line for each rule.
fn required(rulebook: &Rulebook, endpoint: Endpoint, param: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for rule in rules(rulebook, endpoint) {
        let clause = rule
            .get("x-clause")
            .and_then(Value::as_str)
            .unwrap_or_default();
        if !rule.contains_key("if") {
            if names(rule.get("required")).contains(&param) {
                return vec!["always".to_owned()];
            }
            continue;
        }
        let demanded = names(rule.get("then").and_then(|then| then.get("required")));
        let conditions = rule["if"]["allOf"].as_array().into_iter().flatten();
        let absent: Vec<&str> = conditions
            .flat_map(|condition| names(condition["not"].get("required")))
            .collect();
        if !demanded.contains(&param) && !absent.contains(&param) {
            continue;
        }
        let cases = contexts(rulebook, endpoint).into_iter();
        let cases = cases.filter(|(_, request)| {
            let violations = rulebook.check(endpoint, request);
            violations
                .iter()
                .any(|violation| violation.clause == clause)
        });
        let cases: Vec<String> = cases.map(|(name, _)| name).collect();
        if cases.is_empty() {
            continue;
        }
        let instead = demanded.iter().chain(&absent).find(|name| **name != param);
        let unless = match instead.filter(|_| !absent.is_empty()) {
            Some(instead) => format!(", unless `{instead}` is sent"),
            None => String::new(),
        };
        lines.push(format!("for {}{unless}", cases.join(" and ")));
    }
    if lines.is_empty() {
        lines.push("no".to_owned());
    }
    lines
}

/// The cases that an endpoint distinguishes, with a request for each.
fn contexts(rulebook: &Rulebook, endpoint: Endpoint) -> Vec<(String, Value)> {
    match endpoint {
        Endpoint::InitV2 | Endpoint::InitPlain => [Flow::Apply, Flow::Buy, Flow::ApplyBuy]
            .into_iter()
            .filter_map(|flow| {
                let request = json!({ "flow": spelling(rulebook, flow)? });
                Some((flow_name(flow).to_owned(), request))
            })
            .collect(),
        Endpoint::Token => ["client_credentials", "refresh_token", "password"]
            .map(|grant| {
                (
                    format!("`grant_type` `{grant}`"),
                    json!({ "grant_type": grant }),
                )
            })
            .into(),
        _ => Vec::new(),
    }
}

fn rules(rulebook: &Rulebook, endpoint: Endpoint) -> impl Iterator<Item = &Map<String, Value>> {
    let schema = rulebook.request_schema(endpoint);
    let rules = schema.and_then(|schema| schema["allOf"].as_array());
    rules.into_iter().flatten().filter_map(Value::as_object)
}

fn names(list: Option<&Value>) -> Vec<&str> {
    let list = list.and_then(Value::as_array).into_iter().flatten();
    list.filter_map(Value::as_str).collect()
}

/// The clauses that a parameter can break at an endpoint, in the contract's order.
pub(super) fn clauses_of(
    rulebook: &Rulebook,
    endpoint: Endpoint,
    param: &str,
) -> Vec<&'static Clause> {
    let own = crate::allowed::fragments(rulebook, endpoint, param);
    let mut ids: Vec<&str> = own
        .filter_map(|part| part.get("x-clause")?.as_str())
        .collect();
    for rule in rules(rulebook, endpoint) {
        let then = rule.get("then").and_then(|then| then.get("required"));
        if names(rule.get("required")).contains(&param) || names(then).contains(&param) {
            ids.extend(rule.get("x-clause").and_then(Value::as_str));
        }
    }
    let clauses = rulebook
        .clauses()
        .filter(|clause| clause.check == Check::Request);
    clauses
        .filter(|clause| ids.contains(&clause.id.as_str()))
        .collect()
}

/// The answer to an invalid value, for each clause, with its evidence.
fn refusals(rulebook: &Rulebook, endpoint: Endpoint, param: &str) -> Cell {
    let line = |clause: &Clause| {
        let refusal = rulebook.refusal_of(&clause.id)?;
        let mut text = vec![
            link(format!("clause-{}", clause.id), clause.id.clone()),
            plain(format!(": {} ", refusal.status.as_u16())),
            code(refusal.error),
        ];
        if let Some(msg) = rulebook.msg_of(&clause.id) {
            text.extend([plain(", "), code(msg.as_str())]);
        }
        if is_guess(clause.evidence) {
            text.extend([plain(" "), Inline::Badge(clause.evidence)]);
        }
        Some(text)
    };
    let lines = clauses_of(rulebook, endpoint, param).into_iter();
    lines.filter_map(line).collect()
}

/// The requirements of the other shipped dialects, where they differ.
fn differences(shape: &Shape, others: &[Rulebook], endpoint: Endpoint, param: &str) -> Cell {
    let mut found: Vec<(Vec<&str>, String)> = Vec::new();
    for other in others.iter().filter(|other| other.serves(endpoint)) {
        let theirs = Shape::of(other, endpoint, param);
        let mut parts = Vec::new();
        if theirs.required != shape.required {
            let required = theirs.required.join(", ");
            parts.push(match required.as_str() {
                "no" => "optional".to_owned(),
                when => format!("required {when}"),
            });
        }
        if theirs.allowed != shape.allowed {
            parts.push(match theirs.allowed.join("; ") {
                all if all.is_empty() => "any text".to_owned(),
                all if all == UNREAD => "not read".to_owned(),
                phrase => phrase,
            });
        }
        let said = parts.join("; ");
        let name = other.dialect().name.as_str();
        match found.iter_mut().find(|(_, known)| *known == said) {
            _ if said.is_empty() => {}
            Some((names, _)) => names.push(name),
            None => found.push((vec![name], said)),
        }
    }
    let line = |(names, said): &(Vec<&str>, String)| {
        let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        prose(&format!("{}: {said}", names.join(", ")))
    };
    found.iter().map(line).collect()
}

/// The parameters that a flow requires, in words.
pub(super) fn demanded(rulebook: &Rulebook, endpoint: Endpoint, flow: Flow) -> String {
    let mut list = Vec::new();
    let mut blocks: Vec<&str> = Vec::new();
    for param in rulebook.contract().params(endpoint) {
        let name = param.name.as_str();
        for line in required(rulebook, endpoint, name) {
            let flows = line.strip_prefix("for ").unwrap_or_default();
            let (flows, unless) = flows.split_once(", unless ").unwrap_or((flows, ""));
            let meant = flows.split(" and ").any(|named| named == flow_name(flow));
            if line != "always" && !meant {
                continue;
            }
            match name.split_once('.') {
                Some((block, _)) if blocks.contains(&block) => {}
                Some((block, _)) => {
                    blocks.push(block);
                    list.push(format!("the fields of `{block}`"));
                }
                // Its alternative has already named it.
                None if list.iter().any(|said| said.contains(&format!("`{name}`"))) => {}
                None => {
                    let other = unless.strip_suffix(" is sent");
                    let other = other
                        .map(|other| format!(" or {other}"))
                        .unwrap_or_default();
                    list.push(format!("`{name}`{other}"));
                }
            }
        }
    }
    list.join(", ")
}

/// How the requirements of two endpoints with the same parameters differ.
pub(super) fn between(rulebook: &Rulebook, one: Endpoint, other: Endpoint) -> Option<Block> {
    let path = |endpoint| rulebook.contract().endpoint(endpoint).path.clone();
    let row = |param: &Param| {
        let (ours, theirs) = (
            Shape::of(rulebook, one, &param.name),
            Shape::of(rulebook, other, &param.name),
        );
        let said = |shape: &Shape| -> Cell {
            let lines = shape
                .required
                .iter()
                .map(|line| format!("required: {line}"));
            lines
                .chain(shape.allowed.iter().cloned())
                .map(|line| prose(&line))
                .collect()
        };
        (ours != theirs).then(|| {
            vec![
                vec![vec![code(param.name.clone())]],
                said(&ours),
                said(&theirs),
            ]
        })
    };
    let rows: Vec<_> = rulebook
        .contract()
        .params(one)
        .iter()
        .filter_map(row)
        .collect();
    (!rows.is_empty()).then(|| table(&["parameter", &path(one), &path(other)], rows))
}
