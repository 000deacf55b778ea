//! What the handlers find out about a request.

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
    /// Parameters named by the contract.
    Named(StoredParameters),
    /// Other parameters, as the text of a JSON object.
    Any(String),
}

impl From<StoredParameters> for JournaledParameters {
    fn from(kept: StoredParameters) -> Self {
        Self::Named(kept)
    }
}

impl JournaledParameters {
    /// The parameters as a JSON object.
    pub fn to_object(&self) -> Map<String, Value> {
        match self {
            Self::Named(kept) => kept.to_object(),
            // The text was written from such an object.
            Self::Any(text) => serde_json::from_str(text).unwrap_or_default(),
        }
    }

    /// Whether a parameter has this text as its value.
    pub fn is(&self, name: &str, text: &str) -> bool {
        match self {
            Self::Named(kept) => kept.text(name).is_some_and(|value| value == text),
            Self::Any(_) => self.get(name).is_some_and(|value| value == text),
        }
    }

    /// The value of a parameter.
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
    /// The parameter at fault, if there is one.
    pub param: Option<String>,
    /// The `msg` in `field_errors`, if the clause has one.
    pub msg: Option<Msg>,
    /// What to send instead.
    pub remedy: Arc<str>,
}

/// What the handlers find out about a request.
#[derive(Debug, Default)]
pub struct Note {
    /// The endpoint of the contract; `None` for other paths, and for callbacks.
    pub endpoint: Option<Endpoint>,
    /// It is a callback that the mock itself requested.
    pub callback: bool,
    /// Why the shop did not answer the callback, or the upstream the request.
    pub error: Option<Box<str>>,
    /// The merchant that it concerns; `None` if unknown.
    pub client_id: Option<Arc<str>>,
    /// The time by the merchant's clock; `None` if the merchant is unknown.
    pub clock: Option<Millis>,
    /// The parsed parameters; `None` if none were parsed.
    pub params: Option<JournaledParameters>,
    /// The order that it is about.
    pub order_id: Option<u64>,
    /// The type of the fault that struck it.
    pub fault: Option<String>,
    /// The ticket for that fault's counts.
    pub ticket: Option<Ticket>,
    /// The clauses that it was refused for.
    pub violations: Vec<Reason>,
    /// Details if the request was for the upstream.
    pub upstream: Option<Box<Passed>>,
    /// Whether the answer's body must not be recorded.
    pub hides_answer: bool,
}

/// Details of a request for the upstream.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Passed {
    /// The upstream's scheme, host and port.
    pub server: String,
    /// Who answered.
    pub mode: UpstreamMode,
    /// Where the mock answers differently; `None` if it was not asked.
    pub drift: Option<Vec<Drift>>,
}

impl Note {
    /// The kind of call; `None` for other paths.
    pub fn place(&self) -> Option<CallKind> {
        match self.endpoint {
            _ if self.callback => Some(CallKind::Callback),
            endpoint => endpoint.map(CallKind::Api),
        }
    }

    /// Records the fault that struck the request.
    pub fn strike(&mut self, strike: &Strike) {
        self.fault = Some(strike.action.word());
        self.ticket = Some(strike.ticket.clone());
    }

    /// The clauses that were broken, in one line: `init.lang.required lang`.
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
