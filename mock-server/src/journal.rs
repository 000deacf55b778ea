//! What came in and what was answered, in order, for tests and for people.

use crate::body::Form;
use crate::clock::Millis;
use crate::redact::{HIDDEN, Redactor};
use crate::reply::Reply;
use crate::request::Request;
use flexiti_contract::{Endpoint, Kept, Msg};
use hyper::Method;
use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

/// Parameters that are secret, wherever they stand.
const SECRET: &[&str] = &["client_secret", "password", "refresh_token"];

/// Headers that are secret.
const HIDDEN_HEADERS: &[&str] = &["authorization", "proxy-authorization", "cookie"];

/// Parameters as they were sent.
#[derive(Debug)]
pub enum Sent {
    /// Those that the contract names.
    Named(Kept),
    /// Any, as a JSON object's text.
    Any(String),
}

impl From<Kept> for Sent {
    fn from(kept: Kept) -> Self {
        Self::Named(kept)
    }
}

impl Sent {
    fn to_object(&self) -> Map<String, Value> {
        match self {
            Self::Named(kept) => kept.to_object(),
            // It was written from such an object.
            Self::Any(text) => serde_json::from_str(text).unwrap_or_default(),
        }
    }
}

/// What the handlers found out about a request.
#[derive(Debug, Default)]
pub struct Note {
    /// The endpoint.
    pub endpoint: Option<Endpoint>,
    /// The merchant.
    pub client_id: Option<Arc<str>>,
    /// The parameters as read.
    pub params: Option<Sent>,
    /// The order it opened.
    pub order_id: Option<u64>,
    /// The fault that struck it.
    pub fault: Option<String>,
    /// Why it was refused: clause, parameter, word.
    pub violations: Vec<(&'static str, Option<String>, Option<Msg>)>,
}

impl Note {
    /// Why the request was refused, in one line: `init.lang.required lang`.
    pub fn reasons(&self) -> Option<String> {
        let reason = |(clause, param, _): &(&str, Option<String>, Option<Msg>)| match param {
            Some(param) => format!("{clause} {param}"),
            None => (*clause).to_owned(),
        };
        let reasons: Vec<String> = self.violations.iter().map(reason).collect();
        (!reasons.is_empty()).then(|| reasons.join(", "))
    }
}

#[derive(Debug)]
struct Entry {
    id: u64,
    at: Millis,
    method: Method,
    path: String,
    /// Copied: the map's values would keep the connection's buffer alive.
    headers: Vec<u8>,
    status: u16,
    took: Duration,
    note: Note,
}

/// The latest exchanges; older ones are dropped, and counted.
#[derive(Debug)]
pub struct Journal {
    entries: VecDeque<Entry>,
    limit: usize,
    next: u64,
    dropped: u64,
}

impl Journal {
    /// An empty journal that holds `limit` exchanges.
    pub fn new(limit: usize) -> Self {
        Self {
            entries: VecDeque::new(),
            limit,
            next: 1,
            dropped: 0,
        }
    }

    /// The id that the next exchange will have.
    pub fn next_id(&self) -> u64 {
        self.next
    }

    /// Adds an exchange; `path` is free of secrets.
    pub fn record(
        &mut self,
        at: Millis,
        request: &Request,
        path: String,
        note: Note,
        reply: &Reply,
        took: Duration,
    ) {
        self.entries.push_back(Entry {
            id: self.next,
            at,
            method: request.method.clone(),
            path,
            headers: copied(&request.headers),
            status: reply.status,
            took,
            note,
        });
        self.next += 1;
        if self.entries.len() > self.limit {
            self.entries.pop_front();
            self.dropped += 1;
        }
    }

    /// Forgets the exchanges of one merchant.
    pub fn forget(&mut self, client_id: &str) {
        self.entries
            .retain(|entry| entry.note.client_id.as_deref() != Some(client_id));
    }

