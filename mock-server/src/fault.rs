//! Faults on demand: an ordered plan for each merchant, and the account of what became of it.

mod change;
mod check;
mod plan;
mod reach;
mod strike;

pub use change::PlanChange;
pub use plan::{Action, Fault, FaultView, Match, Plan, PlanView, Target};
pub use strike::{Faults, Seen, Strike, Ticket};

/// The longest delay, in milliseconds, so that a mistyped plan does not hang a test for hours.
const LONGEST_MS: u32 = 600_000;

/// Where in a fault a mistake is, and what is allowed there.
type Wrong = (String, String);
