//! Judges a server: cases are planned or generated, sent, judged and reported.

mod case;
mod generate;
mod judge;
pub mod plan;
mod report;
pub mod run;
pub mod selftest;
mod wire;

pub use case::Kind;
pub use report::{Finding, Json, Junit, Places, Progress, Report, Reporter, Status, Text};
pub use wire::{
    AllowedHosts, Blocked, Credentials, Reach, Target, Unreachable, base, host, name_of,
};
