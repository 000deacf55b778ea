//! What the shop remembers: sessions and their orders. A real shop keeps them in a database; this
//! one drops the oldest.

use crate::flexiti::Terms;
use crate::lang::Lang;
use crate::order::Order;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

const SESSIONS: usize = 10_000;
const ORDERS_OF_A_SESSION: usize = 100;

/// A browser session.
pub struct Session {
    /// The value of its cookie.
    pub id: String,
    /// The token in its forms, so that other sites cannot submit them.
    pub form_token: String,
    kept: Mutex<Kept>,
}

struct Kept {
    lang: Lang,
    customer_id: Option<String>,
    orders: Vec<Arc<Order>>,
}

impl Session {
    /// The customer's language.
    pub fn lang(&self) -> Lang {
        self.kept().lang
    }

    /// Changes the language.
    pub fn speak(&self, lang: Lang) {
        self.kept().lang = lang;
    }

    /// The Flexiti customer who was approved here.
    pub fn customer_id(&self) -> Option<String> {
        self.kept().customer_id.clone()
    }

    /// Keeps the Flexiti customer for a later purchase.
    pub fn keep_customer(&self, id: String) {
        self.kept().customer_id = Some(id);
    }

    /// The session's orders, latest first.
    pub fn orders(&self) -> Vec<Arc<Order>> {
        self.kept().orders.iter().rev().cloned().collect()
    }

    /// The session's order with this number.
    pub fn order(&self, number: &str) -> Option<Arc<Order>> {
        let kept = self.kept();
        kept.orders
            .iter()
            .find(|order| order.number == number)
            .cloned()
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        lock(&self.kept)
    }
}

/// All sessions, and all orders by number.
#[derive(Default)]
pub struct Store(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    sessions: HashMap<String, Arc<Session>>,
    by_age: VecDeque<String>,
    orders: HashMap<String, Arc<Order>>,
}

impl Store {
    /// The session of a cookie.
    pub fn session(&self, id: &str) -> Option<Arc<Session>> {
        lock(&self.0).sessions.get(id).cloned()
    }

    /// Creates a session. Its id is never one that a browser sent.
    pub fn new_session(&self, lang: Lang) -> Arc<Session> {
        let session = Arc::new(Session {
            id: crate::random::hex(),
            form_token: crate::random::hex(),
            kept: Mutex::new(Kept {
                lang,
                customer_id: None,
                orders: Vec::new(),
            }),
        });
        let mut inner = lock(&self.0);
        inner.by_age.push_back(session.id.clone());
        inner
            .sessions
            .insert(session.id.clone(), Arc::clone(&session));
        if inner.by_age.len() > SESSIONS
            && let Some(oldest) = inner.by_age.pop_front()
            && let Some(gone) = inner.sessions.remove(&oldest)
        {
            for order in gone.orders() {
                inner.orders.remove(&order.number);
            }
        }
        session
    }

    /// The order with this number, in any session.
    pub fn order(&self, number: &str) -> Option<Arc<Order>> {
        lock(&self.0).orders.get(number).cloned()
    }

    /// The session's order with this number, created if the number is free; `None` if the order
    /// belongs to another session.
    pub fn order_of(&self, session: &Session, number: &str, terms: &Terms) -> Option<Arc<Order>> {
        let mut inner = lock(&self.0);
        if inner.orders.contains_key(number) {
            return session.order(number);
        }
        let order = Arc::new(Order::new(number.to_owned(), terms.clone()));
        inner.orders.insert(number.to_owned(), Arc::clone(&order));
        let mut kept = session.kept();
        kept.orders.push(Arc::clone(&order));
        if kept.orders.len() > ORDERS_OF_A_SESSION {
            let oldest = kept.orders.remove(0);
            inner.orders.remove(&oldest.number);
        }
        Some(order)
    }
}

/// No update under these locks can be left half done, so a poisoned lock is safe to use.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
