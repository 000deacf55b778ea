//! The orders that init opened, found by id, by session, and by the merchant's own id.

use crate::model::order::Order;
use rustc_hash::FxHashMap;
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

/// How many orders of a merchant are remembered.
const LIMIT: usize = 20_000;
/// How many bytes they may take: many orders may be small, or few large.
const BYTES: usize = 32 * 1024 * 1024;

/// The orders of one merchant.
#[derive(Debug, Default)]
struct Owned {
    /// Their ids, as they were opened.
    ids: VecDeque<u64>,
    bytes: usize,
}

/// Takes an id out of a list; mostly it is the first.
fn forget(ids: &mut VecDeque<u64>, id: u64) {
    if let Some(at) = ids.iter().position(|other| *other == id) {
        ids.remove(at);
    }
}

/// All orders; each merchant's oldest are forgotten first.
#[derive(Debug, Default)]
pub struct Orders {
    /// Boxed, as a tree moves its values about; with numbers that grow as they are opened.
    list: BTreeMap<u64, (u64, Box<Order>)>,
    next: u64,
    /// Each merchant's.
    owned: FxHashMap<Arc<str>, Owned>,
    sessions: FxHashMap<Arc<str>, u64>,
    /// Shops choose the ids, so nobody may guess how they are hashed.
    merchant_ids: HashMap<(Arc<str>, Arc<str>), VecDeque<u64>>,
    /// The ids of those that have changed, where that is to be known.
    changed: Option<BTreeSet<u64>>,
}

impl Orders {
    /// Notes from now on what changes, beside what there is already if `is_new`.
    pub fn track(&mut self, is_new: bool) {
        let ids = self.list.keys().filter(|_| is_new);
        self.changed = Some(ids.copied().collect());
    }

    /// What has changed since this was last asked for: orders as they are now, and none where they
    /// were forgotten.
    pub fn take_changes(&mut self) -> Vec<(u64, Option<(u64, Order)>)> {
        let changed = self.changed.as_mut().map(std::mem::take);
        let now = |id: u64| {
            let order = self.list.get(&id);
            (
                id,
                order.map(|(number, order)| (*number, (**order).clone())),
            )
        };
        changed.into_iter().flatten().map(now).collect()
    }

    fn mark(&mut self, id: u64) {
        if let Some(changed) = &mut self.changed {
            changed.insert(id);
        }
    }

    /// Adds an order that was kept, with its number; those with lower numbers were opened before.
    pub fn restore(&mut self, number: u64, order: Order) {
        self.next = number;
        self.insert(order);
    }

    /// Takes over an order as another server has it now, or that it has forgotten.
    pub fn take_over(&mut self, id: u64, now: Option<(u64, Order)>) {
        match now {
            None => {
                self.remove(id);
            }
            // What it is found by never changes.
            Some((_, order)) if self.list.contains_key(&id) => {
                if let Some(known) = self.get_mut(id) {
                    *known = order;
                }
            }
            Some((number, order)) => self.restore(number, order),
        }
    }

    /// Adds an order; its merchant's oldest goes if there are too many. That one is given back, for
    /// the caller to drop when nobody waits for the state any more.
    pub fn insert(&mut self, order: Order) -> Option<Box<Order>> {
        let owned = self.owned.entry(Arc::clone(&order.client_id)).or_default();
        owned.ids.push_back(order.id);
        owned.bytes += order.size();
        let client_id = Arc::clone(&order.client_id);
        self.sessions.insert(Arc::clone(&order.session), order.id);
        if let Some(id) = &order.merchant_order_id {
            let key = (Arc::clone(&order.client_id), Arc::clone(id));
            self.merchant_ids
                .entry(key)
                .or_default()
                .push_back(order.id);
        }
        self.mark(order.id);
        self.list.insert(order.id, (self.next, Box::new(order)));
        self.next += 1;
        let mut gone = None;
        while let Some(owned) = self.owned.get(&client_id)
            && (owned.ids.len() > LIMIT || owned.bytes > BYTES && owned.ids.len() > 1)
            && let Some(oldest) = owned.ids.front().copied()
        {
            gone = self.remove(oldest);
        }
        gone
    }

    fn remove(&mut self, id: u64) -> Option<Box<Order>> {
        let (_, order) = self.list.remove(&id)?;
        self.mark(id);
        if let Some(owned) = self.owned.get_mut(&order.client_id) {
            forget(&mut owned.ids, id);
            owned.bytes -= order.size();
        }
        self.sessions.remove(&order.session);
        if let Some(id) = &order.merchant_order_id {
            let key = (Arc::clone(&order.client_id), Arc::clone(id));
            if let Some(ids) = self.merchant_ids.get_mut(&key) {
                forget(ids, order.id);
                if ids.is_empty() {
                    self.merchant_ids.remove(&key);
                }
            }
        }
        Some(order)
    }

    /// Forgets a merchant's orders; what is left of them may be dropped at any time.
    #[expect(clippy::vec_box, reason = "as they were held: they are only dropped")]
    pub fn remove_all_of(&mut self, client_id: &str) -> (Self, Vec<Box<Order>>) {
        let ids = self.owned.remove(client_id).unwrap_or_default().ids;
        // Where nobody else has any, all of it goes at once.
        if ids.len() == self.list.len() {
            for id in &ids {
                self.mark(*id);
            }
            let changed = self.changed.take();
            let empty = Self {
                changed,
                next: self.next,
                ..Self::default()
            };
            return (std::mem::replace(self, empty), Vec::new());
        }
        let gone = ids.into_iter().filter_map(|id| self.remove(id)).collect();
        (Self::default(), gone)
    }

    /// The ids of a merchant's orders, the oldest first.
    pub fn ids_of(&self, client_id: &str) -> impl DoubleEndedIterator<Item = u64> {
        let owned = self.owned.get(client_id);
        owned.into_iter().flat_map(|owned| &owned.ids).copied()
    }

    /// The orders of a merchant, the oldest first.
    pub fn of(&self, client_id: &str) -> impl DoubleEndedIterator<Item = &Order> {
        self.ids_of(client_id).filter_map(|id| self.get(id))
    }

    /// How many orders there are.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// The order with this id.
    pub fn get(&self, id: u64) -> Option<&Order> {
        self.list.get(&id).map(|(_, order)| &**order)
    }

    /// The order with this id, to be changed.
    pub fn get_mut(&mut self, id: u64) -> Option<&mut Order> {
        self.mark(id);
        self.list.get_mut(&id).map(|(_, order)| &mut **order)
    }

    /// The order whose pages have this session, to be changed.
    pub fn by_session(&mut self, session: &str) -> Option<&mut Order> {
        self.get_mut(*self.sessions.get(session)?)
    }

    /// The ids of a merchant's orders that carry its id `merchant_order_id`, if there are any;
    /// the oldest is the first.
    pub fn by_merchant_id(
        &self,
        client_id: &Arc<str>,
        merchant_order_id: &str,
    ) -> Option<&VecDeque<u64>> {
        let key = (Arc::clone(client_id), merchant_order_id.into());
        self.merchant_ids.get(&key)
    }

    /// All orders by their ids; mostly the oldest is the first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Order> {
        self.list.values().map(|(_, order)| &**order)
    }
}
