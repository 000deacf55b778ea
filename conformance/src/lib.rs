//! Judges a server against the documented Flexiti Online API.
//!
//! A run goes one way: [`plan`] (pure: a list of cases built to keep or to break one named
//! clause) and [`generate`] (proptest) → [`exchange`] (over the wire, recorded) → [`judge`]
//! (pure: case and exchanges in, verdict out) → [`event`] → [`report`].
//!
//! The judge never asks a server's own validator what the answer should be: a case names the
//! clause it breaks, and the expectation comes from that clause.

mod cli;
pub mod curl;

pub mod event;
pub mod exchange;
pub mod generate;
pub mod judge;
pub mod merchant;
pub mod readback;
mod record;
pub mod report;
pub mod run;
pub mod selftest;
pub mod server;
pub mod session;
pub mod target;
pub mod waivers;

pub use cli::main;
