//! Reads a request back from the bytes that went over the wire, so that a case can be held to
//! what it claims. Written apart from any server's reading of the same bytes.

use crate::exchange::Exchange;
use flexiti_contract::{Contract, Endpoint};
use serde_json::{Map, Value};

const FORM: &str = "application/x-www-form-urlencoded";

/// The flat parameters of a request; `None` where the bytes are neither a form nor JSON.
pub fn parameters(contract: &Contract, endpoint: Endpoint, exchange: &Exchange) -> Option<Value> {
    let mut flat = Map::new();
    for (name, value) in &exchange.sent_headers {
        if contract
            .param(endpoint, name)
            .is_some_and(|param| param.header)
        {
            flat.insert(name.clone(), value.clone().into());
        }
    }
    let (media_type, body) = if contract.endpoint(endpoint).media_types.is_empty() {
        let query = exchange.url.split_once('?').map_or("", |(_, query)| query);
        (FORM, query.as_bytes())
    } else {
        let mut headers = exchange.sent_headers.iter();
        let declared = headers.find(|(name, _)| name == "content-type");
        let media_type = declared.map_or("", |(_, value)| value.as_str());
        (media_type, &*exchange.sent)
    };
    match media_type {
        FORM => {
            let pairs: Vec<(String, String)> = serde_urlencoded::from_bytes(body).ok()?;
            for (name, value) in pairs {
                let name = name.replace('[', ".").replace(']', "");
                put(contract, endpoint, &mut flat, &name, value.into());
            }
        }
        "application/json" => {
            let Value::Object(members) = serde_json::from_slice(body).ok()? else {
                return None;
            };
            for (name, value) in members {
                match value {
                    Value::Object(block)
                        if contract.param(endpoint, &name).is_some_and(|p| p.group) =>
                    {
                        for (field, value) in block {
                            put(
                                contract,
                                endpoint,
                                &mut flat,
                                &format!("{name}.{field}"),
                                value,
                            );
                        }
                    }
                    value => put(contract, endpoint, &mut flat, &name, value),
                }
            }
        }
        _ => return None,
    }
    Some(Value::Object(flat))
}

fn put(
    contract: &Contract,
    endpoint: Endpoint,
    flat: &mut Map<String, Value>,
    name: &str,
    value: Value,
) {
    let Some(param) = contract.param(endpoint, name).filter(|param| !param.header) else {
        return;
    };
    let kind = match &value {
        Value::Null => return,
        Value::String(text) if text.is_empty() && !param.keeps_empty => return,
        Value::Bool(_) => "boolean",
        Value::Number(n) if n.is_f64() => "number",
        Value::Number(_) if param.json.iter().any(|kind| kind == "number") => "number",
        Value::Number(_) => "integer",
        _ => "",
    };
    let value = if param.json.iter().any(|allowed| allowed == kind) {
        value.to_string().into()
    } else {
        value
    };
    flat.insert(name.to_owned(), value);
}
