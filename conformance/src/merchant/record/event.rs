//! The contents of a record.

use super::tokens::Tokens;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flexiti_mock::MerchantConfig;
use flexiti_mock::embed::recording::Sent;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::net::SocketAddr;

/// The record of one shop and one mock.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// Its index among the records of a certificate.
    pub lane: usize,
    /// The address that the mock listened on.
    pub address: SocketAddr,
    /// The origin at which it was reached, if different.
    pub public_base_url: Option<String>,
    /// The shop's account.
    pub account: Account,
    /// What happened at the mock, in order.
    pub events: Vec<Event>,
    /// The seals of the scenarios, and one of everything else that was observed.
    pub seals: Vec<String>,
}

/// The shop's account at the mock.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// Its client id.
    pub client_id: String,
    /// A made-up secret of the same shape as the real one.
    pub client_secret: String,
    /// The success URL.
    pub success_url: Option<String>,
    /// The error URL.
    pub error_url: Option<String>,
}

impl Account {
    /// Configures the account at the mock.
    pub fn config(self) -> MerchantConfig {
        MerchantConfig {
            client_id: self.client_id,
            client_secret: self.client_secret,
            username: None,
            password: None,
            trust_url: None,
            success_url: self.success_url,
            error_url: self.error_url,
            ..MerchantConfig::demo()
        }
    }
}

/// Something that happened at the mock.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// The time, in milliseconds since the Unix epoch.
    pub at: i64,
    /// What happened.
    pub what: What,
    /// The seal of everything so far.
    pub seal: String,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum What {
    /// A request arrived. The journal counts them from one.
    Call(Box<Call>),
    /// The scenario with this index began, or began again.
    Scene(usize),
    /// Its faults for notifications were planned, limited to this order if given.
    Plan {
        /// The order.
        order: Option<u64>,
    },
    /// A customer brought an order to an outcome.
    Complete {
        /// The order.
        order: u64,
        /// The outcome.
        outcome: String,
        /// What delays the outcome in notifications.
        settle_after: Option<Value>,
    },
    /// The mock's clock was advanced by this many milliseconds.
    Advance(u64),
    /// The state of the faults was read.
    Looked,
    /// The scenario ended.
    Over {
        /// The journal id of the next call.
        next: u64,
        /// The shop's number for the order.
        number: String,
    },
}

/// A request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Call {
    /// HTTP method.
    pub method: String,
    /// The path.
    pub path: String,
    /// The query string.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    /// The headers, in order.
    pub headers: Vec<(String, Bytes)>,
    /// The body; `None` if it could not be read or exceeded the API's limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Bytes>,
}

/// Bytes, as text if they are UTF-8.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Bytes {
    /// UTF-8.
    Text(String),
    /// Anything else.
    Other {
        /// In base64.
        base64: String,
    },
}

impl Bytes {
    /// Encodes bytes, applying `change` to any text.
    pub fn of(bytes: &[u8], change: &mut dyn FnMut(&str) -> String) -> Self {
        if let Ok(text) = str::from_utf8(bytes) {
            return Self::Text(change(text));
        }
        let mut changed = Vec::with_capacity(bytes.len());
        for chunk in bytes.utf8_chunks() {
            changed.extend_from_slice(change(chunk.valid()).as_bytes());
            changed.extend_from_slice(chunk.invalid());
        }
        Self::Other {
            base64: STANDARD.encode(changed),
        }
    }

    /// Decodes the bytes, applying `change` to any text; `None` if the base64 is invalid.
    fn bytes(&self, change: &dyn Fn(&str) -> String) -> Option<Vec<u8>> {
        let base64 = match self {
            Self::Text(text) => return Some(change(text).into_bytes()),
            Self::Other { base64 } => base64,
        };
        let bytes = STANDARD.decode(base64).ok()?;
        let mut changed = Vec::with_capacity(bytes.len());
        for chunk in bytes.utf8_chunks() {
            changed.extend_from_slice(change(chunk.valid()).as_bytes());
            changed.extend_from_slice(chunk.invalid());
        }
        Some(changed)
    }
}

impl Call {
    /// The request to send again, with digests replaced by the tokens they stand for.
    pub fn sent(&self, at: i64, tokens: &Tokens) -> Option<Sent> {
        let change = |text: &str| tokens.shown(text);
        let headers = self.headers.iter();
        let headers = headers.map(|(name, value)| Some((name.clone(), value.bytes(&change)?)));
        let body = self.body.as_ref().map(|body| body.bytes(&change));
        Some(Sent {
            at,
            method: self.method.clone(),
            path: change(&self.path),
            query: self.query.as_deref().map(change),
            headers: headers.collect::<Option<_>>()?,
            body: match body {
                Some(body) => Some(body?),
                None => None,
            },
        })
    }
}
