//! The exchanges of the journal, with a log for each merchant.

use crate::journal::entry::Entry;
use crate::journal::tracked::{Owner, Tracked};
use rustc_hash::FxHashMap;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// The size at which a journal drops its oldest exchanges.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Exchanges per merchant.
    pub count: usize,
    /// Bytes, for all exchanges together.
    pub bytes: usize,
}

/// The latest exchanges, separately for each merchant; older ones are dropped and counted.
///
/// Merchants share the bytes, and the one that uses most drops its oldest exchange, so that a busy
/// merchant does not push out a quiet one's. Entries are shared: a reader copies the pointers and
/// unlocks the journal before rendering.
#[derive(Debug)]
pub struct Journal {
    /// By client id; `None` holds exchanges that concern no merchant.
    pub(super) logs: FxHashMap<Owner, MerchantLog>,
    /// All entries by id.
    pub(super) entries: BTreeMap<u64, Arc<Entry>>,
    /// The logs by size class, largest last; the number distinguishes those of one class.
    pub(super) sizes: Sizes,
    pub(super) limits: Limits,
    /// The total size of the entries, in bytes.
    pub(super) bytes: usize,
    pub(super) next: u64,
    pub(super) next_log: u64,
    pub(super) dropped: u64,
    pub(super) dropped_to: u64,
    /// The changes since the journal was last stored; `None` if they are not tracked.
    pub(super) tracked: Option<Tracked>,
}

#[derive(Debug)]
pub(super) struct MerchantLog {
    pub(super) number: u64,
    pub(super) entries: VecDeque<Arc<Entry>>,
    pub(super) bytes: usize,
    pub(super) dropped: u64,
    /// The id of the latest dropped exchange.
    pub(super) dropped_to: u64,
}

/// The logs by size, in classes of powers of two. A log rarely changes its class, and any
/// log in the largest class is good enough as the largest.
#[derive(Debug, Default)]
pub(super) struct Sizes(BTreeMap<(u32, u64), Owner>);

impl Sizes {
    fn class(bytes: usize) -> u32 {
        usize::BITS - bytes.leading_zeros()
    }

    /// Adds an empty log.
    pub(super) fn add(&mut self, one: &MerchantLog, owner: Owner) {
        self.0.insert((Self::class(one.bytes), one.number), owner);
    }

    /// Changes the size of a log.
    pub(super) fn change(&mut self, one: &mut MerchantLog, owner: &Owner, bytes: usize) {
        let (before, after) = (Self::class(one.bytes), Self::class(bytes));
        one.bytes = bytes;
        if before != after {
            let named = self.0.remove(&(before, one.number));
            let named = named.unwrap_or_else(|| owner.clone());
            self.0.insert((after, one.number), named);
        }
    }

    /// Removes a log.
    pub(super) fn remove(&mut self, one: &MerchantLog) {
        self.0.remove(&(Self::class(one.bytes), one.number));
    }

    /// The owner of a log in the largest class.
    fn largest(&self) -> Option<Owner> {
        self.0.last_key_value().map(|(_, owner)| owner.clone())
    }

    #[cfg(test)]
    fn count(&self) -> usize {
        self.0.len()
    }
}

impl MerchantLog {
    pub(super) fn new(number: u64) -> Self {
        Self {
            number,
            entries: VecDeque::new(),
            bytes: 0,
            dropped: 0,
            dropped_to: 0,
        }
    }
}

impl Journal {
    /// An empty journal.
    pub fn new(limits: Limits) -> Self {
        Self {
            logs: FxHashMap::default(),
            entries: BTreeMap::new(),
            sizes: Sizes::default(),
            limits,
            bytes: 0,
            next: 1,
            next_log: 0,
            dropped: 0,
            dropped_to: 0,
            tracked: None,
        }
    }

    /// The next exchange's id.
    pub fn next_id(&self) -> u64 {
        self.next
    }

