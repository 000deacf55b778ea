//! What has changed in a journal, for whoever keeps it.

use crate::journal::entry::Entry;
use rustc_hash::FxHashSet;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Whose an exchange is; nobody's if it concerns no merchant.
pub(super) type Owner = Option<Arc<str>>;

/// What has changed since a journal was last kept.
#[derive(Debug, Default)]
pub(super) struct Tracked {
    pub(super) is_void: bool,
    /// The first exchange that has not been kept.
    pub(super) from: u64,
    pub(super) gone: Vec<u64>,
    /// Whose exchanges were dropped.
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

/// What has changed in a journal.
#[derive(Debug)]
pub struct JournalChanges {
    /// All that was kept is void.
    pub is_void: bool,
    /// The ids of exchanges that it does not hold any more.
    pub gone: Vec<u64>,
    /// New exchanges.
    pub new: Vec<Arc<Entry>>,
    /// What was dropped of a merchant's exchanges in all, by its client id; nothing of one that is
    /// forgotten.
    pub drops: Vec<(Option<Arc<str>>, Option<Drops>)>,
}

/// How much was dropped of a merchant's exchanges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Drops {
    /// How many exchanges.
    pub count: u64,
    /// The id of the latest of them.
    pub to: u64,
}
