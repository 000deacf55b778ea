//! What came in and what was answered, in order, for tests and for people.

mod criterion;
mod curl;
mod entry;
mod expectation;
mod filter;
pub mod har;
mod note;
mod verify;
mod view;

pub use entry::{Entry, header_pairs};
pub use expectation::{Expected, Match, Named, Range, Times};
pub use filter::{FILTERS, Filter};
pub use note::{JournaledParameters, Note, Reason};
pub use verify::{Failure, NearMiss, verify};
pub use view::{Broken, ExchangeSummary, ExchangeView, Why};

use crate::clock::Millis;
use crate::http::reply::Reply;
use crate::http::request::Request;
use rustc_hash::FxHashMap;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

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
        reply: Option<&Reply>,
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
