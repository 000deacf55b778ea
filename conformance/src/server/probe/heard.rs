//! An answer as the probe reads it: whether the request was granted, and what a refusal says.

use crate::server::case::{Case, Params};
use crate::server::report::Shown;
use crate::server::wire::{Answer, Exchange, curl};
use flexiti_contract::Endpoint;
use serde_json::Value;

/// The exchanges of one question; the last one is the answer.
#[derive(Debug, Clone)]
pub(super) struct Heard {
    pub(super) exchanges: Vec<Exchange>,
    /// The question, for asking again.
    pub(super) asked: Option<Case>,
}

/// A refusal of a request with one known defect, which shows how refusals are worded.
pub(super) struct Refusal {
    pub(super) endpoint: Endpoint,
    pub(super) params: Params,
    pub(super) heard: Heard,
}

impl Heard {
    /// For when nothing was asked.
    pub(super) fn nothing() -> Self {
        Self {
            exchanges: Vec::new(),
            asked: None,
        }
    }

    /// The last answer, if the server gave one.
    pub(super) fn answer(&self) -> Option<&Answer> {
        self.exchanges.last()?.answer()
    }

    /// Whether the request was in JSON.
    pub(super) fn is_in_json(&self) -> bool {
        let sent = self.exchanges.last().map(|last| last.sent_headers.iter());
        let mut declared = sent.into_iter().flatten();
        declared.any(|(name, value)| name == "content-type" && value == "application/json")
    }

    /// Whether the request was granted.
    pub(super) fn granted(&self) -> bool {
        self.answer().is_some_and(Answer::granted)
    }

    /// Whether the request was refused. A server error is neither.
    pub(super) fn refused(&self) -> bool {
        self.answer().is_some_and(Answer::refused)
    }

    /// Whether it was granted or refused; `None` if it was neither.
    pub(super) fn outcome(&self) -> Option<bool> {
        match (self.granted(), self.refused()) {
            (true, _) => Some(true),
            (_, true) => Some(false),
            _ => None,
        }
    }

    /// Identifies the answer, ignoring what changes with each request.
    pub(super) fn signature(&self) -> (u16, Option<String>, Vec<bool>) {
        let headers = [
            "access-control-allow-origin",
            "cache-control",
            "www-authenticate",
        ];
        let has = headers.iter().map(|name| self.header(name).is_some());
        (self.status(), self.word(), has.collect())
    }

    /// The status; 0 without an answer.
    pub(super) fn status(&self) -> u16 {
        self.answer().map_or(0, |answer| answer.status)
    }

    /// The body as JSON; null if it is not JSON.
    pub(super) fn json(&self) -> Value {
        self.answer().and_then(Answer::json).unwrap_or_default()
    }

    /// The value of `error`.
    pub(super) fn word(&self) -> Option<String> {
        self.json()["error"].as_str().map(str::to_owned)
    }

    /// The sentence of a refusal.
    pub(super) fn sentence(&self) -> Option<String> {
        let body = self.json();
        let texts = ["error_description", "message"].map(|name| body[name].as_str());
        texts.into_iter().flatten().next().map(str::to_owned)
    }

    /// The name of the member that lists parameters, and the listed parameters with their words.
    pub(super) fn fields(&self) -> Option<(&'static str, Vec<(String, String)>)> {
        self.answer()?.field_errors()
    }

    /// A header of the answer.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.answer()?.header(name)
    }

    /// The exchange, for reports.
    pub(super) fn shown(&self) -> Option<Shown> {
        let exchange = self.exchanges.last()?;
        Some(Shown {
            curl: curl::command(exchange),
            actual: exchange.actual(),
        })
    }
}
