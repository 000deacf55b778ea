//! The server's state: merchants, tokens, orders. Nothing here reads a clock or draws a random
//! number.

pub mod change;
mod counters;
mod customers;
mod merchant;
mod merchants;
mod orders;
mod recent;
pub mod transitions;

pub use counters::Counters;
pub use customers::{Customers, CustomersChanged};
pub use merchant::Merchant;
pub use merchants::Merchants;
pub use orders::Orders;
pub use recent::Recent;

use crate::model::account::MerchantConfig;
use crate::model::token::{Access, Refresh};
use crate::random::Random;
use crate::redact::Secrets;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The maximum number of access tokens, and of refresh tokens, of a merchant.
const TOKENS: usize = 50_000;
/// The customer id in the reference's example (R-ex) is a test customer's; this is the next one.
const FIRST_CUSTOMER: u64 = 1_293_837;

/// Everything that changes while the server runs.
#[derive(Debug)]
pub struct State {
    /// The merchants. Methods of `State` add and remove them, and keep the secrets in step.
    pub merchants: Merchants,
    /// The secrets of all merchants and of the admin API.
    pub secrets: Arc<Secrets>,
    /// The access tokens.
    pub access: Recent<Arc<str>, Access>,
    /// The refresh tokens.
    pub refresh: Recent<Arc<str>, Refresh>,
    /// The orders.
    pub orders: Orders,
    /// The source of tokens and sessions.
    pub random: Random,
    /// The id of the next approved customer.
    pub next_customer: u64,
    /// The next order's id, for each `first_order_id` of the dialects in use.
    next_order: BTreeMap<u64, u64>,
    /// Whether everything stored before is void.
    is_void: bool,
    /// The counters, as last stored.
    kept: Option<Counters>,
}

impl State {
    /// The initial state of a server.
    pub fn new(random: Random, secrets: Arc<Secrets>) -> Self {
        Self {
            merchants: Merchants::default(),
            secrets,
            access: Recent::new(TOKENS),
            refresh: Recent::new(TOKENS),
            orders: Orders::default(),
            next_customer: FIRST_CUSTOMER,
            random,
            next_order: BTreeMap::new(),
            is_void: false,
            kept: None,
        }
    }

    /// Adds a merchant under a new client id.
    pub fn add(&mut self, merchant: Merchant) {
        merchant.secrets().for_each(|s| self.secrets.add(s));
        self.merchants.insert(merchant);
    }

    /// Replaces a merchant's account under the same client id, if there is one; everything that
    /// belongs to the merchant stays.
    pub fn change_account(&mut self, account: &MerchantConfig) -> bool {
        let Some(merchant) = self.merchants.get_mut(&account.client_id) else {
            return false;
        };
        merchant.secrets().for_each(|s| self.secrets.remove(s));
        merchant.account = account.clone();
        merchant.secrets().for_each(|s| self.secrets.add(s));
        true
    }

    /// Removes a merchant and everything that belongs to it, if there is one; the result can be
    /// dropped at any time.
    pub fn remove(&mut self, client_id: &str) -> Option<impl Send + use<>> {
        let merchant = self.merchants.remove(client_id)?;
        merchant.secrets().for_each(|s| self.secrets.remove(s));
        Some((merchant, self.forget(client_id)))
    }

    /// Forgets the secrets of all merchants, because another state replaces this one.
    pub fn forget_secrets(&self) {
        let secrets = self.merchants.values().flat_map(Merchant::secrets);
        secrets.for_each(|secret| self.secrets.remove(secret));
    }

    /// Revokes all access tokens that a client has.
    pub fn end_tokens(&mut self, client_id: &str) {
        // Tokens older than one that a newer token revoked were revoked with it.
        let by_newer = |access: &Access, refresh: &Recent<Arc<str>, Refresh>| {
            let refresh = refresh.get(&access.refresh_token);
            access.revoked && !refresh.is_some_and(|refresh| refresh.used)
        };
        let live = self.access.newest(client_id).take_while(|token| {
            let access = self.access.get(&***token);
            access.is_some_and(|access| !by_newer(access, &self.refresh))
        });
        let live: Vec<Arc<str>> = live.cloned().collect();
        for token in live {
            if let Some(access) = self.access.get_mut(&token) {
                access.revoked = true;
            }
        }
    }

    /// The next order's id, in a dialect whose ids start at `first`.
    pub fn next_order_id(&mut self, first: u64) -> u64 {
        let next = self.next_order.entry(first).or_insert(first);
        // Ids that started lower may already be in use here.
        while self.orders.get(*next).is_some() {
            *next += 1;
        }
        *next += 1;
        *next - 1
    }

    /// Forgets a merchant's tokens and orders; the result can be dropped at any time.
    pub fn forget(&mut self, client_id: &str) -> impl Send + use<> {
        (
            self.access.forget(client_id),
            self.refresh.forget(client_id),
            self.orders.remove_all_of(client_id),
        )
    }
}
