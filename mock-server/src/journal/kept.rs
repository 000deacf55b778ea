//! The journal as it is kept: what has changed in it, and its exchanges as rows.

use crate::clock::Millis;
use crate::journal::entry::Entry;
use crate::journal::note::{JournaledParameters, Note, Passed, Reason};
use crate::journal::shelves::{Journal, Shelf};
use crate::journal::tracked::{Drops, JournalChanges, Owner, Tracked};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flexiti_contract::{Contract, Endpoint, Msg, StoredParameters};
use hyper::Method;
use hyper::header::{HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::sync::Arc;
use std::time::Duration;

impl Journal {
    /// Notes from now on what changes. Where `is_new`, it takes the place of all that was kept; if
    /// not, its exchanges have been kept, and what it has dropped of them is still to be.
    pub fn track(&mut self, is_new: bool) {
        self.tracked = Some(if is_new {
            let dropped = self.shelves.iter().filter(|(_, held)| held.dropped > 0);
            Tracked {
                is_void: true,
                from: 0,
                gone: Vec::new(),
                owners: dropped.map(|(owner, _)| owner.clone()).collect(),
            }
        } else {
            Tracked {
                from: self.next,
                ..self.tracked.take().unwrap_or_default()
            }
        });
    }

    /// What has changed since this was last asked for.
    pub fn take_changes(&mut self) -> JournalChanges {
        let new = Tracked {
            from: self.next,
            ..Tracked::default()
        };
        let Some(tracked) = self.tracked.as_mut() else {
            return JournalChanges {
                is_void: false,
                gone: Vec::new(),
                new: Vec::new(),
                drops: Vec::new(),
            };
        };
        let tracked = std::mem::replace(tracked, new);
        let drops = tracked.owners.into_iter().map(|owner| {
            let own = self.shelves.get(&owner);
            let drops = own.filter(|own| own.dropped > 0).map(|own| Drops {
                count: own.dropped,
                to: own.dropped_to,
            });
            (owner, drops)
        });
        JournalChanges {
            is_void: tracked.is_void,
            gone: tracked.gone,
            drops: drops.collect(),
            new: self
                .entries
                .range(tracked.from..)
                .map(|(_, entry)| Arc::clone(entry))
                .collect(),
        }
    }

    /// Adds an exchange that was kept, later ones after earlier ones.
    pub fn restore(&mut self, entry: Entry) {
        let owner = &entry.note.client_id;
        if self
            .shelves
            .get(owner)
            .is_some_and(|own| entry.id <= own.dropped_to)
        {
            // It is counted already, and only its row was left.
            if let Some(tracked) = &mut self.tracked {
                tracked.gone.push(entry.id);
            }
            self.next = self.next.max(entry.id + 1);
            return;
        }
        self.hold(entry);
    }

    /// Forgets all exchanges, and begins to count anew, as another server has.
    pub fn clear(&mut self) {
        *self = Self::new(self.limits);
        self.track(false);
    }

    /// Forgets an exchange, as another server has.
    pub fn take_away(&mut self, id: u64) {
        let Some(gone) = self.entries.remove(&id) else {
            return;
        };
        let owner = &gone.note.client_id;
        if let Some(shelf) = self.shelves.get_mut(owner)
            && let Ok(at) = shelf.entries.binary_search_by_key(&id, |entry| entry.id)
        {
            let size = gone.size();
            shelf.entries.remove(at);
            self.sizes.remove(&(shelf.bytes, shelf.number));
            shelf.bytes -= size;
            self.sizes
                .insert((shelf.bytes, shelf.number), owner.clone());
            self.bytes -= size;
        }
    }

    /// Takes over how much another server has dropped of an owner's exchanges in all; nothing of
    /// one that is forgotten.
    pub fn take_over_drops(&mut self, owner: &Owner, drops: Option<Drops>) {
        if let Some(shelf) = self.shelves.get_mut(owner) {
            self.dropped -= shelf.dropped;
            shelf.dropped = 0;
            if drops.is_none() && shelf.entries.is_empty() {
                self.sizes.remove(&(shelf.bytes, shelf.number));
                self.shelves.remove(owner);
            }
        }
        self.restore_drops(drops.map(|drops| (owner.clone(), drops)));
    }

    /// The id of the next exchange is at least this one.
    pub fn restore_next(&mut self, next: u64) {
        self.next = self.next.max(next);
    }

    /// Says how much was dropped before: ahead of the exchanges that are left.
    pub fn restore_drops(&mut self, drops: impl IntoIterator<Item = (Owner, Drops)>) {
        for (owner, drops) in drops {
            let own = self.shelves.entry(owner.clone()).or_insert_with(|| {
                self.next_shelf += 1;
                self.sizes.insert((0, self.next_shelf), owner);
                Shelf::new(self.next_shelf)
            });
            own.dropped += drops.count;
            own.dropped_to = own.dropped_to.max(drops.to);
            self.dropped += drops.count;
            self.dropped_to = self.dropped_to.max(drops.to);
        }
        self.next = self.next.max(self.dropped_to + 1);
    }
}

/// An exchange as it is kept; nothing is hidden in it.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExchangeRow {
    at: Millis,
    method: String,
    status: u16,
    micros: u64,
    note: NoteRow,
    reply_headers: Vec<(String, Bytes)>,
    reply_type: String,
    reply_length: usize,
    path: Bytes,
    query: Option<Bytes>,
    headers: Bytes,
    body: Option<Bytes>,
    reply: Bytes,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct NoteRow {
    endpoint: Option<Endpoint>,
    callback: bool,
    error: Option<Box<str>>,
    client_id: Option<Arc<str>>,
    clock: Option<Millis>,
    params: Option<ParamsRow>,
    order_id: Option<u64>,
    fault: Option<String>,
    violations: Vec<ReasonRow>,
    upstream: Option<Box<Passed>>,
    hides_answer: bool,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ParamsRow {
    /// Those that the contract names.
    Named(Map<String, Value>),
    /// Any.
    Any(String),
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ReasonRow {
    clause: String,
    param: Option<String>,
    msg: Option<Msg>,
    remedy: String,
}

/// Bytes, readable where they are UTF-8.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum Bytes {
    Text(String),
    Base64 { base64: String },
}

impl From<&[u8]> for Bytes {
    fn from(bytes: &[u8]) -> Self {
        match std::str::from_utf8(bytes) {
            Ok(text) => Self::Text(text.to_owned()),
            Err(_) => Self::Base64 {
                base64: STANDARD.encode(bytes),
            },
        }
    }
}

impl Bytes {
    fn read(self) -> Result<Vec<u8>, String> {
        match self {
            Self::Text(text) => Ok(text.into_bytes()),
            Self::Base64 { base64 } => STANDARD.decode(base64).map_err(|e| e.to_string()),
        }
    }
}

impl Entry {
    /// The exchange as it is kept.
    pub fn row(&self) -> ExchangeRow {
        let after_path = self.query.unwrap_or(self.path);
        let headers = self.reply_headers.iter();
        let headers = headers.map(|(name, value)| (name.to_string(), value.as_bytes().into()));
        ExchangeRow {
            at: self.at,
            method: self.method.to_string(),
            status: self.status,
            micros: u64::try_from(self.took.as_micros()).unwrap_or(u64::MAX),
            note: NoteRow::new(&self.note),
            reply_headers: headers.collect(),
            reply_type: self.reply_type.to_string(),
            reply_length: self.reply_length,
            path: self.copied[..self.path].into(),
            query: self.query.map(|end| self.copied[self.path..end].into()),
            headers: self.copied[after_path..self.head].into(),
            body: self.body().map(Bytes::from),
            reply: self.reply_body().into(),
        }
    }
}

impl NoteRow {
    fn new(note: &Note) -> Self {
        let params = note.params.as_ref().map(|params| match params {
            JournaledParameters::Named(_) => ParamsRow::Named(params.to_object()),
            JournaledParameters::Any(text) => ParamsRow::Any(text.clone()),
        });
        let reason = |reason: &Reason| ReasonRow {
            clause: reason.clause.to_owned(),
            param: reason.param.clone(),
            msg: reason.msg,
            remedy: reason.remedy.to_string(),
        };
        Self {
            endpoint: note.endpoint,
            callback: note.callback,
            error: note.error.clone(),
            client_id: note.client_id.clone(),
            clock: note.clock,
            params,
            order_id: note.order_id,
            fault: note.fault.clone(),
            violations: note.violations.iter().map(reason).collect(),
            upstream: note.upstream.clone(),
            hides_answer: note.hides_answer,
        }
    }

    fn read(self, contract: &'static Contract) -> Result<Note, String> {
        let params = match (self.params, self.endpoint) {
            (Some(ParamsRow::Named(all)), Some(endpoint)) => {
                let stored = StoredParameters::restored(contract.params(endpoint), &all)?;
                Some(JournaledParameters::Named(stored))
            }
            (Some(ParamsRow::Named(all)), None) => {
                Some(JournaledParameters::Any(Value::Object(all).to_string()))
            }
            (Some(ParamsRow::Any(text)), _) => Some(JournaledParameters::Any(text)),
            (None, _) => None,
        };
        let reason = |row: ReasonRow| {
            let clause = contract.clause(&row.clause);
            let clause = clause.ok_or_else(|| format!("no clause `{}`", row.clause))?;
            Ok(Reason {
                clause: &clause.id,
                param: row.param,
                msg: row.msg,
                remedy: row.remedy.into(),
            })
        };
        Ok(Note {
            endpoint: self.endpoint,
            callback: self.callback,
            error: self.error,
            client_id: self.client_id,
            clock: self.clock,
            params,
            order_id: self.order_id,
            fault: self.fault,
            ticket: None,
            upstream: self.upstream,
            hides_answer: self.hides_answer,
            violations: self
                .violations
                .into_iter()
                .map(reason)
                .collect::<Result<_, String>>()?,
        })
    }
}

impl ExchangeRow {
    /// The exchange with this id; the error says what in it cannot be read.
    pub fn read(self, id: u64, contract: &'static Contract) -> Result<Entry, String> {
        let mut copied = self.path.read()?;
        let path = copied.len();
        let mut query = None;
        if let Some(text) = self.query {
            copied.extend(text.read()?);
            query = Some(copied.len());
        }
        copied.extend(self.headers.read()?);
        let head = copied.len();
        let has_body = self.body.is_some();
        if let Some(sent) = self.body {
            copied.extend(sent.read()?);
        }
        let body = copied.len();
        copied.extend(self.reply.read()?);
        let header = |(name, value): (String, Bytes)| {
            let name = HeaderName::try_from(name).map_err(|error| error.to_string())?;
            let value = HeaderValue::try_from(value.read()?).map_err(|error| error.to_string())?;
            Ok((name, value))
        };
        Ok(Entry {
            id,
            at: self.at,
            method: Method::try_from(&*self.method).map_err(|error| error.to_string())?,
            status: self.status,
            took: Duration::from_micros(self.micros),
            note: self.note.read(contract)?,
            reply_headers: self
                .reply_headers
                .into_iter()
                .map(header)
                .collect::<Result<_, String>>()?,
            reply_type: self.reply_type.into(),
            reply_length: self.reply_length,
            copied: copied.into(),
            path,
            query,
            head,
            body,
            has_body,
        })
    }
}
