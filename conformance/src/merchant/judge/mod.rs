//! Judges what a shop did: a scenario and what happened in it → verdicts. Pure, so that whoever
//! has the trace comes to the same verdicts.
//!
//! The messages are part of a certificate, which is judged again when it is verified: an earlier
//! certificate does not hold any more once a message is worded otherwise.

mod cart;
mod judgement;
pub mod lint;
mod pages;
pub mod results;
mod retries;
mod scenario;
mod steps;
mod story;
mod tokens;

pub use judgement::{Judgement, Verdict};
pub use scenario::judge;
