//! An order on its way: started at Flexiti, and asked about. [`Order::start`] and
//! [`Order::look`] are all that happens to it, one at a time.

use crate::belief::{self, Belief, Flow};
use crate::flexiti::{Flexiti, Opened, Terms};
use crate::lang::Lang;
use crate::token::Token;
use crate::wire::Trouble;
use reqwest::Url;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// Flexiti is asked about an order at most this often.
const PAUSE: Duration = Duration::from_secs(1);

/// An order of this shop.
pub struct Order {
    /// The shop's number for it.
    pub number: String,
    /// Behind one lock, so that a double click starts one checkout and two tabs refresh a
    /// token once.
    progress: Mutex<Progress>,
}

struct Progress {
    terms: Terms,
    attempts: u32,
    /// The token of this checkout and no other (test case C-2).
    token: Option<Token>,
    opened: Option<Opened>,
    belief: Belief,
    customer_id: Option<String>,
    asked: Option<Instant>,
    asks: u32,
}

/// What came of starting a checkout.
pub enum Start {
    /// The customer can go to these pages.
    Go(Url),
    /// There is nothing left to do: it is paid, or approved.
    Done,
    /// Flexiti will not have it.
    Refused,
    /// Nobody knows; another try may do.
    TryAgain,
}

/// An order as the shop sees it.
pub struct Seen {
    /// What the shop believes.
    pub belief: Belief,
    /// What the order is about.
    pub flow: Flow,
    /// The language that the order was made in.
    pub lang: Lang,
    /// Its amount.
    pub amount: String,
    /// The Flexiti customer, after an approval.
    pub customer_id: Option<String>,
    /// How often Flexiti was asked.
    pub asks: u32,
}

impl Order {
    /// An order that nobody has started.
    pub fn new(number: String, terms: Terms) -> Self {
        let progress = Progress {
            terms,
            attempts: 0,
            token: None,
            opened: None,
            belief: Belief::Pending,
            customer_id: None,
            asked: None,
            asks: 0,
        };
        Self {
            number,
            progress: Mutex::new(progress),
        }
    }

    /// Starts the checkout, or goes on with the one that was started: an order that may still
    /// be paid must not be paid twice.
    ///
    /// Init is not idempotent and has no key that would make it so. After an answer that was
    /// lost there may be an order at Flexiti, but nobody knows the URL of its pages, so nobody
    /// can pay it, and asking by `merchant_orderid` would not give the URL either. The customer
    /// is asked to try again, and the next attempt has a `merchant_orderid` of its own
    /// (`A17`, `A17-2`, …), lest two orders at Flexiti answer to one name.
    pub async fn start(&self, flexiti: &Flexiti, terms: Terms) -> Start {
        let mut progress = self.progress.lock().await;
        progress.ask(flexiti).await;
        match (progress.belief, &progress.opened) {
            (Belief::Paid | Belief::Approved, _) => return Start::Done,
            (Belief::Pending, Some(opened)) => return Start::Go(opened.redirection_url.clone()),
            _ => {}
        }
        let attempts = progress.attempts + 1;
        *progress = Progress {
            attempts,
            // Until init has answered; it stays so if the customer hangs up meanwhile.
            belief: Belief::Failed,
            terms,
            token: None,
            opened: None,
            customer_id: None,
            asked: None,
            asks: 0,
        };
        let merchant_order = match attempts {
            1 => self.number.clone(),
            attempt => format!("{}-{attempt}", self.number),
        };
        let Progress { token, terms, .. } = &mut *progress;
        match flexiti.init(token, terms, &merchant_order).await {
            Ok(opened) => {
                let url = opened.redirection_url.clone();
                progress.belief = Belief::Pending;
                progress.opened = Some(opened);
                Start::Go(url)
            }
            Err(Trouble::Refused) => Start::Refused,
            Err(Trouble::Lost) => Start::TryAgain,
        }
    }

    /// What the shop believes now, asked anew unless that cannot change it.
    pub async fn look(&self, flexiti: &Flexiti) -> Seen {
        let mut progress = self.progress.lock().await;
        progress.ask(flexiti).await;
        Seen {
            belief: progress.belief,
            flow: progress.terms.flow,
            lang: progress.terms.lang,
            amount: progress.terms.amount.clone(),
            customer_id: progress.customer_id.clone(),
            asks: progress.asks,
        }
    }

    /// Whether Flexiti's id of the order is this one.
    pub async fn is(&self, order_id: &str) -> bool {
        let progress = self.progress.lock().await;
        let opened = progress.opened.as_ref();
        opened.is_some_and(|opened| opened.order_id == order_id)
    }
}

impl Progress {
    async fn ask(&mut self, flexiti: &Flexiti) {
        let just_asked = self.asked.is_some_and(|asked| asked.elapsed() < PAUSE);
        let Some(opened) = &self.opened else { return };
        if self.belief.is_final() || just_asked {
            return;
        }
        self.asks = self.asks.saturating_add(1);
        self.asked = Some(Instant::now());
        // Without an answer the shop goes on believing what it believed.
        if let Ok(Some(body)) = flexiti
            .notification(&mut self.token, &opened.order_id)
            .await
        {
            self.belief = belief::read(self.terms.flow, &body);
            self.customer_id = belief::customer_id(&body);
        }
        self.asked = Some(Instant::now());
    }
}
