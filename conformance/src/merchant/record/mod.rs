//! The record of a run: what came in at the mock, byte for byte but for secrets, and what was done
//! to the mock in between. A mock with the same seed, played through it, has to give the answers
//! that the trace shows.
//!
//! Tokens and sessions are the seed's. The record has a digest in the place of each; whoever has
//! the seed finds out what it stands for. Secrets of the shop's own are replaced by made-up ones of
//! the same shape, to which the mock answers alike.

mod digest;
mod event;
mod seal;
mod steering;
mod tokens;

pub use event::{Account, Bytes, Call, Event, Record, What};
pub use seal::Chain;
pub use steering::{Setting, is_of_order};
pub use tokens::Tokens;
