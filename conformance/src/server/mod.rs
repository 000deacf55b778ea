//! Judges a server: cases are planned or generated, sent, judged and reported.

mod case;
mod course;
pub mod diff;
mod generate;
mod judge;
pub mod plan;
pub mod probe;
pub mod replay;
mod report;
pub mod run;
pub mod selftest;
mod wire;

pub use case::{Kind, Phase};
pub use probe::{KnobAnswer, Probed};
pub use report::{Baseline, Learned, Report, Status, Stored, shown};
pub use wire::{
    AllowedHosts, Blocked, Credentials, Limits, Owner, Reach, Target, Unreachable, base, host,
    name_of,
};
