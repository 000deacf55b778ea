//! How to run.

use super::selection::Selection;
use crate::server::case::Phase;
use crate::server::report::Baseline;

/// How to run.
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
    /// How long a case may wait for real, in seconds, where the target's clock cannot be set.
    pub waiting: u64,
    /// How many requests are sent at once.
    pub jobs: usize,
    /// The phases that are run, of those that hurt nobody.
    pub phases: Vec<Phase>,
    /// Send what could hurt a live system: garbage.
    pub garbage: bool,
    /// Send what could hurt a live system: bodies over the limit.
    pub oversize: bool,
    /// Open questions that are answered otherwise fail the run.
    pub fail_on_open: bool,
    /// The clauses that the run is about.
    pub selection: Selection,
    /// The report of an earlier run: only what is new fails.
    pub baseline: Option<Baseline>,
    /// What is known before the run, for the readers of its report.
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
    /// Runs these phases. If none of them is harmless, all of those are run as well.
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
