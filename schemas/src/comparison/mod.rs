//! What two servers answer differently: answers compared without what differs from call to call,
//! values chained from one server to the other, and differences put down to a clause or a knob.

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
