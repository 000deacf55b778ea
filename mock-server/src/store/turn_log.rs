//! The writes of one turn, as the log of a shared store contains them.

use crate::store::record::{Key, Table, Write};
use serde::{Deserialize, Serialize};

/// An entry of the log.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Turn {
    writes: Vec<Logged>,
    /// Changes to report to watchers.
    pub events: Vec<serde_json::Value>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Logged {
    Put(Table, Key, String),
    Remove(Table, Key),
    RemoveAllOf(Table, String),
    Clear(Table),
}

impl Turn {
    /// The log entry for the writes of a turn.
    pub fn new(writes: &[Write], events: Vec<serde_json::Value>) -> Self {
        let logged = |write: &Write| match write.clone() {
            Write::Put(table, key, value) => {
                Logged::Put(table, key, String::from_utf8(value).unwrap_or_default())
            }
            Write::Remove(table, key) => Logged::Remove(table, key),
            Write::RemoveAllOf(table, of) => Logged::RemoveAllOf(table, of),
            Write::Clear(table) => Logged::Clear(table),
        };
        Self {
            writes: writes.iter().map(logged).collect(),
            events,
        }
    }

    /// The writes of another server.
    pub fn writes(&mut self) -> Vec<Write> {
        let write = |logged: Logged| match logged {
            Logged::Put(table, key, value) => Write::Put(table, key, value.into_bytes()),
            Logged::Remove(table, key) => Write::Remove(table, key),
            Logged::RemoveAllOf(table, of) => Write::RemoveAllOf(table, of),
            Logged::Clear(table) => Write::Clear(table),
        };
        std::mem::take(&mut self.writes)
            .into_iter()
            .map(write)
            .collect()
    }
}
