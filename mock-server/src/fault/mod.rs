//! Faults on demand: an ordered plan for each merchant, and which requests its faults struck.

mod change;
mod index;
mod kept;
mod matching;
mod mistake;
mod plan;
mod planned;
mod reachable;
mod validate;

pub use change::FaultPlanChange;
pub use kept::{FaultsChanged, KeptFault};
pub use matching::{Faults, Strike, Ticket};
pub use plan::{Action, Fault, FaultMatch, FaultPlan, FaultPlanView, FaultView, Target};
pub use planned::MatchInput;
pub use reachable::names;
