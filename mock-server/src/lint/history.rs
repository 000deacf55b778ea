//! All that a merchant's shop sent, in order, and what the server knows beside it.

use crate::clock::Millis;
use crate::lint::call::Call;
use crate::lint::identity::Identity;
use crate::lint::issued::Tokens;
use crate::model::lifecycle::Outcome;
use flexiti_contract::Rulebook;
use std::collections::HashSet;
use std::sync::Arc;

/// A moment by both clocks.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    /// The machine's time.
    pub at: Millis,
    /// The merchant's time.
    pub clock: Millis,
}

/// An order whose customer went back to the shop.
#[derive(Debug, Clone)]
pub struct Ended {
    /// `online_order_id`.
    pub id: u64,
    /// What it came to.
    pub outcome: Outcome,
    /// When, by the merchant's clock.
    pub ended: Millis,
    /// Whether notifications show it now.
    pub settled: bool,
}

/// What a shop did, as far as anybody remembers.
#[derive(Debug)]
pub struct History<'a> {
    /// The contract in the merchant's dialect.
    pub rulebook: &'a Rulebook,
    /// The contract in the other dialects.
    pub others: &'a [Arc<Rulebook>],
    /// The calls, in order.
    pub calls: Vec<Call>,
    /// The orders that are over; none where only a journal is known.
    pub orders: Vec<Ended>,
    /// Secrets that are no tokens.
    pub secrets: HashSet<Identity>,
    /// Now.
    pub now: Moment,
    /// Whether older calls were forgotten.
    pub cut: bool,
    pub(super) tokens: Tokens,
}

impl<'a> History<'a> {
    /// The history of these calls, which are in order.
    pub fn new(
        rulebook: &'a Rulebook,
        others: &'a [Arc<Rulebook>],
        calls: Vec<Call>,
        now: Moment,
    ) -> Self {
        Self {
            tokens: Tokens::of(&calls),
            rulebook,
            others,
            calls,
            orders: Vec::new(),
            secrets: HashSet::new(),
            now,
            cut: false,
        }
    }

    /// The contract in the strict dialect, if that is among those given.
    pub(super) fn strict(&self) -> Option<&Rulebook> {
        let others = self.others.iter().map(|rulebook| &**rulebook);
        let mut all = std::iter::once(self.rulebook).chain(others);
        all.find(|rulebook| rulebook.dialect().name == "strict")
    }
}
