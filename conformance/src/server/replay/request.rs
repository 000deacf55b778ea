//! A recorded request, as it is sent again.

use crate::server::wire::Credentials;
use base64::Engine as _;
use flexiti_contract::Contract;
use flexiti_contract::comparison::Chain;
use flexiti_contract::transcript::Request;
use serde_json::Value;

/// The part of a path that every base URL ends with.
pub const BASE: &str = "/flexiti/online-api";
/// Headers that are about the connection or the length, and come anew.
const OWN: [&str; 6] = [
    "host",
    "content-length",
    "connection",
    "accept-encoding",
    "transfer-encoding",
    "expect",
];

/// A request, ready to be sent.
pub struct Prepared {
    pub method: String,
    pub url: String,
    pub headers: Vec<(String, String)>,
    pub body: Option<Vec<u8>>,
}

/// What a hidden value was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Secret {
    Client,
    Password,
}

/// A recorded request with what stands here for the tokens, ids and secrets in it.
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

/// The secret of a Basic header.
fn basic(value: &str) -> Option<&str> {
    let (scheme, secret) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("basic").then(|| secret.trim())
}

/// What was hidden in the credentials of a request.
pub fn hidden_secrets(request: &Request) -> Vec<(String, Secret)> {
    let mut found = Vec::new();
    if let Some(secret) = request.header("authorization").and_then(basic) {
        found.push((secret.to_owned(), Secret::Client));
    }
    let mut see = |name: &str, value: &str| {
        let is_secret = Contract::shipped().is_secret_param(name);
        let kind = match name {
            "client_secret" => Secret::Client,
            "password" => Secret::Password,
            _ => return,
        };
        if is_secret && !value.is_empty() {
            found.push((value.to_owned(), kind));
        }
    };
    let body = request.body.as_deref().unwrap_or_default();
    if let Ok(Value::Object(members)) = serde_json::from_str(body) {
        for (name, value) in &members {
            see(name, value.as_str().unwrap_or_default());
        }
    } else {
        let pairs: Vec<(String, String)> = serde_urlencoded::from_str(body).unwrap_or_default();
        for (name, value) in &pairs {
            see(name, value);
        }
    }
    found
}
