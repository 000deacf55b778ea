//! What is on record.

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
    /// Its place among the records of a certificate, counted from zero.
    pub lane: usize,
    /// The address that the mock listened on.
    pub address: SocketAddr,
    /// The origin under which it was reached, where that was another.
    pub public_base_url: Option<String>,
    /// The shop's account.
    pub account: Account,
    /// What happened at the mock, in order.
    pub events: Vec<Event>,
    /// The seal of each scenario that was played, and of the rest of what was seen.
    pub seals: Vec<String>,
}

/// The shop's account at the mock.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// Its client id.
    pub client_id: String,
    /// A made-up secret of the same shape.
    pub client_secret: String,
    /// Where customers come back to.
    pub success_url: Option<String>,
    /// Where they come back to otherwise.
    pub error_url: Option<String>,
}

impl Account {
    /// The account as the mock has it.
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
    /// When, in milliseconds since the Unix epoch.
    pub at: i64,
    /// What.
    pub what: What,
    /// The seal of everything up to here.
    pub seal: String,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum What {
    /// A request came. The journal counts them from one.
    Call(Box<Call>),
    /// A scenario began, or began again: the one of this number, counted from zero.
    Scene(usize),
    /// Its faults for notifications were planned, limited to this order if there is one.
    Plan {
        /// The order.
        order: Option<u64>,
    },
    /// A customer brought an order to its outcome.
    Complete {
        /// The order.
        order: u64,
        /// The outcome.
        outcome: String,
        /// What delays it in notifications.
        settle_after: Option<Value>,
    },
    /// The mock's clock was moved on by so many milliseconds.
    Advance(u64),
    /// The account of the faults was read.
    Looked,
    /// The scenario was over.
    Over {
        /// The number of the next call.
        next: u64,
        /// The number that the shop's order went by.
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
    /// The body; none if it could not be read, or was longer than the API reads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Bytes>,
}

/// Bytes: a text where they are one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Bytes {
    /// UTF-8.
    Text(String),
    /// Others.
    Other {
        /// In base64.
        base64: String,
    },
}

impl Bytes {
    /// Bytes with every text in them changed.
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

    /// The bytes, with every text in them changed; none if it is no base64.
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
    /// The request as it is sent again: digests are replaced by the tokens that they stand for.
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
