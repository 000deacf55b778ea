//! What came in and what was answered, in order, for tests and for people.

mod entry;
mod filter;

pub use entry::Entry;
pub use filter::{Filter, endpoints};

use crate::clock::Millis;
use crate::redact::Redactor;
use crate::reply::Reply;
use crate::request::Request;
use flexiti_contract::{Endpoint, Kept, Msg};
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

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
    /// As a JSON object.
    pub fn to_object(&self) -> Map<String, Value> {
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

/// How much a journal holds before it drops the oldest.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Exchanges.
    pub count: usize,
    /// Bytes, of all exchanges together.
    pub bytes: usize,
}

/// The latest exchanges; older ones are dropped, and counted.
#[derive(Debug)]
pub struct Journal {
    entries: VecDeque<Entry>,
    limits: Limits,
    /// How large the entries are together.
    bytes: usize,
    next: u64,
    dropped: u64,
}

impl Journal {
    /// An empty journal.
    pub fn new(limits: Limits) -> Self {
        Self {
            entries: VecDeque::new(),
            limits,
            bytes: 0,
            next: 1,
            dropped: 0,
        }
    }

    /// The id that the next exchange will have.
    pub fn next_id(&self) -> u64 {
        self.next
    }

    /// Adds an exchange.
    pub fn record(
        &mut self,
        at: Millis,
        request: &Request,
        note: Note,
        reply: &Reply,
        took: Duration,
    ) {
        let entry = Entry::new(self.next, at, request, note, reply, took);
        self.next += 1;
        self.bytes += entry.size();
        self.entries.push_back(entry);
        while self.entries.len() > self.limits.count || self.bytes > self.limits.bytes {
            let Some(oldest) = self.entries.pop_front() else {
                break;
            };
            self.bytes -= oldest.size();
            self.dropped += 1;
        }
    }

    /// Forgets the exchanges of one merchant.
    pub fn forget(&mut self, client_id: &str) {
        self.entries
            .retain(|entry| entry.note.client_id.as_deref() != Some(client_id));
        self.bytes = self.entries.iter().map(Entry::size).sum();
    }

    /// The exchanges, in order.
    pub fn entries(&self) -> impl DoubleEndedIterator<Item = &Entry> {
        self.entries.iter()
    }

    /// The exchanges that a filter lets through, in order.
    pub fn find(&self, filter: &Filter) -> Vec<&Entry> {
        filter.choose(self.entries())
    }

    /// The same as rows without secrets, and how many exchanges were dropped.
    pub fn list(&self, filter: &Filter, redactor: &Redactor) -> Value {
        let shown = self.find(filter).into_iter();
        json!({"requests": shown.map(|entry| entry.show(redactor)).collect::<Vec<_>>(), "dropped": self.dropped})
    }
}

impl Entry {
    fn show(&self, redactor: &Redactor) -> Value {
        let at = Timestamp::from_millisecond(self.at).unwrap_or(Timestamp::MIN);
        let mut headers = Map::new();
        for (name, value) in self.headers() {
            let shown = redactor.header(&name, &value);
            // One that stands several times is a list, as HTTP has it.
            match headers.entry(redactor.text(&name)) {
                serde_json::map::Entry::Vacant(place) => {
                    place.insert(shown.into());
                }
                serde_json::map::Entry::Occupied(mut place) => {
                    let before = place.get().as_str().unwrap_or_default();
                    let both = format!("{before}, {shown}");
                    place.insert(both.into());
                }
            }
        }
        let params = self.note.params.as_ref();
        let params = params.map(|params| redactor.members(params.to_object()));
        let violation = |(clause, param, msg): &(&str, Option<String>, Option<Msg>)| {
            let param = param.as_ref().map(|param| redactor.text(param));
            json!({"clause": clause, "param": param, "msg": msg})
        };
        json!({
            "id": self.id,
            "at": at.to_string(),
            "client_id": self.note.client_id.as_deref(),
            "endpoint": self.note.endpoint,
            "method": redactor.text(self.method.as_str()),
            "path": redactor.text(&self.path()),
            "headers": headers,
            "params": params,
            "body": self.body().map(|body| redactor.body(body)),
            "status": self.status,
            "duration_us": u64::try_from(self.took.as_micros()).unwrap_or(u64::MAX),
            "order_id": self.note.order_id,
            "violations": self.note.violations.iter().map(violation).collect::<Vec<_>>(),
            "fault": self.note.fault,
        })
    }
}
