//! Waivers: known failures, each with a reason and the day on which it ends. A waived failure
//! still costs its level; it does not fail the run.

use super::checkers;
use super::judgement::{Judgement, Verdict};
use super::results::Results;
use anyhow::{Context as _, anyhow, ensure};
use flexiti_contract::{LintRule, readable};
use serde::Deserialize;
use std::path::Path;

/// The checks that may fail.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Waivers {
    #[serde(default)]
    waivers: Vec<Waiver>,
}

/// A check that may fail until a day.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Waiver {
    /// The checker.
    pub check: String,
    /// The beginning of the names of the scenarios in which it may fail; all of them if it is
    /// omitted.
    #[serde(default)]
    pub scenario: String,
    /// Why.
    pub reason: String,
    /// The last day on which it holds (2027-01-31).
    pub expires: String,
}

impl Waivers {
    /// Reads a TOML file of `[[waivers]]` with `check`, `reason`, `expires` and perhaps
    /// `scenario`. A waiver that ended before `today` is an error, not a surprise in the report.
    pub fn read(path: &Path, today: jiff::civil::Date) -> anyhow::Result<Self> {
        let name = path.display();
        let text = std::fs::read_to_string(path).with_context(|| format!("{name}"))?;
        let waivers: Self = toml::from_str(&text)
            .map_err(|error| anyhow!("{name}: {}", readable(error.to_string().trim_end())))?;
        for waiver in &waivers.waivers {
            let check = &waiver.check;
            let is_known = checkers::named(check).is_some()
                || LintRule::ALL.iter().any(|rule| rule.id() == check);
            ensure!(
                is_known,
                "{name}: check: unknown checker `{check}`; a report names the checkers that failed"
            );
            ensure!(
                !waiver.reason.trim().is_empty(),
                "{name}: reason: missing for `{check}`"
            );
            let expires: jiff::civil::Date = waiver.expires.parse().map_err(|_| {
                anyhow!(
                    "{name}: expires: `{}` is not a date such as 2027-01-31",
                    waiver.expires
                )
            })?;
            ensure!(
                today <= expires,
                "{name}: the waiver of `{check}` expired on {expires}: mend the shop, or give a new date with a reason"
            );
        }
        Ok(waivers)
    }

    /// The waiver of a check of the scenario of this name.
    pub fn of(&self, scenario: &str, check: &Judgement) -> Option<&Waiver> {
        self.waivers
            .iter()
            .find(|waiver| waiver.check == check.check && scenario.starts_with(&waiver.scenario))
    }

    /// The waivers of checks that did not fail.
    pub fn unused(&self, results: &[Results]) -> Vec<&Waiver> {
        let used = |waiver: &&Waiver| {
            let mut named = results.iter().flat_map(Results::named_checks);
            named.any(|(scenario, check)| {
                check.verdict == Verdict::Failed
                    && waiver.check == check.check
                    && scenario.starts_with(&waiver.scenario)
            })
        };
        self.waivers.iter().filter(|w| !used(w)).collect()
    }
}
