//! Changes since an earlier run, in clauses of the API or checks of a shop.

use serde::Serialize;
use std::collections::BTreeSet;

/// Changes since an earlier run.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Changes {
    /// Failures that are not all in the baseline.
    pub new: Vec<String>,
    /// Failures that are in the baseline.
    pub known: Vec<String>,
    /// Failures of the baseline that are gone.
    pub no_longer: Vec<String>,
    /// Failures of the baseline that could not be tested this time.
    pub not_seen: Vec<String>,
    /// Whether this run learned something that the baseline had not.
    #[serde(skip)]
    pub learns_more: bool,
    /// What the baseline did not verify.
    #[serde(skip)]
    pub open: BTreeSet<String>,
}

impl Changes {
    /// Whether the baseline did not verify this either.
    pub fn was_open(&self, id: &str) -> bool {
        self.open.contains(id)
    }
}