    /// Adds an exchange; returns its id, and the entry dropped for it, which the caller should free
    /// after unlocking the journal. The cost does not depend on the number of merchants.
    pub fn record(&mut self, mut entry: Entry) -> (u64, Option<Arc<Entry>>) {
        let id = self.next;
        entry.id = id;
        (id, self.hold(entry))
    }

    /// Adds an exchange that has an id; returns the last entry dropped for it.
    pub(super) fn hold(&mut self, entry: Entry) -> Option<Arc<Entry>> {
        let id = entry.id;
        self.next = id + 1;
        let owner = entry.note.client_id.clone();
        let size = entry.size();
        let entry = Arc::new(entry);
        self.bytes += size;
        self.entries.insert(id, Arc::clone(&entry));
        let next_log = &mut self.next_log;
        let sizes = &mut self.sizes;
        let own = self.logs.entry(owner.clone()).or_insert_with(|| {
            *next_log += 1;
            let empty = MerchantLog::new(*next_log);
            sizes.add(&empty, owner.clone());
            empty
        });
        own.entries.push_back(entry);
        let is_over = own.entries.len() > self.limits.count;
        self.sizes.change(own, &owner, own.bytes + size);
        let mut gone = None;
        if is_over {
            gone = self.drop_oldest(&owner);
        }
        while self.bytes > self.limits.bytes {
            let Some(largest) = self.sizes.largest() else {
                break;
            };
            let Some(oldest) = self.drop_oldest(&largest) else {
                break;
            };
            gone = Some(oldest);
        }
        gone
    }

    /// Removes an owner's oldest exchange, if there is one.
    fn drop_oldest(&mut self, owner: &Owner) -> Option<Arc<Entry>> {
        let own = self.logs.get_mut(owner)?;
        let oldest = own.entries.pop_front()?;
        let size = oldest.size();
        self.entries.remove(&oldest.id);
        self.sizes.change(own, owner, own.bytes - size);
        own.dropped += 1;
        own.dropped_to = oldest.id;
        self.bytes -= size;
        self.dropped += 1;
        self.dropped_to = self.dropped_to.max(oldest.id);
        if let Some(tracked) = &mut self.tracked {
            tracked.dropped(owner, oldest.id);
        }
        Some(oldest)
    }

    /// Forgets a merchant's exchanges; the result can be dropped at any time.
    pub fn forget(&mut self, client_id: &str) -> impl Send + use<> {
        let gone = self.logs.remove(&Some(client_id.into()))?;
        self.sizes.remove(&gone);
        self.bytes -= gone.bytes;
        self.dropped -= gone.dropped;
        if let Some(tracked) = &mut self.tracked {
            tracked.forgotten(client_id, gone.entries.iter().map(|entry| entry.id));
        }
        // If no other merchant has any, all of them go at once.
        let rest = if gone.entries.len() == self.entries.len() {
            std::mem::take(&mut self.entries)
        } else {
            for entry in &gone.entries {
                self.entries.remove(&entry.id);
            }
            BTreeMap::new()
        };
        Some((gone, rest))
    }

    /// The next `count` exchanges of one merchant, or of all, after the id `after`, in order.
    pub fn page(&self, client_id: Option<&str>, after: u64, count: usize) -> Vec<Arc<Entry>> {
        let Some(id) = client_id else {
            let newer = self.entries.range(after.saturating_add(1)..);
            return newer
                .take(count)
                .map(|(_, entry)| Arc::clone(entry))
                .collect();
        };
        let Some(own) = self.logs.get(&Some(id.into())) else {
            return Vec::new();
        };
        let from = own.entries.partition_point(|entry| entry.id <= after);
        own.entries.range(from..).take(count).cloned().collect()
    }

    /// The exchange with this id.
    pub fn get(&self, id: u64) -> Option<Arc<Entry>> {
        self.entries.get(&id).cloned()
    }

    /// How many exchanges of one merchant, or of all, were dropped.
    pub fn dropped(&self, client_id: Option<&str>) -> u64 {
        match client_id {
            Some(id) => self.logs.get(&Some(id.into())).map_or(0, |s| s.dropped),
            None => self.dropped,
        }
    }

