//! What has changed since an earlier run, in clauses of the API or in checks of a shop.

use serde::Serialize;
use std::collections::BTreeSet;

/// What has changed since an earlier run.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Changes {
    /// What fails, and did not fail in the baseline in every such case.
    pub new: Vec<String>,
    /// What fails as it did in the baseline.
    pub known: Vec<String>,
    /// What failed in the baseline, and does not fail any more.
    pub no_longer: Vec<String>,
    /// What failed in the baseline, and could not be tested now.
    pub not_seen: Vec<String>,
    /// An open question is answered otherwise that was not in the baseline.
    #[serde(skip)]
    pub learns_more: bool,
    /// What was not verified in the baseline.
    #[serde(skip)]
    pub open: BTreeSet<String>,
}

impl Changes {
    /// Whether something was not verified in the baseline either.
    pub fn was_open(&self, id: &str) -> bool {
        self.open.contains(id)
    }
}
