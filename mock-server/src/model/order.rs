//! An order that init opened.

use crate::clock::Millis;
use crate::model::lifecycle::{self, Event, Illegal, Life};
use crate::model::money;
use crate::model::visit::Visit;
use flexiti_contract::dialect::Normalization;
use flexiti_contract::{Flow, Lang, Rulebook, StoredParameters};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::sync::Arc;
use unicode_normalization::UnicodeNormalization as _;

/// When notifications begin to show an outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Settles {
    /// At this time, by the merchant's clock.
    At(Millis),
    /// After this many more notification requests.
    Polls(u32),
}

/// An order that init opened.
#[derive(Debug, Clone)]
pub struct Order {
    /// `online_order_id`.
    pub id: u64,
    /// Its merchant.
    pub client_id: Arc<str>,
    /// The unguessable part of the redirection URL.
    pub session: Arc<str>,
    /// When init created it, by the merchant's clock.
    pub opened: Millis,
    /// What the customer does.
    pub flow: Flow,
    /// The language of its pages.
    pub lang: Lang,
    /// Whether it was opened on the `/v2` path, whose pages begin with a choice (R-cur).
    pub v2: bool,
    /// The token that init was called with (POC: the callback's `auth_token`).
    pub token: Arc<str>,
    /// `merchant_orderid`.
    pub merchant_order_id: Option<Arc<str>>,
    /// The parameters of init.
    pub parameters: StoredParameters,
    /// Its life so far.
    pub life: Life,
    /// When it reached its outcome.
    pub ended: Option<Millis>,
    /// When notifications begin to show the outcome; `None` means at once.
    pub settles: Option<Settles>,
    /// The Flexiti customer id, once there is one.
    pub customer_id: Option<String>,
    /// What the customer has entered so far.
    pub visit: Option<Box<Visit>>,
}

/// A merchant's own order id in the form in which the dialect compares it: composed and decomposed
/// accents may be equal (Unicode NFC).
pub fn comparable<'i>(rulebook: &Rulebook, id: &'i str) -> Cow<'i, str> {
    match rulebook.knobs().merchant_order_id_normalization {
        Normalization::Nfc if !id.is_ascii() => id.nfc().collect::<String>().into(),
        Normalization::Nfc | Normalization::Exact => id.into(),
    }
}

impl Order {
    /// Its approximate size in bytes, without later changes, which are small.
    pub fn size(&self) -> usize {
        size_of::<Self>() + self.parameters.size()
    }

    /// The parameters of init, flat.
    pub fn parameters(&self) -> Map<String, Value> {
        self.parameters.to_object()
    }

    /// Applies `event` at `now`; an event that is not allowed changes nothing.
    pub fn advance(&mut self, event: Event, now: Millis) -> Result<(), Illegal> {
        let life = lifecycle::advance(self.life, event)?;
        if event != Event::Return && life.outcome.is_some() {
            self.ended = Some(now);
        }
        self.life = life;
        Ok(())
    }

    /// Expires the order if its time is up, as of that time rather than `now`.
    pub fn expire(&mut self, rulebook: &Rulebook, now: Millis) {
        let open = Millis::from(rulebook.knobs().checkout_ttl) * 1_000;
        let end = self.opened.saturating_add(open);
        if now >= end {
            // An order that has an outcome keeps it.
            let _ = self.advance(Event::TimeOut, end);
        }
    }

    /// The amount that init requested, in dollars, as it was sent.
    pub fn amount_text(&self) -> Option<String> {
        match self.parameters().remove("amount_requested")? {
            Value::String(amount) => Some(amount),
            _ => None,
        }
    }

    /// The amount that init requested, in dollars; zero if it is not a valid amount.
    pub fn amount(&self) -> Decimal {
        let amount = self.amount_text();
        amount
            .and_then(|amount| money::parse(&amount))
            .unwrap_or_default()
    }

    /// What the customer has entered so far.
    pub fn visit(&mut self) -> &mut Visit {
        self.visit.get_or_insert_default()
    }

    /// Whether notifications show the outcome at `now`.
    pub fn is_settled(&self, now: Millis) -> bool {
        match self.settles {
            None => true,
            Some(Settles::At(at)) => now >= at,
            Some(Settles::Polls(left)) => left == 0,
        }
    }

    /// Whether a notification shows the outcome at `now`; the call counts as a poll.
    pub fn poll(&mut self, now: Millis) -> bool {
        let settled = self.is_settled(now);
        if let Some(Settles::Polls(left)) = &mut self.settles {
            *left = left.saturating_sub(1);
        }
        settled
    }
}
