//! The record of a run: every request that reached the mock, byte for byte apart from secrets, and
//! the steering in between. A mock with the same seed, played through it, must give the answers in
//! the trace.
//!
//! Tokens and sessions follow from the seed. The record has a digest in place of each, which the
//! seed resolves. The shop's own secrets are replaced by made-up ones of the same shape, to which
//! the mock gives the same answers.

mod digest;
mod event;
mod seal;
mod steering;
mod tokens;

pub use event::{Account, Bytes, Call, Event, Record, What};
pub use seal::Chain;
pub use steering::{Setting, is_of_order};
pub use tokens::Tokens;
