//! Changes since an earlier run: only new failures count.

use super::contents::{ClauseRow, Finding, Learned, Report, Status, Summary};
use super::stored::Stored;
use crate::formats::Changes;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// How the names of generated cases continue after the clause. Another seed shows the same fault
/// with another generated case.
const GENERATED: [&str; 2] = ["/keeps/generated", "/breaks/generated"];

/// The results of an earlier run.
#[derive(Debug, Clone, Default)]
pub struct Baseline {
    /// The clauses that failed, with the cases that showed it.
    failing: BTreeMap<String, BTreeSet<String>>,
    /// The clauses that were not verified.
    open: BTreeSet<String>,
    learned: Vec<Learned>,
    dialect: Option<String>,
}

impl Baseline {
    /// Uses the report of an earlier run.
    pub fn of(stored: Stored) -> Self {
        let mut baseline = Self::default();
        for finding in &stored.findings {
            let cases = baseline.failing.entry(finding.clause.clone()).or_default();
            cases.extend(finding.shown_by().map(str::to_owned));
        }
        for row in stored.clauses {
            if row.status == Status::NotVerified {
                baseline.open.insert(row.id);
            } else if let Some(cases) = baseline.failing.get_mut(&row.id) {
                let violated = row.cases.into_iter();
                let violated = violated.filter(|case| case.outcome == "violated");
                cases.extend(violated.map(|case| case.id));
            }
        }
        baseline.learned = stored.learned;
        baseline.dialect = stored.dialect;
        baseline
    }

    fn knows(&self, clause: &str, case: &str) -> bool {
        let generated = |case: &str| GENERATED.iter().any(|name| case.contains(name));
        let cases = self.failing.get(clause);
        cases.is_some_and(|cases| cases.contains(case) || generated(case))
    }

    fn has_learned(&self, learned: &Learned) -> bool {
        let key = |it: &Learned| -> (Option<String>, Option<String>, Value) {
            (it.knob.clone(), it.clause.clone(), it.answer.clone())
        };
        self.learned.iter().any(|old| key(old) == key(learned))
    }
}

impl Report {
    /// Compares the run with an earlier one, and marks failures in both as known.
    pub fn compare(&mut self, baseline: &Baseline) {
        let mut changes = Changes {
            open: baseline.open.clone(),
            ..Changes::default()
        };
        for row in &mut self.clauses {
            if row.status != Status::Failed {
                continue;
            }
            let finding = self.findings.iter().find(|found| found.clause == row.id);
            let shown = finding.into_iter().flat_map(Finding::shown_by);
            let new = shown
                .chain(violated(row))
                .find(|case| !baseline.knows(&row.id, case));
            match new.map(str::to_owned) {
                None => {
                    row.status = Status::Known;
                    row.why = Some("it failed in the baseline too".to_owned());
                    changes.known.push(row.id.clone());
                }
                Some(case) => {
                    if baseline.failing.contains_key(&row.id) {
                        row.why = Some(format!("it failed in the baseline too, but not in {case}"));
                    }
                    changes.new.push(row.id.clone());
                }
            }
        }
        for clause in baseline.failing.keys() {
            let row = self.clauses.iter().find(|row| row.id == *clause);
            match row.map(|row| row.status) {
                Some(Status::Verified | Status::Otherwise) => {
                    changes.no_longer.push(clause.clone());
                }
                Some(Status::NotVerified | Status::NotTestable) | None => {
                    changes.not_seen.push(clause.clone());
                }
                Some(Status::Failed | Status::Known | Status::Waived) => {}
            }
        }
        if let Some(dialect) = baseline.dialect.as_ref().filter(|it| **it != self.dialect) {
            let note = format!(
                "the baseline was judged by dialect `{dialect}`, this run by `{}`",
                self.dialect
            );
            self.circumstances.notes.push(note);
        }
        let mut learned = self.learned.iter();
        changes.learns_more = learned.any(|learned| !baseline.has_learned(learned));
        self.baseline = Some(changes);
        self.summary = Summary::of(&self.clauses);
    }
}

/// The clause's own cases in which it failed.
fn violated(row: &ClauseRow) -> impl Iterator<Item = &str> {
    let cases = row.cases.iter().filter(|case| case.outcome == "violated");
    cases.map(|case| case.id.as_str())
}
