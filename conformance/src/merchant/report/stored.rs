//! Reads a JSON report for `--baseline`. Errors give the position.

use super::rows::{REVIEW, Status};
use crate::formats::{Seal, check_seed, check_version, parsed};
use crate::merchant::judge::{Ground, checkers};
use crate::merchant::{recipe, scenarios, timeout_scenarios};
use crate::pattern::closest;
use flexiti_contract::LintRule;
use serde::Deserialize;
use serde_json::Value;

/// The parts of a JSON report that are read.
#[derive(Debug, Deserialize)]
pub struct Stored {
    /// Its rows.
    pub scenarios: Vec<StoredRow>,
}

/// A row of a report.
#[derive(Debug, Deserialize)]
pub struct StoredRow {
    /// Scenario, flow and language.
    pub id: String,
    /// The dialect.
    pub dialect: String,
    /// Its checks.
    pub checks: Vec<StoredCheck>,
}

/// A check of a report.
#[derive(Debug, Deserialize)]
pub struct StoredCheck {
    /// The checker.
    pub check: String,
    /// The outcome.
    pub status: Status,
}

impl Stored {
    /// Reads a report. An error gives the position and what is allowed there.
    pub fn read(text: &str) -> Result<Self, String> {
        let value = parsed(text)?;
        let judged = value.get("judged").and_then(Value::as_str);
        if judged != Some("shop") {
            return Err(
                "judged: expected a JSON report of `merchant`, written by `merchant --report \
                 json=FILE`"
                    .to_owned(),
            );
        }
        check_version(
            value.get("format_version").unwrap_or(&Value::Null),
            "merchant",
        )?;
        check_seed(&value)?;
        let seal = Seal::of(&value);
        let read = serde_path_to_error::deserialize(value);
        let stored: Self = read.map_err(|error| {
            let place = error.path().to_string();
            format!("{place}: {}", error.into_inner())
        })?;
        stored.check()?;
        seal.check()?;
        Ok(stored)
    }

    /// Rejects unknown scenarios and checkers.
    fn check(&self) -> Result<(), String> {
        for (at, row) in self.scenarios.iter().enumerate() {
            let id = row.id.split('/').next().unwrap_or_default();
            let made = [recipe::PREFIX, timeout_scenarios::PREFIX];
            let is_made = made.iter().any(|prefix| id.starts_with(prefix));
            let is_review = id.split('.').next() == Some(REVIEW);
            if !is_made && !is_review && scenarios::named(id).is_none() {
                let ids: Vec<&str> = scenarios::all().iter().map(|it| it.id.as_str()).collect();
                let close = closest(id, &ids).join("`, `");
                return Err(format!(
                    "scenarios[{at}].id: unknown scenario `{id}`; similar: `{close}`"
                ));
            }
            for (number, check) in row.checks.iter().enumerate() {
                // The others only explain a missing verdict.
                let counts = check.status.has_failed();
                if counts && Ground::of(&check.check).is_none() {
                    let close = closest(&check.check, &checker_ids()).join("`, `");
                    return Err(format!(
                        "scenarios[{at}].checks[{number}].check: unknown checker `{}`; similar: \
                         `{close}`",
                        check.check
                    ));
                }
            }
        }
        Ok(())
    }
}

/// The names of all checkers.
pub fn checker_ids() -> Vec<&'static str> {
    let own = checkers::ALL.iter().map(|checker| checker.name);
    own.chain(LintRule::ALL.iter().map(|rule| rule.id()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::{DIGEST, add_seal};
    use serde_json::json;

    fn report() -> Value {
        json!({
            "format_version": 1,
            "judged": "shop",
            "seed": 1,
            "scenarios": [{
                "id": "callback.told/buy/en",
                "dialect": "documented",
                "checks": [{ "check": "belief", "status": "failed" }],
            }],
        })
    }

    #[test]
    fn a_mistake_is_told_with_its_place_and_what_is_allowed() {
        let changed = |pointer: &str, value: Value| {
            let mut report = report();
            *report.pointer_mut(pointer).unwrap() = value;
            Stored::read(&report.to_string()).unwrap_err()
        };
        assert!(Stored::read(&report().to_string()).is_ok());
        for (pointer, value, words) in [
            ("/judged", "server".into(), &["judged:", "`merchant"][..]),
            (
                "/format_version",
                7.into(),
                &["format_version: 7", "version 1"],
            ),
            ("/seed", (-1).into(), &["seed: -1", "from 0 to"]),
            (
                "/scenarios/0/id",
                "callback.tld/buy/en".into(),
                &["scenarios[0].id", "`callback.tld`", "`callback.told`"],
            ),
            (
                "/scenarios/0/checks/0/check",
                "belif".into(),
                &["scenarios[0].checks[0].check", "`belief`"],
            ),
            (
                "/scenarios/0/checks/0/status",
                "fine".into(),
                &["scenarios[0].checks[0].status", "`fine`", "`passed`"],
            ),
        ] {
            let error = changed(pointer, value);
            for word in words {
                assert!(error.contains(word), "{pointer}: {error}");
            }
        }
        let error = Stored::read("{\"seed\": 1,\n x").unwrap_err();
        assert!(error.starts_with("line 2, column "), "{error}");
    }

    #[test]
    fn a_changed_byte_is_noticed() {
        let mut sealed = report();
        add_seal(&mut sealed);
        assert!(Stored::read(&format!("{sealed:#}")).is_ok());
        let changed = sealed.to_string().replace("\"failed\"", "\"passed\"");
        let error = Stored::read(&changed).unwrap_err();
        assert!(error.contains(DIGEST) && error.contains("not as it was written"));
    }
}
