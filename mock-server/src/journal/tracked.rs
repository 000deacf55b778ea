//! Changes of a journal, for its store.

use crate::journal::entry::Entry;
use rustc_hash::FxHashSet;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The merchant of an exchange; `None` if it concerns no merchant.
pub(super) type Owner = Option<Arc<str>>;

/// The changes since a journal was last stored.
#[derive(Debug, Default)]
pub(super) struct Tracked {
    pub(super) is_void: bool,
    /// The first exchange that has not been stored.
    pub(super) from: u64,
    pub(super) gone: Vec<u64>,
    /// The owners of dropped exchanges.
    pub(super) owners: FxHashSet<Owner>,
}

impl Tracked {
    pub(super) fn dropped(&mut self, owner: &Owner, id: u64) {
        self.gone.push(id);
        if !self.owners.contains(owner) {
            self.owners.insert(owner.clone());
        }
    }

    pub(super) fn forgotten(&mut self, client_id: &str, ids: impl Iterator<Item = u64>) {
        self.gone.extend(ids);
        self.owners.insert(Some(client_id.into()));
    }
}

/// The changes of a journal.
#[derive(Debug)]
pub struct JournalChanges {
    /// Everything stored before is void.
    pub is_void: bool,
    /// The ids of removed exchanges.
    pub gone: Vec<u64>,
    /// New exchanges.
    pub new: Vec<Arc<Entry>>,
    /// The totals of dropped exchanges by client id; `None` if the merchant was forgotten.
    pub drops: Vec<(Option<Arc<str>>, Option<Drops>)>,
}

/// How many of a merchant's exchanges were dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Drops {
    /// The number of exchanges.
    pub count: u64,
    /// The id of the latest of them.
    pub to: u64,
}
