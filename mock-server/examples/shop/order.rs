//! The progress of an order: [`Order::start`] opens it at Flexiti, [`Order::look`] asks about it.
//! Only one of them runs at a time.

use crate::belief::{self, Belief, Flow};
use crate::flexiti::{Flexiti, Opened, Terms};
use crate::lang::Lang;
use crate::token::Token;
use crate::wire::Trouble;
use reqwest::Url;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// The minimum time between two requests to Flexiti about an order.
const PAUSE: Duration = Duration::from_secs(1);

/// An order of this shop.
pub struct Order {
    /// The shop's number for it.
    pub number: String,
    /// Behind one lock, so that a double click starts one checkout, and two tabs refresh a token
    /// once.
    progress: Mutex<Progress>,
}

struct Progress {
    terms: Terms,
    attempts: u32,
    /// The token of this checkout only (test case C-2).
    token: Option<Token>,
    opened: Option<Opened>,
    belief: Belief,
    customer_id: Option<String>,
    asked: Option<Instant>,
    asks: u32,
}

/// The result of starting a checkout.
pub enum Start {
    /// Send the customer to this URL.
    Go(Url),
    /// Nothing left to do: it is paid or approved.
    Done,
    /// Flexiti refused.
    Refused,
    /// Unknown; the customer may try again.
    TryAgain,
}

/// An order as the shop sees it.
pub struct Seen {
    /// What the shop believes.
    pub belief: Belief,
    /// What the order is about.
    pub flow: Flow,
    /// The language that the order was placed in.
    pub lang: Lang,
    /// Its amount.
    pub amount: String,
    /// The Flexiti customer id, after an approval.
    pub customer_id: Option<String>,
    /// How often Flexiti was asked.
    pub asks: u32,
}

impl Order {
    /// An order that has not been started.
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

    /// Starts the checkout, or continues one that was started: an order that may still be paid must
    /// not be paid twice.
    ///
    /// Init is not idempotent and has no idempotency key. If its answer is lost, an order may exist
    /// at Flexiti, but since nobody knows the URL of its pages, nobody can pay it, and asking by
    /// `merchant_orderid` would not give the URL either. The customer is asked to try again, and
    /// each attempt has its own `merchant_orderid` (`A17`, `A17-2`, …), so that no two orders at
    /// Flexiti share one.
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
            // Until init has answered. It stays so if the customer disconnects before that.
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

    /// What the shop believes now. Asks Flexiti, unless the belief is final.
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

    /// Whether this is Flexiti's id of the order.
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
        // Without an answer, the belief stays as it was.
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
