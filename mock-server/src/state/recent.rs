//! What is remembered of each merchant up to a number, the oldest forgotten first.

use rustc_hash::FxHashMap;
use std::borrow::Borrow;
use std::collections::VecDeque;
use std::hash::Hash;
use std::sync::Arc;

/// A map whose entries belong to merchants; each merchant's oldest are forgotten first, whatever
/// the others do.
#[derive(Debug)]
pub struct Recent<K, V> {
    map: FxHashMap<K, V>,
    owned: FxHashMap<Arc<str>, VecDeque<K>>,
    capacity: usize,
}

impl<K: Hash + Eq + Clone, V> Recent<K, V> {
    /// An empty one that holds at most `capacity` entries of each merchant.
    pub fn new(capacity: usize) -> Self {
        Self {
            map: FxHashMap::default(),
            owned: FxHashMap::default(),
            capacity,
        }
    }

    /// Adds an entry of `owner` under a new key; the owner's oldest goes if there are too many.
    pub fn insert(&mut self, owner: &Arc<str>, key: K, value: V) {
        let new = self.map.insert(key.clone(), value).is_none();
        let keys = self.owned.entry(Arc::clone(owner)).or_default();
        if new {
            keys.push_back(key);
        }
        if keys.len() > self.capacity
            && let Some(oldest) = keys.pop_front()
        {
            self.map.remove(&oldest);
        }
    }

    /// The entry of `key`.
    pub fn get<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.map.get(key)
    }

    /// The entry of `key` with the key that is held.
    pub fn entry<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> Option<(&K, &V)>
    where
        K: Borrow<Q>,
    {
        self.map.get_key_value(key)
    }

    /// The entry of `key`, to be changed.
    pub fn get_mut<Q: Hash + Eq + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        self.map.get_mut(key)
    }

    /// Forgets every entry of `owner`; what is left of them may be dropped at any time.
    pub fn forget(&mut self, owner: &str) -> (FxHashMap<K, V>, VecDeque<K>) {
        let keys = self.owned.remove(owner).unwrap_or_default();
        // Where nobody else has any, all of it goes at once.
        let gone = if keys.len() == self.map.len() {
            std::mem::take(&mut self.map)
        } else {
            let removed = keys.iter().filter_map(|key| self.map.remove_entry(key));
            removed.collect()
        };
        (gone, keys)
    }

    /// The keys, in no order.
    pub fn keys(&self) -> impl Iterator<Item = &K> {
        self.map.keys()
    }

    /// The entries, in no order.
    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.map.values()
    }

    /// How many entries there are.
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
        recent.forget("one");
        assert_eq!(recent.len(), 1);
        recent.forget("two");
        assert_eq!(recent.len(), 0);
    }
}
