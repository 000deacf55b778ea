//! A merchant and what belongs only to it.

use crate::call_kind::CallKind;
use crate::clock::{Clock, Millis};
use crate::fault::{Faults, MatchInput, Strike};
use crate::model::account::MerchantConfig;
use crate::model::customer::Customer;
use crate::model::order::Order;
use crate::random::Random;
use crate::state::customers::Customers;
use flexiti_contract::Rulebook;
use serde_json::Map;
use std::sync::Arc;

/// A merchant and what belongs only to it.
#[derive(Debug)]
pub struct Merchant {
    /// The account.
    pub account: MerchantConfig,
    /// The client id, shared with its tokens and orders.
    pub client_id: Arc<str>,
    /// The contract in the merchant's dialect.
    pub rulebook: Arc<Rulebook>,
    /// The contract in the merchant's original dialect.
    pub own_rulebook: Arc<Rulebook>,
    /// The merchant's clock.
    pub clock: Clock,
    /// The customers known to Flexiti.
    pub customers: Customers,
    /// The fault plan.
    pub faults: Faults,
}

impl Merchant {
    /// A new merchant.
    pub fn new(
        account: MerchantConfig,
        rulebook: Arc<Rulebook>,
        customers: Vec<Customer>,
        random: Random,
    ) -> Self {
        Self {
            faults: Faults::none(random),
            customers: Customers::new(customers),
            client_id: account.client_id.as_str().into(),
            account,
            own_rulebook: Arc::clone(&rulebook),
            rulebook,
            clock: Clock::default(),
        }
    }
}

impl Merchant {
    /// The fault that strikes the callback of an order, if there is one.
    pub fn strike_callback(&mut self, order: &Order, now: Millis) -> Option<Strike> {
        let params = || {
            let mut ids = Map::new();
            ids.insert("orderId".to_owned(), order.id.to_string().into());
            if let Some(id) = order.merchant_order_id.as_deref() {
                ids.insert("merchantOrderId".to_owned(), id.into());
            }
            ids
        };
        let input = MatchInput::new(CallKind::Callback, now, &params);
        self.faults.strike(&input)
    }

    pub(super) fn secrets(&self) -> impl Iterator<Item = &str> {
        let account = &self.account;
        [Some(&account.client_secret), account.password.as_ref()]
            .into_iter()
            .flatten()
            .map(String::as_str)
    }
}
