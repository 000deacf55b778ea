//! What the handlers found out about a request.

use crate::call_kind::CallKind;
use crate::clock::Millis;
use crate::config::UpstreamMode;
use crate::fault::{Strike, Ticket};
use flexiti_contract::comparison::Drift;
use flexiti_contract::{Endpoint, Msg, StoredParameters};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::sync::Arc;

/// Parameters as they were sent.
#[derive(Debug)]
pub enum JournaledParameters {
    /// Those that the contract names.
    Named(StoredParameters),
    /// Any, as a JSON object's text.
    Any(String),
}

impl From<StoredParameters> for JournaledParameters {
    fn from(kept: StoredParameters) -> Self {
        Self::Named(kept)
    }
}

impl JournaledParameters {
    /// As a JSON object.
    pub fn to_object(&self) -> Map<String, Value> {
        match self {
            Self::Named(kept) => kept.to_object(),
            // It was written from such an object.
            Self::Any(text) => serde_json::from_str(text).unwrap_or_default(),
        }
    }

    /// Whether one of them has this text for a value.
    pub fn is(&self, name: &str, text: &str) -> bool {
        match self {
            Self::Named(kept) => kept.text(name).is_some_and(|value| value == text),
            Self::Any(_) => self.get(name).is_some_and(|value| value == text),
        }
    }

    /// The value of one of them.
    pub fn get(&self, name: &str) -> Option<Value> {
        match self {
            Self::Named(kept) => kept.get(name),
            Self::Any(_) => self.to_object().remove(name),
        }
    }
}

/// A clause that a request broke.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// Id of the clause.
    pub clause: &'static str,
    /// The parameter at fault, if one is.
    pub param: Option<String>,
    /// The word of `field_errors`, where the clause has one.
    pub msg: Option<Msg>,
    /// What to send instead.
    pub remedy: Arc<str>,
}

/// What the handlers found out about a request.
#[derive(Debug, Default)]
pub struct Note {
    /// The endpoint of the contract; `None` for other paths, and for callbacks.
    pub endpoint: Option<Endpoint>,
    /// The mock itself requested a callback.
    pub callback: bool,
    /// Why the shop did not answer that, or the upstream the request.
    pub error: Option<Box<str>>,
    /// The merchant it concerns; `None` where none is known.
    pub client_id: Option<Arc<str>>,
    /// The time by the merchant's clock; `None` where no merchant is known.
    pub clock: Option<Millis>,
    /// The parameters as read; `None` where none were read.
    pub params: Option<JournaledParameters>,
    /// The order it is about.
    pub order_id: Option<u64>,
    /// The fault that struck it, by its type; `None` without one.
    pub fault: Option<String>,
    /// For that fault's account.
    pub ticket: Option<Ticket>,
    /// Why it was refused.
    pub violations: Vec<Reason>,
    /// What is known where another server answered.
    pub upstream: Option<Box<Passed>>,
    /// The answer's body is not kept.
    pub hides_answer: bool,
}

/// What is known of a request that another server was to answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Passed {
    /// Scheme, host and port of that server.
    pub server: String,
    /// How it came to an answer.
    pub mode: UpstreamMode,
    /// Where the mock answers otherwise; none where it was not asked.
    pub drift: Option<Vec<Drift>>,
}

impl Note {
    /// What the exchange is about; none for other paths.
    pub fn place(&self) -> Option<CallKind> {
        match self.endpoint {
            _ if self.callback => Some(CallKind::Callback),
            endpoint => endpoint.map(CallKind::Api),
        }
    }

    /// Notes the fault that struck the request.
    pub fn strike(&mut self, strike: &Strike) {
        self.fault = Some(strike.action.word());
        self.ticket = Some(strike.ticket.clone());
    }

    /// Why the request was refused, in one line: `init.lang.required lang`.
    pub fn reasons(&self) -> Option<String> {
        let mut line = String::new();
        for reason in &self.violations {
            if !line.is_empty() {
                line.push_str(", ");
            }
            line.push_str(reason.clause);
            if let Some(param) = &reason.param {
                line.push(' ');
                line.push_str(param);
            }
        }
        (!line.is_empty()).then_some(line)
    }

    /// What to send instead, in one line.
    pub fn remedies(&self) -> Option<String> {
        let remedies = self.violations.iter().map(|reason| &*reason.remedy);
        let mut remedies: Vec<&str> = remedies.filter(|remedy| !remedy.is_empty()).collect();
        remedies.dedup();
        (!remedies.is_empty()).then(|| remedies.join(" "))
    }
}
