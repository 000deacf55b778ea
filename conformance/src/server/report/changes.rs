//! What has changed since an earlier run.

use serde::Serialize;
use std::collections::BTreeSet;

/// What has changed since an earlier run.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Changes {
    /// Clauses that fail, and did not fail in the baseline in every such case.
    pub new: Vec<String>,
    /// Clauses that fail as they did in the baseline.
    pub known: Vec<String>,
    /// Clauses that failed in the baseline, and do not fail any more.
    pub no_longer: Vec<String>,
    /// Clauses that failed in the baseline, and could not be tested now.
    pub not_seen: Vec<String>,
    /// An open question is answered otherwise that was not in the baseline.
    #[serde(skip)]
    pub learns_more: bool,
    /// The clauses that were not verified in the baseline.
    #[serde(skip)]
    pub open: BTreeSet<String>,
}

impl Changes {
    /// Whether the clause was not verified in the baseline either.
    pub fn was_open(&self, clause: &str) -> bool {
        self.open.contains(clause)
    }
}
