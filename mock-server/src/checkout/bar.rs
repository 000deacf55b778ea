//! The sandbox bar: test data, and buttons that force an outcome.

use crate::checkout::screen::Screen;
use crate::checkout::words::Words;
use crate::model::customer::CustomerStatus;
use crate::model::money::money;
use crate::model::order::Order;
use crate::state::Merchant;
use crate::state::transitions::{Wanted, way};
use flexiti_contract::Rule;

/// The sandbox bar, which is not part of the imitation.
#[derive(Debug)]
pub struct Bar {
    /// Whether it is initially open.
    pub open: bool,
    /// The PIN to enter.
    pub pin: Option<String>,
    /// Whether it can fill in test data.
    pub fills: bool,
    /// Whether response keys are shown.
    pub keys: bool,
    /// The card numbers to sign in with.
    pub cards: Vec<String>,
    /// The possible outcomes: value and label.
    pub force: Vec<(&'static str, &'static str)>,
}

impl Bar {
    /// The bar of a page.
    pub fn of(merchant: &Merchant, order: &Order, screen: Screen, words: &'static Words) -> Self {
        let visit = order.visit.as_deref();
        let outcomes = [
            (Wanted::Approved, "approved", words.force_approved),
            (Wanted::Pending, "pending", words.force_pending),
            (Wanted::Declined, "declined", words.force_declined),
            (Wanted::Retry, "retry", words.force_retry),
            (Wanted::Purchased, "purchased", words.force_purchased),
            (Wanted::Refused, "refused", words.force_refused),
            (Wanted::Cancelled, "cancelled", words.force_cancelled),
            (Wanted::Abandoned, "abandoned", words.force_abandoned),
            (Wanted::Expired, "expired", words.force_expired),
        ];
        Self {
            open: matches!(screen, Screen::Pin),
            pin: visit
                .filter(|_| screen == Screen::Pin)
                .and_then(|visit| visit.pin.clone()),
            fills: matches!(screen, Screen::Form | Screen::Identify),
            keys: screen == Screen::Form && merchant.rulebook.enforces(Rule::ResponseKeys),
            cards: merchant
                .customers
                .iter()
                .filter(|_| screen == Screen::Identify)
                .take(8)
                .map(|customer| {
                    let credit = money(&customer.available_credit.to_string(), words.lang);
                    let status = match customer.status {
                        CustomerStatus::Active => credit,
                        CustomerStatus::Frozen => words.sandbox_frozen.to_owned(),
                        CustomerStatus::NotFound => words.sandbox_unknown.to_owned(),
                    };
                    format!("{} ({status})", customer.vcc)
                })
                .collect(),
            force: outcomes
                .into_iter()
                .filter(|(wanted, ..)| way(&merchant.rulebook, order, *wanted).is_ok())
                .map(|(_, value, name)| (value, name))
                .collect(),
        }
    }
}
