//! The stored journal: its changes, and how it is restored.

use crate::journal::entry::Entry;
use crate::journal::merchant_logs::Journal;
use crate::journal::merchant_logs::MerchantLog;
use crate::journal::tracked::{Drops, JournalChanges, Owner, Tracked};
use std::sync::Arc;

impl Journal {
    /// Starts to track changes. If `is_new`, the journal replaces everything stored; otherwise its
    /// exchanges are already stored, and those that it has dropped have yet to be removed.
    pub fn track(&mut self, is_new: bool) {
        self.tracked = Some(if is_new {
            let dropped = self.logs.iter().filter(|(_, held)| held.dropped > 0);
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

    /// The changes since the last call.
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
            let own = self.logs.get(&owner);
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

    /// Adds a stored exchange, in the order of ids.
    pub fn restore(&mut self, entry: Entry) {
        let owner = &entry.note.client_id;
        if self
            .logs
            .get(owner)
            .is_some_and(|own| entry.id <= own.dropped_to)
        {
            // It is already counted as dropped; only its row was left.
            if let Some(tracked) = &mut self.tracked {
                tracked.gone.push(entry.id);
            }
            self.next = self.next.max(entry.id + 1);
            return;
        }
        self.hold(entry);
    }

    /// Forgets all exchanges and restarts their ids, as another server has.
    pub fn clear(&mut self) {
        *self = Self::new(self.limits);
        self.track(false);
    }

    /// Removes an exchange, as another server has.
    pub fn take_away(&mut self, id: u64) {
        let Some(gone) = self.entries.remove(&id) else {
            return;
        };
        let owner = &gone.note.client_id;
        if let Some(log) = self.logs.get_mut(owner)
            && let Ok(at) = log.entries.binary_search_by_key(&id, |entry| entry.id)
        {
            let size = gone.size();
            log.entries.remove(at);
            self.sizes.change(log, owner, log.bytes - size);
            self.bytes -= size;
        }
    }

    /// Takes over another server's total of dropped exchanges of an owner; `None` if the owner was
    /// forgotten.
    pub fn take_over_drops(&mut self, owner: &Owner, drops: Option<Drops>) {
        if let Some(log) = self.logs.get_mut(owner) {
            self.dropped -= log.dropped;
            log.dropped = 0;
            if drops.is_none() && log.entries.is_empty() {
                self.sizes.remove(log);
                self.logs.remove(owner);
            }
        }
        self.restore_drops(drops.map(|drops| (owner.clone(), drops)));
    }

    /// Makes the next id at least `next`.
    pub fn restore_next(&mut self, next: u64) {
        self.next = self.next.max(next);
    }

    /// Restores how many exchanges were dropped before those that are left.
    pub fn restore_drops(&mut self, drops: impl IntoIterator<Item = (Owner, Drops)>) {
        for (owner, drops) in drops {
            let own = self.logs.entry(owner.clone()).or_insert_with(|| {
                self.next_log += 1;
                let empty = MerchantLog::new(self.next_log);
                self.sizes.add(&empty, owner);
                empty
            });
            own.dropped += drops.count;
            own.dropped_to = own.dropped_to.max(drops.to);
            self.dropped += drops.count;
            self.dropped_to = self.dropped_to.max(drops.to);
        }
        self.next = self.next.max(self.dropped_to + 1);
    }
}
