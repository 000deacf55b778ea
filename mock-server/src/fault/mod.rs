//! Faults on demand: an ordered plan for each merchant, and the account of what became of it.

mod change;
mod matching;
mod plan;
mod reachable;
mod validate;

pub use change::FaultPlanChange;
pub use matching::{Faults, MatchInput, Strike, Ticket};
pub use plan::{Action, Fault, FaultPlan, FaultPlanView, FaultView, Match, Target};

/// The longest delay, in milliseconds, so that a mistyped plan does not hang a test for hours.
const LONGEST_MS: u32 = 600_000;

/// Where in a fault a mistake is, and what is allowed there.
type Wrong = (String, String);