    /// The exchanges that a filter lets through, without secrets, and how many were dropped.
    pub fn list(&self, filter: &Filter, redactor: &Redactor) -> Value {
        let shown = self.entries.iter().filter(|entry| filter.lets(entry));
        json!({"requests": shown.map(|entry| entry.show(redactor)).collect::<Vec<_>>(), "dropped": self.dropped})
    }
}

impl Entry {
    fn show(&self, redactor: &Redactor) -> Value {
        let at = Timestamp::from_millisecond(self.at).unwrap_or(Timestamp::MIN);
        let headers: Map<String, Value> = String::from_utf8_lossy(&self.headers)
            .lines()
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| {
                let value = if HIDDEN_HEADERS.contains(&name) {
                    HIDDEN.into()
                } else {
                    redactor.text(value)
                };
                (name.to_owned(), value.into())
            })
            .collect();
        let params: Option<Map<String, Value>> = self
            .note
            .params
            .as_ref()
            .map(|params| hidden(params.to_object(), redactor));
        let violation = |(clause, param, msg): &(&str, Option<String>, Option<Msg>)| json!({"clause": clause, "param": param, "msg": msg});
        json!({
            "id": self.id,
            "at": at.to_string(),
            "client_id": self.note.client_id.as_deref(),
            "endpoint": self.note.endpoint,
            "method": self.method.as_str(),
            "path": self.path,
            "headers": headers,
            "params": params,
            "status": self.status,
            "duration_us": u64::try_from(self.took.as_micros()).unwrap_or(u64::MAX),
            "order_id": self.note.order_id,
            "violations": self.note.violations.iter().map(violation).collect::<Vec<_>>(),
            "fault": self.note.fault,
        })
    }
}

/// Parameters without secrets; those of payment-availability have any names and any depth.
fn hidden(params: Map<String, Value>, redactor: &Redactor) -> Map<String, Value> {
    let member = |(name, value): (String, Value)| {
        let shown = if SECRET.contains(&name.as_str()) {
            HIDDEN.into()
        } else {
            hidden_in(value, redactor)
        };
        (redactor.text(&name).into_owned(), shown)
    };
    params.into_iter().map(member).collect()
}

fn hidden_in(value: Value, redactor: &Redactor) -> Value {
    match value {
        Value::String(text) => redactor.text(&text).into(),
        Value::Object(members) => Value::Object(hidden(members, redactor)),
        Value::Array(items) => items
            .into_iter()
            .map(|item| hidden_in(item, redactor))
            .collect(),
        other => other,
    }
}

/// The headers as lines.
fn copied(headers: &HeaderMap) -> Vec<u8> {
    let length = |(name, value): (&HeaderName, &HeaderValue)| name.as_str().len() + value.len() + 3;
    let mut lines = Vec::with_capacity(headers.iter().map(length).sum());
    for (name, value) in headers {
        for part in [name.as_str().as_bytes(), b": ", value.as_bytes(), b"\n"] {
            lines.extend_from_slice(part);
        }
    }
    lines
}

/// Which exchanges to list.
#[derive(Debug, Default)]
pub struct Filter {
    client_id: Option<String>,
    endpoint: Option<String>,
    status: Option<u16>,
    order_id: Option<u64>,
    after: Option<u64>,
}

impl Filter {
    /// Reads a query string's pairs; the error names what is not understood.
    pub fn parse(query: &Form) -> Result<Self, String> {
        let mut filter = Self::default();
        for (name, value) in query.pairs() {
            let number = || {
                value
                    .parse::<u64>()
                    .map_err(|_| format!("{name}: `{value}` is no number"))
            };
            match name {
                "client_id" => filter.client_id = Some(value.to_string()),
                "endpoint" if Endpoint::from_id(value).is_some() => {
                    filter.endpoint = Some(value.to_string());
                }
                "endpoint" => {
                    let ids: Vec<&str> = Endpoint::ALL.iter().map(|e| e.id()).collect();
                    return Err(format!(
                        "endpoint: no `{value}`; there are {}",
                        ids.join(", ")
                    ));
                }
                "status" => {
                    let status = u16::try_from(number()?);
                    let wrong = |_| format!("status: `{value}` is no HTTP status");
                    filter.status = Some(status.map_err(wrong)?);
                }
                "order_id" => filter.order_id = Some(number()?),
                "after" => filter.after = Some(number()?),
                _ => {
                    return Err(format!(
                        "{name}: unknown; filters are client_id, endpoint, status, order_id, after"
                    ));
                }
            }
        }
        Ok(filter)
    }

    fn lets(&self, entry: &Entry) -> bool {
        let note = &entry.note;
        self.client_id
            .as_deref()
            .is_none_or(|id| note.client_id.as_deref() == Some(id))
            && self
                .endpoint
                .as_ref()
                .is_none_or(|id| note.endpoint.map(Endpoint::id) == Some(id))
            && self.status.is_none_or(|status| entry.status == status)
            && self.order_id.is_none_or(|id| note.order_id == Some(id))
            && self.after.is_none_or(|after| entry.id > after)
    }
}
