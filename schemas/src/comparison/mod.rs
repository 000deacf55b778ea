//! Compares the answers of two servers: normalizes what changes from call to call, maps values from
//! one server to the other, and attributes differences to a clause or knob.

mod answers;
mod chain;
mod explain;
mod normal;
mod outcome;
mod subject;
mod view;

pub use answers::{Aspect, Difference, compare};
pub use chain::Chain;
pub use explain::{Asked, Drift, explain};
pub use outcome::outcome;
pub use subject::{Subject, knobs_about};
pub use view::AnswerView;
