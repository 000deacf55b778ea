//! Judges a server against the documented Flexiti Online API.
//!
//! A run goes one way: [`plan`] (pure: a list of cases built to keep or to break one named
//! clause) and [`generate`] (proptest) → [`exchange`] (over the wire, recorded) → [`judge`]
//! (pure: case and exchanges in, verdict out) → [`event`] → [`report`].
//!
//! The judge never asks a server's own validator what the answer should be: a case names the
//! clause it breaks, and the expectation comes from that clause.

mod cli;
mod merchant;
mod server;

pub use cli::main;
pub use merchant::certificate::key;
pub use server::{Credentials, Kind, Report, Status, Target};
pub use server::{plan, run, selftest};
