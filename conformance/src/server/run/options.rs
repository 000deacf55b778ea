//! The options of a run.

use super::selection::Selection;
use crate::server::case::Phase;
use crate::server::report::Baseline;

/// The options of a run.
#[derive(Debug, Clone)]
pub struct Options {
    /// Seed that makes the run repeatable.
    pub seed: u64,
    /// Number of generated cases.
    pub cases: u32,
    /// Maximum number of requests.
    pub max_requests: u64,
    /// Maximum number of requests per second.
    pub rate: Option<f64>,
    /// How long a case may wait in real time, in seconds, if the target's clock cannot be set.
    pub waiting: u64,
    /// How many requests are sent at once.
    pub jobs: usize,
    /// The harmless phases to run.
    pub phases: Vec<Phase>,
    /// Whether to send garbage, which could harm a live system.
    pub garbage: bool,
    /// Whether to send bodies over the limit, which could harm a live system.
    pub oversize: bool,
    /// Whether a different answer to an open question fails the run.
    pub fail_on_open: bool,
    /// The clauses to judge.
    pub selection: Selection,
    /// The report of an earlier run: only new failures count.
    pub baseline: Option<Baseline>,
    /// Notes for readers of the report that are known before the run.
    pub notes: Vec<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            seed: 0,
            cases: 1_000,
            max_requests: 1_000_000,
            rate: None,
            waiting: 0,
            jobs: 1,
            phases: Phase::HARMLESS.to_vec(),
            garbage: true,
            oversize: true,
            fail_on_open: false,
            selection: Selection::default(),
            baseline: None,
            notes: Vec::new(),
        }
    }
}

impl Options {
    /// Selects these phases. If none of them is harmless, all harmless ones are run as well.
    pub fn select(&mut self, phases: &[Phase], is_near: bool) {
        let harmless: Vec<Phase> = phases
            .iter()
            .filter(|phase| Phase::HARMLESS.contains(phase))
            .copied()
            .collect();
        let asked_for = |phase| phases.contains(&phase) || (is_near && harmless.is_empty());
        self.garbage = asked_for(Phase::Garbage);
        self.oversize = asked_for(Phase::Oversize);
        if !harmless.is_empty() {
            self.phases = harmless;
        }
    }
}
