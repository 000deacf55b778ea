//! Everything that a merchant's shop sent, in order, with the server's knowledge about it.

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

/// An order whose customer returned to the shop.
#[derive(Debug, Clone)]
pub struct Ended {
    /// `online_order_id`.
    pub id: u64,
    /// Its outcome.
    pub outcome: Outcome,
    /// When it ended, by the merchant's clock.
    pub ended: Millis,
    /// Whether notifications already show the outcome.
    pub settled: bool,
}

/// Everything that a shop did, as far as it is remembered.
#[derive(Debug)]
pub struct History<'a> {
    /// The contract in the merchant's dialect.
    pub rulebook: &'a Rulebook,
    /// The contract in the other dialects.
    pub others: &'a [Arc<Rulebook>],
    /// The calls, in order.
    pub calls: Vec<Call>,
    /// The orders that have ended; empty if only a journal is known.
    pub orders: Vec<Ended>,
    /// Secrets other than tokens.
    pub secrets: HashSet<Identity>,
    /// The current time.
    pub now: Moment,
    /// Whether older calls have been dropped.
    pub cut: bool,
    pub(super) tokens: Tokens,
}

impl<'a> History<'a> {
    /// The history of these calls, which must be in order.
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

    /// The contract in the strict dialect, if it is among those given.
    pub(super) fn strict(&self) -> Option<&Rulebook> {
        let others = self.others.iter().map(|rulebook| &**rulebook);
        let mut all = std::iter::once(self.rulebook).chain(others);
        all.find(|rulebook| rulebook.dialect().name == "strict")
    }
}
