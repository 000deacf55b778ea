//! The orders that init opened, indexed by id, session, and the merchant's own order id.

use crate::model::order::Order;
use rustc_hash::FxHashMap;
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

/// The maximum number of orders of a merchant.
const LIMIT: usize = 20_000;
/// The maximum size of a merchant's orders in bytes: there may be many small ones or few large
/// ones.
const BYTES: usize = 32 * 1024 * 1024;

/// The orders of one merchant.
#[derive(Debug, Default)]
struct Owned {
    /// The ids of its orders, oldest first.
    ids: VecDeque<u64>,
    bytes: usize,
}

/// Removes an id from a list; usually it is the first.
fn forget(ids: &mut VecDeque<u64>, id: u64) {
    if let Some(at) = ids.iter().position(|other| *other == id) {
        ids.remove(at);
    }
}

/// All orders; each merchant's oldest are forgotten first.
#[derive(Debug, Default)]
pub struct Orders {
    /// Boxed, because a tree moves its values around. Each has a number that grows in the order of
    /// opening.
    list: BTreeMap<u64, (u64, Box<Order>)>,
    next: u64,
    /// The orders of each merchant.
    owned: FxHashMap<Arc<str>, Owned>,
    sessions: FxHashMap<Arc<str>, u64>,
    /// Shops choose these ids, so this uses a hasher that resists collision attacks.
    merchant_ids: HashMap<(Arc<str>, Arc<str>), VecDeque<u64>>,
    /// The ids of orders that have changed; `None` if changes are not tracked.
    changed: Option<BTreeSet<u64>>,
}

impl Orders {
    /// Starts to track changes; if `is_new`, everything there is counts as changed.
    pub fn track(&mut self, is_new: bool) {
        let ids = self.list.keys().filter(|_| is_new);
        self.changed = Some(ids.copied().collect());
    }

    /// The changes since the last call: current orders, and `None` for forgotten ones.
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

    /// Adds a stored order with its number. Call it in the order of numbers.
    pub fn restore(&mut self, number: u64, order: Order) {
        self.next = number;
        self.insert(order);
    }

    /// Takes over another server's change of an order; `None` if that server forgot it.
    pub fn take_over(&mut self, id: u64, now: Option<(u64, Order)>) {
        match now {
            None => {
                self.remove(id);
            }
            // The values that it is indexed by never change.
            Some((_, order)) if self.list.contains_key(&id) => {
                if let Some(known) = self.get_mut(id) {
                    *known = order;
                }
            }
            Some((number, order)) => self.restore(number, order),
        }
    }

    /// Adds an order. If the merchant has too many, its oldest is removed and returned, for the
    /// caller to free after unlocking the state.
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

    /// Forgets a merchant's orders; the result can be dropped at any time.
    #[expect(clippy::vec_box, reason = "as they were held: they are only dropped")]
    pub fn remove_all_of(&mut self, client_id: &str) -> (Self, Vec<Box<Order>>) {
        let ids = self.owned.remove(client_id).unwrap_or_default().ids;
        // If no other merchant has any, all of them go at once.
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

    /// The ids of a merchant's orders, oldest first.
    pub fn ids_of(&self, client_id: &str) -> impl DoubleEndedIterator<Item = u64> {
        let owned = self.owned.get(client_id);
        owned.into_iter().flat_map(|owned| &owned.ids).copied()
    }

    /// The orders of a merchant, oldest first.
    pub fn of(&self, client_id: &str) -> impl DoubleEndedIterator<Item = &Order> {
        self.ids_of(client_id).filter_map(|id| self.get(id))
    }

    /// The number of orders.
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

    /// The order with this session, to be changed.
    pub fn by_session(&mut self, session: &str) -> Option<&mut Order> {
        self.get_mut(*self.sessions.get(session)?)
    }

    /// The ids of a merchant's orders with its own id `merchant_order_id`, oldest first, if there
    /// are any.
    pub fn by_merchant_id(
        &self,
        client_id: &Arc<str>,
        merchant_order_id: &str,
    ) -> Option<&VecDeque<u64>> {
        let key = (Arc::clone(client_id), merchant_order_id.into());
        self.merchant_ids.get(&key)
    }

    /// All orders by id; usually that means oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Order> {
        self.list.values().map(|(_, order)| &**order)
    }
}
