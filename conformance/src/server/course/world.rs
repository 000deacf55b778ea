//! What courses are drawn from: moves, and what the server supports.

use crate::server::case::Params;
use crate::server::plan::{self, Working};
use flexiti_contract::{Endpoint, Flow, Rulebook};
use proptest::prelude::*;
use proptest::strategy::BoxedStrategy;

/// Maximum length of a course.
const MOVES: usize = 12;

/// A move before its subject is known: its numbers select among what exists by then.
#[derive(Debug, Clone, Copy)]
pub struct Move {
    pub(super) what: u8,
    pub(super) which: u8,
    pub(super) other: u8,
}

/// What a server supports.
pub struct World<'a> {
    pub(super) rulebook: &'a Rulebook,
    pub(super) working: &'a Working,
    /// Whether orders can be completed and clocks set.
    pub(super) has_admin_api: bool,
    pub(super) flows: Vec<(Flow, Endpoint, Params)>,
}

/// Courses of moves.
pub fn moves() -> BoxedStrategy<Vec<Move>> {
    let one = (0..10_u8, any::<u8>(), any::<u8>());
    let one = one.prop_map(|(what, which, other)| Move { what, which, other });
    proptest::collection::vec(one, 1..=MOVES).boxed()
}

impl<'a> World<'a> {
    /// What this server supports.
    pub fn new(rulebook: &'a Rulebook, working: &'a Working, has_admin_api: bool) -> Self {
        let flows = [Flow::Apply, Flow::Buy, Flow::ApplyBuy];
        let open = |flow: Flow| {
            working.init().find_map(|endpoint| {
                let base = plan::base_params(rulebook, working, endpoint, flow)?;
                let valid = plan::violations(rulebook, endpoint, &base).is_empty();
                valid.then_some((flow, endpoint, base))
            })
        };
        Self {
            flows: flows.into_iter().filter_map(open).collect(),
            rulebook,
            working,
            has_admin_api,
        }
    }
}
