//! The merchants of a server, by client id.

use crate::state::merchant::Merchant;
use rustc_hash::{FxHashMap, FxHashSet};

/// The merchants of a server, by client id.
#[derive(Debug, Default)]
pub struct Merchants {
    map: FxHashMap<String, Merchant>,
    /// The client ids of merchants that may have changed; `None` if changes are not tracked.
    changed: Option<FxHashSet<String>>,
}

impl Merchants {
    /// Starts to track changes.
    pub fn track(&mut self) {
        self.changed = Some(FxHashSet::default());
    }

    /// The client ids of merchants that may have changed since the last call.
    pub(super) fn take_changed(&mut self) -> FxHashSet<String> {
        self.changed
            .as_mut()
            .map(std::mem::take)
            .unwrap_or_default()
    }

    /// The merchant with this client id, without marking it as changed.
    pub(super) fn unmarked(&mut self, client_id: &str) -> Option<&mut Merchant> {
        self.map.get_mut(client_id)
    }

    fn mark(&mut self, client_id: &str) {
        if let Some(changed) = &mut self.changed
            && !changed.contains(client_id)
        {
            changed.insert(client_id.to_owned());
        }
    }

    /// Adds a merchant; replaces one with the same client id.
    pub(super) fn insert(&mut self, merchant: Merchant) {
        let client_id = merchant.account.client_id.clone();
        self.mark(&client_id);
        self.map.insert(client_id, merchant);
    }

    /// Removes a merchant.
    pub(super) fn remove(&mut self, client_id: &str) -> Option<Merchant> {
        let gone = self.map.remove(client_id)?;
        self.mark(client_id);
        Some(gone)
    }

    /// The merchant with this client id.
    pub fn get(&self, client_id: &str) -> Option<&Merchant> {
        self.map.get(client_id)
    }

    /// The merchant with this client id, to be changed.
    pub fn get_mut(&mut self, client_id: &str) -> Option<&mut Merchant> {
        self.mark(client_id);
        self.map.get_mut(client_id)
    }

    /// Whether there is a merchant with this client id.
    pub fn contains_key(&self, client_id: &str) -> bool {
        self.map.contains_key(client_id)
    }

    /// The client ids of all merchants, in no particular order.
    pub fn keys(&self) -> impl Iterator<Item = &String> {
        self.map.keys()
    }

    /// All merchants, in no particular order.
    pub fn values(&self) -> impl Iterator<Item = &Merchant> {
        self.map.values()
    }

    /// All merchants, in no particular order, to be changed.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut Merchant> {
        if let Some(changed) = &mut self.changed {
            changed.extend(self.map.keys().cloned());
        }
        self.map.values_mut()
    }

    /// The number of merchants.
    pub fn len(&self) -> usize {
        self.map.len()
    }
}
