//! Judges what a shop did: a scenario and its trace in, verdicts out. Pure, so that anyone with the
//! trace gets the same verdicts.
//!
//! The messages are part of certificates, whose traces are judged again on verification. Do not
//! reword a message, or earlier certificates will no longer verify.

mod cart;
pub mod checkers;
mod judgement;
pub mod lint;
mod numbers;
mod orders;
mod pages;
pub mod results;
mod retries;
pub mod root;
mod scenario;
mod steps;
mod story;
mod tokens;

pub use checkers::{Basis, Ground};
pub use judgement::{Judgement, Verdict};
pub use scenario::{judge, worst};
pub use story::denies_purchase;
