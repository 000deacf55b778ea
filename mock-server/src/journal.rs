//! What came in and what was answered, in order, for tests and for people.

mod entry;
mod filter;
mod row;

pub use entry::{Entry, header_pairs};
pub use filter::{FILTERS, Filter, places};
pub use row::{Broken, Exchange, Row, Why};

use crate::clock::Millis;
use crate::fault::{Strike, Ticket};
use crate::place::Place;
use crate::reply::Reply;
use crate::request::Request;
use flexiti_contract::{Endpoint, Kept, Msg};
use rustc_hash::FxHashMap;
use serde_json::{Map, Value};
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

/// What the handlers found out about a request.
#[derive(Debug, Default)]
pub struct Note {
    /// The endpoint.
    pub endpoint: Option<Endpoint>,
    /// The mock itself requested a callback.
    pub callback: bool,
    /// Why the shop did not answer that.
    pub error: Option<Box<str>>,
    /// The merchant.
    pub client_id: Option<Arc<str>>,
    /// The merchant's time.
    pub clock: Option<Millis>,
    /// The parameters as read.
    pub params: Option<Sent>,
    /// The order it opened.
    pub order_id: Option<u64>,
    /// The fault that struck it.
    pub fault: Option<String>,
    /// For that fault's account.
    pub ticket: Option<Ticket>,
    /// Why it was refused: clause, parameter, word.
    pub violations: Vec<(&'static str, Option<String>, Option<Msg>)>,
}

impl Note {
    /// What the exchange is about; none for other paths.
    pub fn place(&self) -> Option<Place> {
        match self.endpoint {
            _ if self.callback => Some(Place::Callback),
            endpoint => endpoint.map(Place::Api),
        }
    }

    /// Notes the fault that struck the request.
    pub fn strike(&mut self, strike: &Strike) {
        self.fault = Some(strike.action.word());
        self.ticket = Some(strike.ticket.clone());
    }

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
    /// Exchanges of a merchant.
    pub count: usize,
    /// Bytes, of all exchanges together.
    pub bytes: usize,
}

/// The latest exchanges, those of each merchant apart; older ones are dropped, and counted.
///
/// Merchants share the bytes, and whoever has taken most of them gives up its oldest: a busy
/// merchant drops no exchange of a quiet one.
#[derive(Debug)]
pub struct Journal {
    /// By client id; those that concern no merchant are under none.
    shelves: FxHashMap<Option<Arc<str>>, Shelf>,
    limits: Limits,
    /// How large the entries are together.
    bytes: usize,
    next: u64,
}

#[derive(Debug, Default)]
struct Shelf {
    entries: VecDeque<Entry>,
    bytes: usize,
    dropped: u64,
    /// The latest that was dropped.
    dropped_to: u64,
}

impl Shelf {
    /// Drops the oldest; gives how large it was.
    fn drop_oldest(&mut self) -> usize {
        let Some(oldest) = self.entries.pop_front() else {
            return 0;
        };
        let size = oldest.size();
        self.bytes -= size;
        self.dropped += 1;
        self.dropped_to = oldest.id;
        size
    }
}

impl Journal {
    /// An empty journal.
    pub fn new(limits: Limits) -> Self {
        Self {
            shelves: FxHashMap::default(),
            limits,
            bytes: 0,
            next: 1,
        }
    }

    /// The id that the next exchange will have.
    pub fn next_id(&self) -> u64 {
        self.next
    }

    /// Adds an exchange; gives its id.
    pub fn record(
        &mut self,
        at: Millis,
        request: &Request,
        note: Note,
        reply: &Reply,
        took: Duration,
    ) -> u64 {
        let owner = note.client_id.clone();
        let id = self.next;
        let entry = Entry::new(id, at, request, note, reply, took);
        self.next += 1;
        let size = entry.size();
        self.bytes += size;
        let own = self.shelves.entry(owner).or_default();
        own.bytes += size;
        own.entries.push_back(entry);
        while own.entries.len() > self.limits.count {
            self.bytes -= own.drop_oldest();
        }
        while self.bytes > self.limits.bytes {
            let largest = self.shelves.values_mut().max_by_key(|shelf| shelf.bytes);
            match largest.filter(|largest| !largest.entries.is_empty()) {
                Some(largest) => self.bytes -= largest.drop_oldest(),
                None => break,
            }
        }
        id
    }

    /// Forgets the exchanges of one merchant; what is left of them may be dropped at any time.
    pub fn forget(&mut self, client_id: &str) -> impl Send + use<> {
        let gone = self.shelves.remove(&Some(client_id.into()));
        self.bytes -= gone.as_ref().map_or(0, |gone| gone.bytes);
        gone
    }

    /// The exchanges of one merchant, in order; everybody's if none is named.
    pub fn entries(&self, client_id: Option<&str>) -> Vec<&Entry> {
        if let Some(id) = client_id {
            let own = self.shelves.get(&Some(id.into()));
            return own.map_or(Vec::new(), |own| own.entries.iter().collect());
        }
        let entries = self.shelves.values().flat_map(|shelf| &shelf.entries);
        let mut entries: Vec<&Entry> = entries.collect();
        entries.sort_unstable_by_key(|entry| entry.id);
        entries
    }

    /// The exchanges after the one with the id `after`, in order.
    pub fn since(&self, client_id: Option<&str>, after: u64) -> Vec<&Entry> {
        let is_theirs =
            |owner: &Option<Arc<str>>| client_id.is_none_or(|id| owner.as_deref() == Some(id));
        let shelves = self.shelves.iter().filter(|(owner, _)| is_theirs(owner));
        let newer = shelves.flat_map(|(_, shelf)| {
            let newest_first = shelf.entries.iter().rev();
            newest_first.take_while(|entry| entry.id > after)
        });
        let mut entries: Vec<&Entry> = newer.collect();
        entries.sort_unstable_by_key(|entry| entry.id);
        entries
    }

    /// The exchange with this id.
    pub fn get(&self, id: u64) -> Option<&Entry> {
        self.shelves.values().find_map(|shelf| {
            let at = shelf.entries.binary_search_by_key(&id, |entry| entry.id);
            shelf.entries.get(at.ok()?)
        })
    }

    /// How many exchanges of one merchant were dropped; everybody's if none is named.
    pub fn dropped(&self, client_id: Option<&str>) -> u64 {
        match client_id {
            Some(id) => self.shelves.get(&Some(id.into())).map_or(0, |s| s.dropped),
            None => self.shelves.values().map(|shelf| shelf.dropped).sum(),
        }
    }

    /// The id of the latest exchange that was dropped; 0 if none was.
    pub fn dropped_to(&self, client_id: Option<&str>) -> u64 {
        let newest = |shelf: &Shelf| shelf.dropped_to;
        if let Some(id) = client_id {
            self.shelves.get(&Some(id.into())).map_or(0, newest)
        } else {
            self.shelves.values().map(newest).max().unwrap_or(0)
        }
    }

    /// How many exchanges there are, and how large they are together.
    pub fn size(&self) -> (usize, usize) {
        let counts = self.shelves.values().map(|shelf| shelf.entries.len());
        (counts.sum(), self.bytes)
    }

    /// The exchanges that a filter lets through, in order.
    pub fn find(&self, filter: &Filter) -> Vec<&Entry> {
        filter.choose(self.entries(filter.client_id()).into_iter())
    }
}
