//! Changes since an earlier run: only new failures count.

use super::rows::{Row, Status, key};
use super::stored::Stored;
use crate::formats::Changes;
use std::collections::BTreeSet;

/// The results of an earlier run.
#[derive(Debug, Clone, Default)]
pub struct Baseline {
    /// The checks that failed.
    failing: BTreeSet<String>,
    /// The checks without a verdict.
    open: BTreeSet<String>,
}

impl Baseline {
    /// Reads the JSON report of an earlier run.
    pub fn read(text: &str) -> Result<Self, String> {
        let stored = Stored::read(text)?;
        let mut baseline = Self::default();
        for row in &stored.scenarios {
            for check in &row.checks {
                let key = key(&row.dialect, &row.id, &check.check);
                if check.status.has_failed() {
                    baseline.failing.insert(key);
                } else if check.status == Status::Inconclusive {
                    baseline.open.insert(key);
                }
            }
        }
        Ok(baseline)
    }

    /// Compares the run with the earlier one, and marks failures in both as known.
    pub fn compare(&self, rows: &mut [Row]) -> Changes {
        let mut changes = Changes {
            open: self.open.clone(),
            ..Changes::default()
        };
        // The results of each check; a rule may have several.
        let (mut fails, mut passes) = (BTreeSet::new(), BTreeSet::new());
        for row in rows {
            let own = row.checks.iter();
            let keys: Vec<String> = own.map(|check| row.key(check)).collect();
            for (check, key) in row.checks.iter_mut().zip(keys) {
                match check.status {
                    Status::Failed if self.failing.contains(&key) => {
                        check.status = Status::Known;
                        row.why = Some("it failed in the baseline too".to_owned());
                        fails.insert(key);
                    }
                    Status::Failed => changes.new.push(key),
                    Status::Known | Status::Waived => _ = fails.insert(key),
                    Status::Passed | Status::Advice => _ = passes.insert(key),
                    Status::Inconclusive | Status::NotTestable => {}
                }
            }
            row.settle();
        }
        changes.new.sort();
        changes.new.dedup();
        for key in &self.failing {
            if fails.contains(key) {
                changes.known.push(key.clone());
            } else if passes.contains(key) {
                changes.no_longer.push(key.clone());
            } else {
                changes.not_seen.push(key.clone());
            }
        }
        changes
    }
}