    /// The id of the latest dropped exchange; 0 if there is none.
    pub fn dropped_to(&self, client_id: Option<&str>) -> u64 {
        match client_id {
            Some(id) => self.logs.get(&Some(id.into())).map_or(0, |s| s.dropped_to),
            None => self.dropped_to,
        }
    }

    /// The number of exchanges, and their total size in bytes.
    pub fn size(&self) -> (usize, usize) {
        (self.entries.len(), self.bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::forwarded::Forwarded;
    use crate::http::request::{Body, Request};
    use crate::journal::note::Note;
    use crate::journal::tracked::Drops;
    use std::time::Duration;

    fn entry(client_id: &str, length: usize) -> Entry {
        let request = Request {
            method: hyper::Method::POST,
            path: "/".to_owned(),
            query: None,
            headers: hyper::HeaderMap::new(),
            body: Body::Read(vec![b'a'; length].into()),
            forwarded: Forwarded::default(),
        };
        let note = Note {
            client_id: Some(client_id.into()),
            ..Note::default()
        };
        Entry::new(0, &request, note, None, Duration::ZERO)
    }

    #[test]
    fn the_largest_log_gives_up_its_oldest_and_what_is_counted_adds_up() {
        let one = entry("a", 1_000).size();
        let mut journal = Journal::new(Limits {
            count: 100,
            bytes: 10 * one,
        });
        journal.record(entry("quiet", 1_000));
        let mut gone = Vec::new();
        for _ in 0..50 {
            gone.extend(journal.record(entry("busy", 1_000)).1);
        }
        // The caller has the last reference to each.
        assert!(gone.iter().all(|entry| Arc::strong_count(entry) == 1));
        assert!(gone.iter().map(|entry| entry.id).eq(2..=42));
        assert_eq!(journal.page(Some("quiet"), 0, 100).len(), 1);
        assert_eq!(journal.page(Some("busy"), 0, 100).len(), 9);
        assert_eq!(journal.page(None, 0, 100).len(), 10);
        assert_eq!(journal.page(None, 0, 3).len(), 3);
        assert_eq!(journal.dropped(None), 41);
        assert_eq!(journal.dropped_to(Some("busy")), 42);
        assert_eq!(journal.size(), (10, 10 * one));
        assert!(journal.get(42).is_none() && journal.get(43).is_some());
        drop(journal.forget("busy"));
        assert_eq!(journal.size(), (1, one));
        assert_eq!(journal.dropped(None), 0);
        assert_eq!(journal.sizes.count(), 1);
        // An exchange larger than the limit is not kept.
        journal.record(entry("large", 20 * one));
        assert_eq!(journal.page(Some("large"), 0, 1).len(), 0);
        assert_eq!(journal.page(Some("quiet"), 0, 1).len(), 1);
    }

    #[test]
    fn what_a_lower_limit_drops_of_what_was_kept_is_counted_once_and_leaves_the_store() {
        let of = |count| Limits {
            count,
            bytes: usize::MAX,
        };
        let kept = |id| Entry {
            id,
            ..entry("a", 10)
        };
        // The journal gets smaller each time; row 1 was left by mistake.
        let mut rows: Vec<u64> = (1..=20).collect();
        let mut drops = Drops { count: 1, to: 1 };
        for (limit, dropped) in [(10, 10), (4, 16), (4, 16)] {
            let mut journal = Journal::new(of(limit));
            journal.track(false);
            journal.restore_drops([(Some("a".into()), drops)]);
            for id in &rows {
                journal.restore(kept(*id));
            }
            journal.restore_next(21);
            journal.track(false);
            assert_eq!(journal.dropped(Some("a")), dropped);
            assert_eq!(journal.next_id(), 21);
            let changes = journal.take_changes();
            assert!(changes.new.is_empty() && !changes.is_void);
            rows.retain(|id| !changes.gone.contains(id));
            assert_eq!(rows.len(), limit);
            for (_, now) in changes.drops {
                drops = now.expect("the owner is there");
            }
        }
    }
}
