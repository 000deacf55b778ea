//! What a server has written in one turn, as the log of a shared store has it.

use crate::store::record::{Key, Table, Write};
use serde::{Deserialize, Serialize};

/// What one turn has written, as the log has it.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Turn {
    writes: Vec<Logged>,
    /// What watchers are to be told.
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
    /// What is written in a turn.
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

    /// What another server has written.
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
