//! Reads a request back from the bytes that were sent, to check that a case sent what it claims.
//! Deliberately shares no code with any server's parser.

use super::exchange::Exchange;
use crate::server::case::FORM;
use flexiti_contract::{Contract, Endpoint, Rule, Rulebook};
use serde_json::{Map, Value};

/// The flat parameters of a request; `None` if the bytes are neither a form nor JSON.
pub fn parameters(rulebook: &Rulebook, endpoint: Endpoint, exchange: &Exchange) -> Option<Value> {
    let contract = rulebook.contract();
    let mut flat = Map::new();
    for (name, value) in &exchange.sent_headers {
        if contract
            .param(endpoint, name)
            .is_some_and(|param| param.header)
        {
            // As a server reads it (RFC 9110, 5.5).
            let value = value.trim_matches([' ', '\t']);
            flat.insert(name.clone(), value.into());
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
                let spelling = if name.ends_with(']') {
                    Rule::FormBrackets
                } else {
                    Rule::FormDotted
                };
                let name = name.replace('[', ".").replace(']', "");
                if name.contains('.') && !rulebook.enforces(spelling) {
                    continue;
                }
                put(rulebook, endpoint, &mut flat, &name, value.into());
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
                                rulebook,
                                endpoint,
                                &mut flat,
                                &format!("{name}.{field}"),
                                value,
                            );
                        }
                    }
                    value => put(rulebook, endpoint, &mut flat, &name, value),
                }
            }
        }
        _ => return None,
    }
    Some(Value::Object(flat))
}

fn put(
    rulebook: &Rulebook,
    endpoint: Endpoint,
    flat: &mut Map<String, Value>,
    name: &str,
    value: Value,
) {
    let contract = rulebook.contract();
    let Some(param) = contract.param(endpoint, name).filter(|param| !param.header) else {
        return;
    };
    let value = match &value {
        Value::Null => return,
        Value::String(text) if text.is_empty() && !param.keeps_empty => return,
        Value::Bool(_) | Value::Number(_) if rulebook.reads(param, &value) => {
            value.to_string().into()
        }
        _ => value,
    };
    flat.insert(name.to_owned(), value);
}

/// The endpoint with the path of an exchange.
pub fn endpoint_of(contract: &Contract, exchange: &Exchange) -> Option<Endpoint> {
    endpoint_at(contract, &exchange.url)
}

/// The endpoint with the path of a URL.
pub fn endpoint_at(contract: &Contract, url: &str) -> Option<Endpoint> {
    let url = url.split('?').next()?;
    let fits = |template: &str| {
        let mut path = url.rsplit('/');
        template
            .rsplit('/')
            .take_while(|segment| !segment.is_empty())
            .all(|segment| {
                path.next().is_some_and(|part| {
                    part == segment || segment.starts_with('{') && !part.is_empty()
                })
            })
    };
    let row = contract.endpoints.iter().find(|row| fits(&row.path))?;
    Some(row.id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::wire::Surface;
    use crate::server::wire::connection::{NoAnswer, Silence};

    #[test]
    fn a_path_is_told_by_whole_segments() {
        let base = "http://127.0.0.1:1/behind/a/proxy/flexiti/online-api";
        for (path, endpoint) in [
            ("/oauth/token", Some(Endpoint::Token)),
            ("/oauth/tokens", None),
            (
                "/online/v2/client-id/x/systems/init",
                Some(Endpoint::InitV2),
            ),
            (
                "/online/client-id/x/systems/init?a=/oauth/token",
                Some(Endpoint::InitPlain),
            ),
            ("/online/client-id//systems/init", None),
            (
                "/online/client-id/x/notifications/order-id/7",
                Some(Endpoint::NotificationOrder),
            ),
            (
                "/online/client-id/x/notifications/merchant-order-id/7",
                Some(Endpoint::NotificationMerchantOrder),
            ),
            (
                "/online/client-id/x/notifications/7",
                Some(Endpoint::NotificationOld),
            ),
            ("/online/client-id/x/notifications", None),
        ] {
            let exchange = Exchange {
                surface: Surface::Api,
                method: "GET".to_owned(),
                url: format!("{base}{path}"),
                sent_headers: Vec::new(),
                sent: Vec::new(),
                answer: Err(NoAnswer {
                    kind: Silence::Broken,
                    why: String::new(),
                }),
                secrets: Vec::new(),
                talk: None,
            };
            let found = endpoint_of(Contract::shipped(), &exchange);
            assert_eq!(found, endpoint, "{path}");
        }
    }
}
