//! What has changed in a server's state, for whoever keeps it.

use crate::clock::Clock;
use crate::fault::FaultsChanged;
use crate::model::account::MerchantConfig;
use crate::model::order::Order;
use crate::model::token::{Access, Refresh};
use crate::state::{Counters, CustomersChanged, State};
use flexiti_contract::Rulebook;
use std::sync::Arc;

/// One change. What is gone is `None`; numbers say what came first.
#[derive(Debug)]
pub enum Change {
    /// All that was kept is void.
    Void,
    /// The ids that are given next.
    Counters(Counters),
    /// A merchant's account, clock and dialect; if it is gone, so are its faults and customers.
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

/// A merchant as it is now, apart from its faults and customers.
#[derive(Debug)]
pub struct MerchantNow {
    /// The account.
    pub account: MerchantConfig,
    /// The clock.
    pub clock: Clock,
    /// The dialect that the admin API gave it, if one did.
    pub dialect: Option<Arc<Rulebook>>,
    /// The place after the customers that it began with.
    pub known_customers: u64,
}

impl State {
    /// Notes from now on what changes. Where `is_new`, what there is now has not been kept either,
    /// and takes the place of all that was.
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

    /// Gives the next ids that were kept.
    pub fn restore_counters(&mut self, kept: Counters) {
        self.next_customer = kept.customer;
        self.next_order = kept.orders;
    }

    /// What has changed since this was last asked for.
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
