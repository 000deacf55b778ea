//! The events of a run. Reporters see nothing else.

use super::contents::Report;
use crate::server::case::Case;

/// An event of a run.
#[derive(Debug)]
pub enum Event<'a> {
    /// The run begins.
    Started {
        /// The base URL.
        target: &'a str,
        /// The dialect that is expected.
        dialect: &'a str,
        /// The seed.
        seed: u64,
    },
    /// A case was run.
    Case {
        /// The case.
        case: &'a Case,
        /// Its outcome, as in [`CaseRow`](super::CaseRow).
        outcome: &'static str,
    },
    /// Progress.
    Progress {
        /// Cases done.
        done: usize,
        /// Cases in total, as far as known.
        total: usize,
    },
    /// The run is over.
    Finished(&'a Report),
}

/// Reports a run to somebody.
pub trait Reporter {
    /// Handles an event.
    fn on(&mut self, event: &Event<'_>) -> anyhow::Result<()>;
}
