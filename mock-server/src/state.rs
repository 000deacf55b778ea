//! What the server remembers: merchants, tokens, orders. Nothing here reads a clock or draws
//! a random number.

use crate::clock::{Clock, Millis};
use crate::config::MerchantConfig;
use crate::customers::Customer;
use crate::fault::Faults;
use crate::orders::Orders;
use crate::random::Random;
use crate::redact::Secrets;
use flexiti_contract::Rulebook;
use rustc_hash::FxHashMap;
use std::borrow::Borrow;
use std::collections::{BTreeMap, VecDeque};
use std::hash::Hash;
use std::sync::Arc;

/// How many access tokens, and as many refresh tokens, of a merchant are remembered.
const TOKENS: usize = 50_000;
/// The customer id in the reference's example (R-ex) is a test customer; this one follows it.
const FIRST_CUSTOMER: u64 = 1_293_837;

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

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.map.is_empty()
    }
}

/// What a token may be used for (R-cur).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the reference's own words")]
pub enum Scope {
    Merchant,
    Customer,
}

impl Scope {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Merchant => "merchant",
            Self::Customer => "customer",
        }
    }
}

/// An access token that was issued.
#[derive(Debug, Clone)]
pub struct Access {
    /// Whose it is.
    pub client_id: Arc<str>,
    /// What it opens.
    pub scope: Scope,
    /// When it ends, by its merchant's clock.
    pub expires: Millis,
    /// A refresh ended it.
    pub revoked: bool,
    /// The refresh token issued with it.
    pub refresh_token: Arc<str>,
}

/// A refresh token that was issued.
#[derive(Debug, Clone)]
pub struct Refresh {
    /// Whose it is.
    pub client_id: Arc<str>,
    /// The scope of the tokens it gives.
    pub scope: Scope,
    /// The access token issued with it.
    pub access_token: Arc<str>,
    /// When that one ends, by the merchant's clock.
    pub access_expires: Millis,
    /// When it ends itself.
    pub expires: Millis,
    /// It has been used, and works once.
    pub used: bool,
}

/// A merchant with all that belongs to it alone.
#[derive(Debug)]
pub struct Merchant {
    /// The account.
    pub account: MerchantConfig,
    /// The client id, shared by its tokens and orders.
    pub client_id: Arc<str>,
    /// The contract in the merchant's dialect.
    pub rulebook: Arc<Rulebook>,
    /// The same as it was at the start.
    pub own_rulebook: Arc<Rulebook>,
    /// The merchant's clock.
    pub clock: Clock,
    /// The customers that Flexiti knows.
    pub customers: Vec<Customer>,
    /// The faults that are planned.
    pub faults: Faults,
    /// How many of them it began with.
    pub known: usize,
}

impl Merchant {
    /// A merchant at its start.
    pub fn new(
        account: MerchantConfig,
        rulebook: Arc<Rulebook>,
        customers: Vec<Customer>,
        random: Random,
    ) -> Self {
        Self {
            faults: Faults::none(random),
            known: customers.len(),
            customers,
            client_id: account.client_id.as_str().into(),
            account,
            own_rulebook: Arc::clone(&rulebook),
            rulebook,
            clock: Clock::default(),
        }
    }
}

impl Merchant {
    fn secrets(&self) -> impl Iterator<Item = &str> {
        let account = &self.account;
        [Some(&account.client_secret), account.password.as_ref()]
            .into_iter()
            .flatten()
            .map(String::as_str)
    }
}

/// Everything that changes while the server runs.
#[derive(Debug)]
pub struct State {
    /// The merchants by client id; added and removed by the methods, which keep the secrets.
    pub merchants: FxHashMap<String, Merchant>,
    /// The secrets of all merchants, and the admin API's.
    pub secrets: Arc<Secrets>,
    /// The access tokens.
    pub access: Recent<Arc<str>, Access>,
    /// The refresh tokens.
    pub refresh: Recent<Arc<str>, Refresh>,
    /// The orders.
    pub orders: Orders,
    /// The source of tokens and sessions.
    pub random: Random,
    /// The id of the next customer whose application is approved.
    pub next_customer: u64,
    /// The next order id after each `first_order_id` that some dialect asked for.
    next_order: BTreeMap<u64, u64>,
}

impl State {
    /// A server's state at its start.
    pub fn new(random: Random) -> Self {
        Self {
            merchants: FxHashMap::default(),
            secrets: Arc::default(),
            access: Recent::new(TOKENS),
            refresh: Recent::new(TOKENS),
            orders: Orders::default(),
            next_customer: FIRST_CUSTOMER,
            random,
            next_order: BTreeMap::new(),
        }
    }

    /// Adds a merchant under a new client id.
    pub fn add(&mut self, merchant: Merchant) {
        let secrets = Arc::make_mut(&mut self.secrets);
        merchant.secrets().for_each(|secret| secrets.add(secret));
        self.merchants
            .insert(merchant.account.client_id.clone(), merchant);
    }

    /// Removes a merchant with all that belongs to it, if there is one; what is left of it may be
    /// dropped at any time.
    pub fn remove(&mut self, client_id: &str) -> Option<impl Send + use<>> {
        let merchant = self.merchants.remove(client_id)?;
        let secrets = Arc::make_mut(&mut self.secrets);
        merchant.secrets().for_each(|secret| secrets.remove(secret));
        Some((merchant, self.forget(client_id)))
    }

    /// The next order id, where the first one is `first`.
    pub fn next_order_id(&mut self, first: u64) -> u64 {
        let next = self.next_order.entry(first).or_insert(first);
        // Those that began lower may have come this far.
        while self.orders.get(*next).is_some() {
            *next += 1;
        }
        *next += 1;
        *next - 1
    }

    /// Forgets a merchant's tokens and orders; what is left of them may be dropped at any time.
    pub fn forget(&mut self, client_id: &str) -> impl Send + use<> {
        (
            self.access.forget(client_id),
            self.refresh.forget(client_id),
            self.orders.remove_all_of(client_id),
        )
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
        assert!(recent.is_empty());
    }
}
