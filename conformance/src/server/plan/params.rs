//! Valid parameters of requests, and how to change them.

use crate::server::case::Params;
use crate::server::case::requests::{REFERENCE_ID, token_params};
use flexiti_contract::{Endpoint, Flow, Rule, Rulebook};
use serde_json::{Map, Value, json};

/// Valid requests to an endpoint, the fullest first.
pub fn bases(rulebook: &Rulebook, endpoint: Endpoint) -> Vec<Params> {
    let candidates: Vec<Params> = if endpoint == Endpoint::Token {
        let grant = |grant: &str, more: &[(&str, &str)]| {
            let mut params = with(&token_params(), "grant_type", json!(grant));
            params.extend(
                more.iter()
                    .map(|(name, value)| ((*name).to_owned(), json!(value))),
            );
            params
        };
        vec![
            token_params(),
            grant("refresh_token", &[("refresh_token", "{{0/refresh_token}}")]),
            grant(
                "password",
                &[("username", "{{username}}"), ("password", "{{password}}")],
            ),
        ]
    } else if endpoint == Endpoint::Calculator {
        let own = ("clientId".to_owned(), json!("{{client_id}}"));
        let samples = rulebook
            .contract()
            .params(endpoint)
            .iter()
            .filter_map(|param| {
                let sample = param.samples.first()?;
                Some((param.name.clone(), json!(sample)))
            });
        vec![replaced(&samples.collect(), &own.0, &own.1)]
    } else {
        [Flow::ApplyBuy, Flow::Buy, Flow::Apply]
            .into_iter()
            .filter_map(|flow| base_params(rulebook, endpoint, flow))
            .collect()
    };
    candidates
        .into_iter()
        .filter(|params| rulebook.check(endpoint, &flat(params)).is_empty())
        .collect()
}

/// A full init request of one flow: the first sample of every parameter.
pub fn base_params(rulebook: &Rulebook, endpoint: Endpoint, flow: Flow) -> Option<Params> {
    let contract = rulebook.contract();
    let spelled = contract
        .param(endpoint, "flow")?
        .samples
        .iter()
        .find(|text| rulebook.flow(text) == Some(flow))?;
    let left_out = ["merchant_order_id", "vcc"];
    let params = contract
        .params(endpoint)
        .iter()
        .filter(|param| !param.header && !param.group && !left_out.contains(&param.name.as_str()))
        .filter_map(|param| {
            let sample = if param.name == "flow" {
                spelled
            } else {
                param.samples.first()?
            };
            Some((param.name.clone(), once(rulebook, &param.name, sample)))
        })
        .collect();
    Some(params)
}

/// A parameter's value. If the dialect wants each merchant order id to be unique, the id gets a
/// unique ending.
pub(crate) fn once(rulebook: &Rulebook, name: &str, value: &str) -> Value {
    let unique = rulebook.is_active(Rule::MerchantOrderUnique.id());
    if unique && ["merchant_orderid", "merchant_order_id"].contains(&name) {
        return json!(format!("{value}{{{{reference_id}}}}"));
    }
    json!(value)
}

pub(crate) fn with(params: &Params, name: &str, value: Value) -> Params {
    let mut params = params.clone();
    match params.iter_mut().find(|(param, _)| param == name) {
        Some((_, old)) => *old = value,
        None => params.push((name.to_owned(), value)),
    }
    params
}

pub(crate) fn without(params: &Params, name: &str) -> Params {
    params
        .iter()
        .filter(|(param, _)| param != name)
        .cloned()
        .collect()
}

/// The flat object that the contract's schemas describe, with placeholders.
pub(crate) fn flat(params: &Params) -> Value {
    let mut object: Map<String, Value> = Map::new();
    object.insert(
        REFERENCE_ID.to_owned(),
        json!("0123456789abcdef0123456789abcdef"),
    );
    for (name, value) in params {
        if value.is_null() {
            object.shift_remove(name);
        } else {
            object.insert(name.clone(), canonical(name, value));
        }
    }
    Value::Object(object)
}

/// A JSON number or boolean as text, if the parameter's type allows it.
fn canonical(name: &str, value: &Value) -> Value {
    let contract = flexiti_contract::Contract::shipped();
    let Some(param) = contract.param(Endpoint::InitV2, name) else {
        return value.clone();
    };
    let allows = |kind: &str| param.json.iter().any(|json| json == kind);
    match value {
        Value::Bool(_) if allows("boolean") => value.to_string().into(),
        Value::Number(n) if allows("number") || (allows("integer") && !n.is_f64()) => {
            value.to_string().into()
        }
        _ => value.clone(),
    }
}

/// The parameters with another value for one of them; null removes it.
pub fn replaced(params: &Params, name: &str, value: &Value) -> Params {
    match value {
        Value::Null if name == REFERENCE_ID => with(params, name, Value::Null),
        Value::Null => without(params, name),
        value => with(params, name, value.clone()),
    }
}

/// The parameters without those that `keep` drops; `about` always stays.
pub fn thinned(params: &Params, about: &str, keep: &[bool]) -> Params {
    params
        .iter()
        .zip(keep.iter().chain(std::iter::repeat(&true)))
        .filter(|((name, _), keep)| **keep || name == about)
        .map(|(param, _)| param.clone())
        .collect()
}

/// Drops every parameter that can go while `still` holds.
pub(crate) fn minimal(params: &Params, still: impl Fn(&Params) -> bool) -> Params {
    params.iter().fold(params.clone(), |params, (name, _)| {
        let less = without(&params, name);
        if still(&less) { less } else { params }
    })
}
