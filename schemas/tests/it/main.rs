//! The contract's own tests: its files are consistent, refuse mistakes, and mean what they say.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    unreachable_pub,
    reason = "tests"
)]

mod consistency;
mod dependencies;
mod dialects;
mod expectations;
mod hosts;
mod mistakes;
mod open_questions;
mod openapi;
mod parameters;
mod reference;
mod remedies;
mod validation;
