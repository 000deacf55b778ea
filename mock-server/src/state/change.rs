//! Changes of a server's state, for its store.

use crate::clock::Clock;
use crate::fault::FaultsChanged;
use crate::model::account::MerchantConfig;
use crate::model::order::Order;
use crate::model::token::{Access, Refresh};
use crate::state::{Counters, CustomersChanged, State};
use flexiti_contract::Rulebook;
use std::sync::Arc;

/// One change. `None` means removed; numbers give the order.
#[derive(Debug)]
pub enum Change {
    /// Everything stored before is void.
    Void,
    /// The ids to be assigned next.
    Counters(Counters),
    /// A merchant's account, clock and dialect; if it was removed, so were its faults and
    /// customers.
    Merchant(String, Option<Box<MerchantNow>>),
    /// Faults of a merchant.
    Faults(String, FaultsChanged),
    /// Customers of a merchant.
    Customers(String, CustomersChanged),
    /// An order by its id.
    Order(u64, Option<Box<(u64, Order)>>),
    /// An access token.
    Access(Arc<str>, Option<(u64, Access)>),
    /// A refresh token.
    Refresh(Arc<str>, Option<(u64, Refresh)>),
}

/// The current state of a merchant, without its faults and customers.
#[derive(Debug)]
pub struct MerchantNow {
    /// The account.
    pub account: MerchantConfig,
    /// The clock.
    pub clock: Clock,
    /// The dialect that the admin API set, if it did.
    pub dialect: Option<Arc<Rulebook>>,
    /// The position after the merchant's initial customers.
    pub known_customers: u64,
}

impl State {
    /// Starts to track changes. If `is_new`, nothing of the current state has been stored, and it
    /// replaces everything stored.
    pub fn track(&mut self, is_new: bool) {
        self.merchants.track();
        self.access.track(is_new);
        self.refresh.track(is_new);
        self.orders.track(is_new);
        self.is_void = is_new;
        if is_new {
            self.kept = None;
            for merchant in self.merchants.values_mut() {
                merchant.faults.keep_anew();
                merchant.customers.keep_anew();
            }
        } else {
            self.kept = Some(self.counters());
        }
    }

    fn counters(&self) -> Counters {
        Counters {
            customer: self.next_customer,
            orders: self.next_order.clone(),
        }
    }

    /// Restores the stored counters.
    pub fn restore_counters(&mut self, kept: Counters) {
        self.next_customer = kept.customer;
        self.next_order = kept.orders;
    }

    /// The changes since the last call.
    pub fn take_changes(&mut self) -> Vec<Change> {
        let mut changes = Vec::new();
        if std::mem::take(&mut self.is_void) {
            changes.push(Change::Void);
        }
        let counters = self.counters();
        if self.kept.as_ref() != Some(&counters) {
            self.kept = Some(counters.clone());
            changes.push(Change::Counters(counters));
        }
        for id in self.merchants.take_changed() {
            let Some(merchant) = self.merchants.unmarked(&id) else {
                changes.push(Change::Merchant(id, None));
                continue;
            };
            let given = !Arc::ptr_eq(&merchant.rulebook, &merchant.own_rulebook);
            let now = MerchantNow {
                account: merchant.account.clone(),
                clock: merchant.clock,
                dialect: given.then(|| Arc::clone(&merchant.rulebook)),
                known_customers: merchant.customers.known(),
            };
            let faults = merchant.faults.take_changes();
            let customers = merchant.customers.take_changes();
            changes.push(Change::Merchant(id.clone(), Some(Box::new(now))));
            changes.push(Change::Faults(id.clone(), faults));
            changes.push(Change::Customers(id, customers));
        }
        let orders = self.orders.take_changes().into_iter();
        changes.extend(orders.map(|(id, now)| Change::Order(id, now.map(Box::new))));
        let access = self.access.take_changes().into_iter();
        changes.extend(access.map(|(token, now)| Change::Access(token, now)));
        let refresh = self.refresh.take_changes().into_iter();
        changes.extend(refresh.map(|(token, now)| Change::Refresh(token, now)));
        changes
    }
}
