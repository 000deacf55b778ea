//! The requests and steps that are the same for every server.

use crate::server::case::requests::{request_to, token_params, token_request};
use crate::server::case::{Encoding, Expect, Params, Payload, RequestTemplate, Step, To, encode};
use crate::server::plan::params::{with, without};
use flexiti_contract::{Endpoint, Flow};
use serde_json::json;

/// Shaped like a token, but never issued.
pub(super) const UNKNOWN_TOKEN: &str = "0123456789abcdef0123456789abcdef01234567";
pub(super) const FORM: Option<&str> = Some(crate::server::case::FORM);
pub(super) const JSON: Option<&str> = Some("application/json");

/// The flows of init.
pub(super) const FLOWS: [Flow; 3] = [Flow::Apply, Flow::ApplyBuy, Flow::Buy];

/// Refused with the clause's error, about this parameter.
pub(super) fn refused(param: Option<&str>) -> Expect {
    let param = param.map(str::to_owned);
    Expect::Refused {
        param,
        header: None,
    }
}

/// Init parameters that are wrong in three ways, in every dialect.
pub(super) fn garbled() -> Params {
    [
        ("lang", "12"),
        ("flow", "purchase"),
        ("amount_requested", "abc"),
    ]
    .map(|(name, value)| (name.to_owned(), json!(value)))
    .into()
}

/// Gets a token, which later steps find as `{{0/…}}`.
pub(super) fn get_token() -> Step {
    Step::Send(token_request())
}

/// Brings the order that the first request opened to an outcome.
pub(super) fn complete(outcome: &str) -> Step {
    Step::Complete {
        order: "{{0/online_order_id}}".to_owned(),
        outcome: outcome.to_owned(),
    }
}

/// A request that no one may make: without a token, on the path of an unknown client.
pub(super) fn stranger(request: RequestTemplate) -> RequestTemplate {
    at(request, "{{client_id}}", "xxxxxx").without_header("authorization")
}

/// The same request with a part of its path replaced.
pub(super) fn at(request: RequestTemplate, part: &str, by: &str) -> RequestTemplate {
    match &request.to {
        To::Path(path) => {
            let to = To::Path(path.replace(part, by));
            RequestTemplate { to, ..request }
        }
        To::Url(_) => request,
    }
}

/// A request without parameters.
pub(super) fn bare(endpoint: Endpoint) -> RequestTemplate {
    request_to(endpoint, &Params::new(), Encoding::FormDotted)
        .unwrap_or_else(|| RequestTemplate::post("/", Payload::None))
}

/// A token request.
pub(super) fn token(params: &Params) -> RequestTemplate {
    request_to(Endpoint::Token, params, Encoding::FormDotted).unwrap_or_else(token_request)
}

/// A token request with other values.
pub(super) fn token_with(changes: &[(&str, &str)]) -> RequestTemplate {
    let change = |params: Params, (name, value): &(&str, &str)| with(&params, name, json!(value));
    token(&changes.iter().fold(token_params(), change))
}

/// A token request that lacks something.
pub(super) fn token_without(names: &[&str]) -> RequestTemplate {
    token(
        &names
            .iter()
            .fold(token_params(), |params, name| without(&params, name)),
    )
}

/// A token request that refreshes.
pub(super) fn refresh(token: &str) -> RequestTemplate {
    token_with(&[("grant_type", "refresh_token"), ("refresh_token", token)])
}

/// The same request with these bytes as its body.
pub(super) fn with_bytes(
    request: &RequestTemplate,
    body: impl Into<Vec<u8>>,
    media_type: Option<&str>,
) -> RequestTemplate {
    let request = RequestTemplate {
        payload: Payload::Bytes(body.into()),
        ..request.clone()
    };
    match media_type {
        Some(media_type) => request.header("content-type", media_type),
        None => request,
    }
}

/// Parameters as the bytes of a form.
pub(super) fn form_bytes(params: &Params, encoding: Encoding) -> Vec<u8> {
    match encode(params, encoding) {
        Some(Payload::Form(pairs)) => {
            let form = serde_urlencoded::to_string(pairs).unwrap_or_default();
            // Keep placeholders, to be filled in later.
            form.replace("%7B%7B", "{{").replace("%7D%7D", "}}").into()
        }
        _ => Vec::new(),
    }
}

/// Parameters as the bytes of a JSON object.
pub(super) fn json_bytes(params: &Params) -> Vec<u8> {
    match encode(params, Encoding::Json) {
        Some(Payload::Json(value)) => value.to_string().into_bytes(),
        _ => Vec::new(),
    }
}
