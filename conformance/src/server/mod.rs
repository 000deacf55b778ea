//! Judges a server: cases are planned or generated, sent, judged and reported.

mod case;
mod generate;
mod judge;
pub mod plan;
pub mod probe;
mod report;
pub mod run;
pub mod selftest;
mod wire;

pub use case::Kind;
pub use report::{Finding, Json, Junit, Report, Reporter, Status, Text};
pub use wire::{Credentials, Target, Unreachable};
