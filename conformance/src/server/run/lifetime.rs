//! Tokens that were refused before their time while others were issued: did they not live as long as
//! they were to, or has a newer one ended them? One that is alone tells.

use super::runner::Run;
use crate::server::plan::{self, Working};
use std::sync::Arc;

/// For so many seconds the run waits without being told to.
const PATIENCE: u64 = 20;

impl Run<'_> {
    /// Gets one more token, gets no other, and sends it when it is as old as those that had ended.
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
