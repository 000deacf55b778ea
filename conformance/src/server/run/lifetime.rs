//! Tokens that were refused early while others were issued: either their lifetime is too short, or
//! a newer token ended them. A token used alone shows which.

use super::runner::Run;
use crate::server::plan::{self, Working};
use std::sync::Arc;

/// How many seconds the run may wait without `--allow-waiting`.
const PATIENCE: u64 = 20;

impl Run<'_> {
    /// Fetches one more token and no other, and sends it at the age at which the earlier ones had
    /// ended.
    pub(super) fn lifetime(&mut self, working: &Working, waiting: u64) -> anyhow::Result<()> {
        let suspected = self.sessions.suspected_life();
        let Some(age) = suspected.filter(|_| !self.target.has_admin_api()) else {
            return Ok(());
        };
        let seconds = age.as_secs() + 1;
        self.sessions.main.allow_waiting(PATIENCE.max(waiting));
        let rulebook = Arc::clone(&self.rulebook);
        for case in plan::lives(&rulebook, working, seconds) {
            self.case(&case)?;
        }
        self.sessions.main.allow_waiting(waiting);
        Ok(())
    }
}
