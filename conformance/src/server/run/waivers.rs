//! Waivers: known failures, each with a reason. A waived clause must still fail.

use anyhow::{Context as _, ensure};
use flexiti_contract::Contract;
use serde::Deserialize;
use std::path::Path;

/// The clauses that are allowed to fail.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Waivers {
    #[serde(default)]
    waivers: Vec<Waiver>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Waiver {
    clause: String,
    reason: String,
}

impl Waivers {
    /// Reads a TOML file of `[[waivers]]` with `clause` and `reason`.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let name = path.display();
        let text = std::fs::read_to_string(path).with_context(|| format!("{name}"))?;
        let waivers: Self = toml::from_str(&text).with_context(|| format!("{name}"))?;
        for waiver in &waivers.waivers {
            let known = Contract::shipped().clause(&waiver.clause).is_some();
            ensure!(
                known,
                "{name}: clause: unknown clause `{}`; `list` shows all of them",
                waiver.clause
            );
            let reason = waiver.reason.trim();
            ensure!(
                !reason.is_empty(),
                "{name}: reason: missing for `{}`",
                waiver.clause
            );
        }
        Ok(waivers)
    }

    /// Why this clause may fail.
    pub fn reason(&self, clause: &str) -> Option<&str> {
        let waiver = self.waivers.iter().find(|waiver| waiver.clause == clause);
        waiver.map(|waiver| waiver.reason.as_str())
    }

    /// The waivers of clauses that did not fail.
    pub fn unused(&self, failed: impl Fn(&str) -> bool) -> Vec<String> {
        let clauses = self.waivers.iter().map(|waiver| waiver.clause.clone());
        clauses.filter(|clause| !failed(clause)).collect()
    }
}
