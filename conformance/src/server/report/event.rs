//! What a run says while it goes on. Reporters listen to nothing else.

use super::contents::Report;

/// Something happened.
#[derive(Debug)]
pub enum Event<'a> {
    /// The run begins.
    Started {
        /// The base URL.
        target: &'a str,
        /// The dialect that is expected.
        dialect: &'a str,
        /// What makes the run repeatable.
        seed: u64,
    },
    /// So many cases of so many are done.
    Progress {
        /// Cases done.
        done: usize,
        /// Cases in all, as far as is known.
        total: usize,
    },
    /// The run is over.
    Finished(&'a Report),
}

/// Someone who listens.
pub trait Reporter {
    /// Takes an event.
    fn on(&mut self, event: &Event<'_>) -> anyhow::Result<()>;
}
