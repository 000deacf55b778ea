//! The customers of one merchant: its initial ones, and those whose application was approved.

use crate::model::customer::{Customer, CustomerStatus};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The maximum number of approved customers of a merchant.
const LIMIT: usize = 20_000;

/// The customers of one merchant, each at its own position; the initial ones come first.
#[derive(Debug, Default)]
pub struct Customers {
    list: BTreeMap<u64, Customer>,
    /// The position after the initial customers.
    known: u64,
    next: u64,
    /// The first position of each id and of each card. Clients choose what is looked up, so these
    /// use a hasher that resists collision attacks.
    ids: HashMap<String, u64>,
    cards: HashMap<String, u64>,
    /// The positions that have changed since they were last stored; `None` if nothing has been
    /// stored yet.
    changed: Option<BTreeSet<u64>>,
}

/// The changes among the customers of one merchant.
#[derive(Debug, PartialEq)]
pub enum CustomersChanged {
    /// Replaces everything stored: these are all customers.
    All(Vec<(u64, Customer)>),
    /// The current customers at these positions; `None` for a forgotten one.
    Some(Vec<(u64, Option<Customer>)>),
}

impl Customers {
    /// A merchant's initial customers.
    pub fn new(known: Vec<Customer>) -> Self {
        let mut customers = Self::default();
        for customer in known {
            customers.add(customer);
        }
        customers.known = customers.next;
        customers
    }

    /// Customers restored from a store, each at its position.
    pub fn restored(kept: impl IntoIterator<Item = (u64, Customer)>, known: u64) -> Self {
        let mut customers = Self::default();
        for (place, customer) in kept {
            customers.next = place;
            customers.add(customer);
        }
        customers.next = customers.next.max(known);
        customers.known = known;
        customers.changed = Some(BTreeSet::new());
        customers
    }

    fn add(&mut self, customer: Customer) {
        let place = self.next;
        self.next += 1;
        if customer.status != CustomerStatus::NotFound {
            let id = customer.customer_id.clone();
            self.ids.entry(id).or_insert(place);
            self.cards.entry(customer.vcc.clone()).or_insert(place);
        }
        self.list.insert(place, customer);
        self.mark(place);
    }

    fn mark(&mut self, place: u64) {
        if let Some(changed) = &mut self.changed {
            changed.insert(place);
        }
    }

    /// Adds a customer whose application was approved. Above the limit, the oldest of these is
    /// forgotten; the initial ones stay.
    pub fn push(&mut self, customer: Customer) {
        let known = usize::try_from(self.known).unwrap_or(usize::MAX);
        let is_full = self.list.len() >= known.saturating_add(LIMIT);
        if is_full && let Some((&oldest, _)) = self.list.range(self.known..).next() {
            if let Some(gone) = self.list.remove(&oldest) {
                forget(&mut self.ids, &gone.customer_id, oldest);
                forget(&mut self.cards, &gone.vcc, oldest);
            }
            self.mark(oldest);
        }
        self.add(customer);
    }

    /// The customer with this id or card number; spaces in the latter are ignored.
    pub fn find(&self, customer_id: Option<&str>, vcc: Option<&str>) -> Option<&Customer> {
        self.list.get(&self.place(customer_id, vcc)?)
    }

    /// The customer with this id or card number, to be changed.
    pub fn find_mut(
        &mut self,
        customer_id: Option<&str>,
        vcc: Option<&str>,
    ) -> Option<&mut Customer> {
        let place = self.place(customer_id, vcc)?;
        self.mark(place);
        self.list.get_mut(&place)
    }

    fn place(&self, customer_id: Option<&str>, vcc: Option<&str>) -> Option<u64> {
        let vcc: Option<String> = vcc.map(|vcc| vcc.split_whitespace().collect());
        let by_id = customer_id.and_then(|id| self.ids.get(id));
        let by_card = vcc.and_then(|vcc| self.cards.get(&vcc));
        by_id.into_iter().chain(by_card).min().copied()
    }

    /// Takes over another server's change at a position; `None` if that server forgot the customer.
    pub fn take_over(&mut self, place: u64, customer: Option<Customer>) {
        if let Some(gone) = self.list.remove(&place) {
            forget(&mut self.ids, &gone.customer_id, place);
            forget(&mut self.cards, &gone.vcc, place);
        }
        if let Some(customer) = customer {
            let next = self.next.max(place + 1);
            self.next = place;
            self.add(customer);
            self.next = next;
        }
    }

    /// All customers, the initial ones first.
    pub fn iter(&self) -> impl Iterator<Item = &Customer> {
        self.list.values()
    }

    /// The position after the initial customers.
    pub fn known(&self) -> u64 {
        self.known
    }

    /// Marks everything as not yet stored.
    pub fn keep_anew(&mut self) {
        self.changed = None;
    }

    /// The changes since the last call.
    pub fn take_changes(&mut self) -> CustomersChanged {
        match self.changed.replace(BTreeSet::new()) {
            None => CustomersChanged::All(self.list.iter().map(owned).collect()),
            Some(places) => {
                let now = |place: u64| (place, self.list.get(&place).cloned());
                CustomersChanged::Some(places.into_iter().map(now).collect())
            }
        }
    }
}

fn owned((place, customer): (&u64, &Customer)) -> (u64, Customer) {
    (*place, customer.clone())
}

fn forget(places: &mut HashMap<String, u64>, key: &str, place: u64) {
    if places.get(key) == Some(&place) {
        places.remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rust_decimal::Decimal;

    fn customer(number: u64, status: CustomerStatus) -> Customer {
        Customer {
            customer_id: number.to_string(),
            vcc: format!("1070{number:012}"),
            first_name: "Ann".to_owned(),
            last_name: "Lee".to_owned(),
            available_credit: Decimal::ONE_HUNDRED,
            status,
        }
    }

    #[test]
    fn they_are_found_by_id_and_by_card_and_unknown_ones_are_not() {
        let known = vec![
            customer(1, CustomerStatus::Active),
            customer(2, CustomerStatus::NotFound),
        ];
        let customers = Customers::new(known);
        let id = |found: Option<&Customer>| found.map(|found| found.customer_id.clone());
        assert_eq!(id(customers.find(Some("1"), None)).as_deref(), Some("1"));
        let spaced = Some("1070 0000 0000 0001");
        assert_eq!(id(customers.find(None, spaced)).as_deref(), Some("1"));
        assert_eq!(customers.find(Some("2"), Some("1070000000000002")), None);
    }

    #[test]
    fn the_oldest_new_one_is_forgotten_and_each_change_is_told_once() {
        let mut customers = Customers::new(vec![customer(1, CustomerStatus::Active)]);
        for number in 10..10 + LIMIT as u64 {
            customers.push(customer(number, CustomerStatus::Active));
        }
        assert!(matches!(
            customers.take_changes(),
            CustomersChanged::All(all) if all.len() == LIMIT + 1
        ));
        customers.push(customer(9_000_000, CustomerStatus::Active));
        assert!(customers.find(Some("10"), None).is_none());
        assert!(customers.find(Some("1"), None).is_some());
        assert!(customers.find(Some("11"), None).is_some());
        let CustomersChanged::Some(changed) = customers.take_changes() else {
            panic!("not all of them changed");
        };
        let changed: Vec<_> = changed
            .iter()
            .map(|(at, now)| (*at, now.is_some()))
            .collect();
        assert_eq!(changed, [(1, false), (LIMIT as u64 + 1, true)]);
        assert_eq!(customers.take_changes(), CustomersChanged::Some(vec![]));
    }
}
