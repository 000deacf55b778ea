//! Prepares a recorded request for sending again.

use crate::server::wire::Credentials;
use base64::Engine as _;
use flexiti_contract::comparison::Chain;
use flexiti_contract::transcript::Request;
use serde_json::Value;

/// The end of every base URL.
pub const BASE: &str = "/flexiti/online-api";
/// Headers that the client sets itself, about the connection or length.
const OWN: [&str; 6] = [
    "host",
    "content-length",
    "connection",
    "accept-encoding",
    "transfer-encoding",
    "expect",
];

/// A request ready to be sent.
pub struct Prepared {
    pub method: String,
    pub url: String,
    pub headers: Vec<(String, String)>,
    pub body: Option<Vec<u8>>,
}

/// The kind of a masked value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Secret {
    Client,
    Password,
}

/// A recorded request, with this server's values for its tokens, ids and secrets.
pub fn prepared(
    request: &Request,
    base_url: &str,
    account: &Credentials,
    chain: &Chain,
) -> Prepared {
    let below = request.path.find(BASE).map_or(0, |at| at + BASE.len());
    let mut url = format!("{base_url}{}", chain.path(&request.path[below..]));
    if let Some(query) = &request.query {
        url.push('?');
        url.push_str(&chain.form(query));
    }
    let headers = request.headers.iter();
    let headers = headers.filter(|(name, _)| !OWN.contains(&name.as_str()));
    let header = |(name, value): &(String, String)| {
        let value = match basic(value).filter(|_| name == "authorization") {
            Some(hidden) => {
                let secret = chain.get(hidden).unwrap_or(hidden);
                let keys = format!("{}:{secret}", account.client_id);
                let keys = base64::engine::general_purpose::STANDARD.encode(keys);
                format!("Basic {keys}")
            }
            None => chain.header(name, value),
        };
        (name.clone(), value)
    };
    let body = request.body.as_deref();
    Prepared {
        method: request.method.clone(),
        url,
        headers: headers.map(header).collect(),
        body: body.map(|body| chain.body(body).into_bytes()),
    }
}

/// The merchant that a request names in its path or parameters.
pub fn client_id(request: &Request) -> Option<String> {
    let mut parts = request.path.split('/');
    if parts.any(|part| part == "client-id")
        && let Some(part) = parts.next()
    {
        let decoded = percent_encoding::percent_decode_str(part).decode_utf8_lossy();
        return Some(decoded.into_owned());
    }
    let mut named = parameters(request).into_iter();
    named.find_map(|(name, value)| (name == "client_id").then_some(value))
}

/// The text parameters of a body.
fn parameters(request: &Request) -> Vec<(String, String)> {
    let body = request.body.as_deref().unwrap_or_default();
    match serde_json::from_str(body) {
        Ok(Value::Object(members)) => {
            let texts = members.into_iter().filter_map(|(name, value)| match value {
                Value::String(text) => Some((name, text)),
                _ => None,
            });
            texts.collect()
        }
        _ => serde_urlencoded::from_str(body).unwrap_or_default(),
    }
}

/// The secret of a Basic header.
fn basic(value: &str) -> Option<&str> {
    let (scheme, secret) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("basic").then(|| secret.trim())
}

/// The masked credentials of a request.
pub fn hidden_secrets(request: &Request) -> Vec<(String, Secret)> {
    let mut found = Vec::new();
    if let Some(secret) = request.header("authorization").and_then(basic) {
        found.push((secret.to_owned(), Secret::Client));
    }
    for (name, value) in parameters(request) {
        let kind = match name.as_str() {
            "client_secret" => Secret::Client,
            "password" => Secret::Password,
            _ => continue,
        };
        if !value.is_empty() {
            found.push((value, kind));
        }
    }
    found
}
