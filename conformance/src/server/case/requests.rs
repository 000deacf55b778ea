//! The usual request to each endpoint.

use super::request_template::{Encoding, Params, Payload, RequestTemplate, encode};
use flexiti_contract::{Contract, Endpoint};
use serde_json::{Value, json};

/// The header that traces an operation. As a parameter, null removes it.
pub const REFERENCE_ID: &str = "x-reference-id";

/// The parameters of a token request with the client's own keys.
pub fn token_params() -> Params {
    [
        ("client_id", "{{client_id}}"),
        ("client_secret", "{{client_secret}}"),
        ("grant_type", "client_credentials"),
        ("scope", "merchant"),
    ]
    .map(|(name, value)| (name.to_owned(), json!(value)))
    .into()
}

/// A plain token request.
pub fn token_request() -> RequestTemplate {
    request_to(Endpoint::Token, &token_params(), Encoding::FormDotted)
        .unwrap_or_else(|| RequestTemplate::post("/oauth/token", Payload::None))
}

/// A request to an endpoint with its usual headers; `None` if the encoding cannot carry the
/// parameters. An order in the path is the one that the case's first request opened.
pub fn request_to(
    endpoint: Endpoint,
    params: &Params,
    encoding: Encoding,
) -> Option<RequestTemplate> {
    let mut body = params.clone();
    let reference = body.iter().position(|(name, _)| name == REFERENCE_ID);
    let reference = reference.map(|at| body.remove(at).1);
    let row = Contract::shipped().endpoint(endpoint);
    let path = row
        .path
        .replace("{clientId}", "{{client_id}}")
        .replace("{orderId}", "{{0/online_order_id}}")
        .replace("{merchantOrderId}", "{{merchant_order}}");
    let mut request = RequestTemplate::post(path, Payload::None);
    request.method.clone_from(&row.method);
    if !row.media_types.is_empty() {
        request.payload = encode(&body, encoding)?;
    } else if let Payload::Form(pairs) = encode(&body, Encoding::FormDotted)? {
        request.query = pairs;
    }
    match reference {
        // Leading and trailing whitespace is not part of a header value (RFC 9110, 5.5).
        Some(Value::String(id)) if id.trim_matches([' ', '\t']) != id => return None,
        Some(Value::String(id)) => request = request.header(REFERENCE_ID, &id),
        Some(_) => {}
        None => request = request.header(REFERENCE_ID, "{{reference_id}}"),
    }
    if endpoint != Endpoint::Token {
        request = request.header("authorization", "Bearer {{token}}");
    }
    Some(request)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_header_whose_value_would_lose_its_ends_is_not_sent() {
        let sent = |id: &str| {
            let params = vec![(REFERENCE_ID.to_owned(), json!(id))];
            request_to(Endpoint::Token, &params, Encoding::FormDotted).is_some()
        };
        assert!(sent("a b") && sent("") && sent("é"));
        assert!(!sent(" ") && !sent("a ") && !sent("\ta"));
    }
}
