//! A map that holds a limited number of entries for each merchant.

use rustc_hash::{FxHashMap, FxHashSet};
use std::borrow::Borrow;
use std::collections::VecDeque;
use std::hash::Hash;
use std::sync::Arc;

/// A map whose entries belong to merchants. Above the limit, a merchant's oldest entry is
/// forgotten; other merchants are not affected.
#[derive(Debug)]
pub struct Recent<K, V> {
    /// Each entry has a growing number, so that entries can be restored in order.
    map: FxHashMap<K, (u64, V)>,
    owned: FxHashMap<Arc<str>, VecDeque<K>>,
    capacity: usize,
    next: u64,
    /// The keys of entries that have changed; `None` if changes are not tracked.
    changed: Option<FxHashSet<K>>,
}

/// An entry with its number; `None` if it was forgotten.
pub type Now<K, V> = (K, Option<(u64, V)>);

impl<K: Hash + Eq + Clone, V> Recent<K, V> {
    /// An empty map that holds at most `capacity` entries for each merchant.
    pub fn new(capacity: usize) -> Self {
        Self {
            map: FxHashMap::default(),
            owned: FxHashMap::default(),
            capacity,
            next: 0,
            changed: None,
        }
    }

    /// Starts to track changes; if `is_new`, everything there is counts as changed.
    pub fn track(&mut self, is_new: bool) {
        let keys = self.map.keys().filter(|_| is_new);
        self.changed = Some(keys.cloned().collect());
    }

    /// The changes since the last call.
    pub fn take_changes(&mut self) -> Vec<Now<K, V>>
    where
        V: Clone,
    {
        let changed = self.changed.as_mut().map(std::mem::take);
        let now = |key: K| {
            let value = self.map.get(&key).cloned();
            (key, value)
        };
        changed.into_iter().flatten().map(now).collect()
    }

    fn mark(&mut self, key: &K) {
        if let Some(changed) = &mut self.changed {
            changed.insert(key.clone());
        }
    }

    /// Adds a stored entry with its number. Call it in the order of numbers.
    pub fn restore(&mut self, owner: &Arc<str>, key: K, (number, value): (u64, V)) {
        self.next = number;
        self.insert(owner, key, value);
    }

    /// Takes over another server's change of an entry of `owner`.
    pub fn take_over(&mut self, owner: &Arc<str>, key: K, (number, value): (u64, V)) {
        match self.get_mut(&key) {
            Some(known) => *known = value,
            None => self.restore(owner, key, (number, value)),
        }
    }

    /// Forgets one entry, as another server has.
    pub fn take_away<Q: Hash + Eq + ?Sized>(&mut self, key: &Q, owner: impl Fn(&V) -> Arc<str>)
    where
        K: Borrow<Q>,
    {
        if let Some((key, (_, value))) = self.map.remove_entry(key) {
            let keys = self.owned.entry(owner(&value)).or_default();
            // Usually it is the oldest.
            if let Some(at) = keys.iter().position(|other| *other == key) {
                keys.remove(at);
            }
            self.mark(&key);
        }
    }

    /// Adds an entry of `owner` under a new key; above the limit, the owner's oldest is forgotten.
    pub fn insert(&mut self, owner: &Arc<str>, key: K, value: V) {
        self.mark(&key);
        let number = self.next;
        self.next += 1;
        let new = self.map.insert(key.clone(), (number, value)).is_none();
        let keys = self.owned.entry(Arc::clone(owner)).or_default();
        if new {
            keys.push_back(key);
        }
        if keys.len() > self.capacity
            && let Some(oldest) = keys.pop_front()
        {
            self.map.remove(&oldest);
            self.mark(&oldest);
        }
    }

    /// The entry of `key`.
    pub fn get<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.map.get(key).map(|(_, value)| value)
    }

    /// The entry of `key`, and the key as the map holds it.
    pub fn entry<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> Option<(&K, &V)>
    where
        K: Borrow<Q>,
    {
        let (key, (_, value)) = self.map.get_key_value(key)?;
        Some((key, value))
    }

    /// The entry of `key`, to be changed.
    pub fn get_mut<Q: Hash + Eq + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        if let Some(changed) = &mut self.changed
            && let Some((key, _)) = self.map.get_key_value(key)
        {
            changed.insert(key.clone());
        }
        self.map.get_mut(key).map(|(_, value)| value)
    }

    /// Forgets all entries of `owner`; the result can be dropped at any time.
    pub fn forget(&mut self, owner: &str) -> impl Send + use<K, V>
    where
        K: Send + 'static,
        V: Send + 'static,
    {
        let keys = self.owned.remove(owner).unwrap_or_default();
        for key in &keys {
            self.mark(key);
        }
        // If no other owner has any, all of them go at once.
        let gone = if keys.len() == self.map.len() {
            std::mem::take(&mut self.map)
        } else {
            let removed = keys.iter().filter_map(|key| self.map.remove_entry(key));
            removed.collect()
        };
        (gone, keys)
    }

    /// The keys of `owner`, newest first.
    pub fn newest(&self, owner: &str) -> impl Iterator<Item = &K> {
        self.owned.get(owner).into_iter().flatten().rev()
    }

    /// The keys, in no particular order.
    pub fn keys(&self) -> impl Iterator<Item = &K> {
        self.map.keys()
    }

    /// The entries, in no particular order.
    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.map.values().map(|(_, value)| value)
    }

    /// The number of entries.
    pub fn len(&self) -> usize {
        self.map.len()
    }
}

#[cfg(test)]
mod tests {
    use super::Recent;
    use std::sync::Arc;

    #[test]
    fn the_oldest_of_the_same_merchant_is_forgotten_first() {
        let (one, two): (Arc<str>, Arc<str>) = ("one".into(), "two".into());
        let mut recent = Recent::new(2);
        recent.insert(&two, "x", 0);
        for key in ["a", "b", "b", "c"] {
            recent.insert(&one, key, key.len());
        }
        assert!(recent.get(&"a").is_none());
        assert!(recent.get(&"b").is_some() && recent.get(&"c").is_some());
        assert!(recent.get(&"x").is_some());
        recent.track(false);
        let gone = recent.forget("one");
        drop(gone);
        let changed = recent.take_changes();
        assert!(changed.len() == 2 && changed.iter().all(|(_, now)| now.is_none()));
        assert!(recent.take_changes().is_empty());
        assert_eq!(recent.len(), 1);
        drop(recent.forget("two"));
        assert_eq!(recent.len(), 0);
    }
}
