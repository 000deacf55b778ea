//! The contents of a report.

use super::circumstances::Circumstances;
use crate::server::case::Case;
use flexiti_contract::{Evidence, Level};
use serde::{Deserialize, Serialize};

/// Everything that a run found out.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// The seed of the run.
    pub seed: u64,
    /// The base URL.
    pub target: String,
    /// The dialect that was expected.
    pub dialect: String,
    /// Number of clauses by status.
    pub summary: Summary,
    /// The clauses of the dialect, and any other clause that failed.
    pub clauses: Vec<ClauseRow>,
    /// One finding for each clause that failed.
    pub findings: Vec<Finding>,
    /// Waivers of clauses that did not fail.
    pub unused_waivers: Vec<String>,
    /// How the run went.
    #[serde(flatten)]
    pub circumstances: Circumstances,
    /// The runner's own detection power, if `self-test` measured it.
    pub power: Option<Power>,
}

/// Number of clauses by status.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// [`Status::Verified`]
    pub verified: usize,
    /// [`Status::Failed`]
    pub failed: usize,
    /// [`Status::NotVerified`]
    pub not_verified: usize,
    /// [`Status::NotTestable`]
    pub not_testable: usize,
    /// [`Status::Waived`]
    pub waived: usize,
}

/// Detection power: how many of the clauses removed from the mock the runner named.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Power {
    /// Clauses removed, one at a time.
    pub sabotages: usize,
    /// Of those, how many the runner named, and no other.
    pub killed: usize,
}

/// The outcome of a clause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Observed to be kept, and never broken.
    Verified,
    /// Broken.
    Failed,
    /// No conclusive observation.
    NotVerified,
    /// The target lacks what a test needs.
    NotTestable,
    /// Broken, and waived.
    Waived,
}

/// A clause with its outcome.
#[derive(Debug, Clone, Serialize)]
pub struct ClauseRow {
    /// The dotted name.
    pub id: String,
    /// How binding it is.
    pub level: Level,
    /// The evidence for it.
    pub evidence: Evidence,
    /// What the API promises.
    pub requirement: String,
    /// Keys of the sources.
    pub source: Vec<String>,
    /// Flexiti's own test case.
    pub test_case: Option<String>,
    /// Its outcome.
    pub status: Status,
    /// Why it was not verified, or waived.
    pub why: Option<String>,
    /// The planned cases about it.
    pub cases: Vec<CaseRow>,
}

/// A case with its outcome.
#[derive(Debug, Clone, Serialize)]
pub struct CaseRow {
    /// The name.
    pub id: String,
    /// `kept`, `broken`, `inconclusive` or `not testable`.
    pub outcome: &'static str,
}

impl CaseRow {
    /// The row of a case.
    pub fn new(case: &Case, outcome: &'static str) -> Self {
        Self {
            id: case.id.clone(),
            outcome,
        }
    }
}

/// A clause that was broken, with the smallest request that shows it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Finding {
    /// The clause.
    pub clause: String,
    /// The case.
    pub case: String,
    /// What must come back.
    pub expected: String,
    /// What came back.
    pub actual: String,
    /// A command line that shows it.
    pub curl: String,
    /// The case itself, for `replay`.
    pub replay: Case,
}

impl Report {
    /// Puts a report together.
    pub fn new(
        seed: u64,
        target: &str,
        dialect: &str,
        clauses: Vec<ClauseRow>,
        findings: Vec<Finding>,
        unused_waivers: Vec<String>,
        circumstances: Circumstances,
    ) -> Self {
        Self {
            seed,
            target: target.to_owned(),
            dialect: dialect.to_owned(),
            summary: summary(&clauses),
            clauses,
            findings,
            unused_waivers,
            circumstances,
            power: None,
        }
    }

    /// Keeps only some of the clauses.
    pub fn narrow(&mut self, keep: impl Fn(&ClauseRow) -> bool) {
        self.clauses.retain(keep);
        self.summary = summary(&self.clauses);
    }

    /// The ids of the clauses with this status.
    pub fn with_status(&self, status: Status) -> Vec<&str> {
        let rows = self.clauses.iter().filter(|clause| clause.status == status);
        rows.map(|clause| clause.id.as_str()).collect()
    }

    /// 0: nothing failed, and every testable must-clause was verified. 1: a clause failed, or a
    /// waiver was not needed. 3: inconclusive, or interrupted.
    pub fn exit_code(&self) -> u8 {
        let unseen = |clause: &&ClauseRow| {
            clause.level == Level::Must && clause.status == Status::NotVerified
        };
        let stopped = self.circumstances.stopped;
        let unused = stopped.is_none() && !self.unused_waivers.is_empty();
        if stopped == Some("interrupted") {
            3
        } else if self.summary.failed > 0 || unused {
            1
        } else if stopped.is_some() || self.clauses.iter().any(|clause| unseen(&clause)) {
            3
        } else {
            0
        }
    }
}

fn summary(clauses: &[ClauseRow]) -> Summary {
    let mut summary = Summary::default();
    for clause in clauses {
        *match clause.status {
            Status::Verified => &mut summary.verified,
            Status::Failed => &mut summary.failed,
            Status::NotVerified => &mut summary.not_verified,
            Status::NotTestable => &mut summary.not_testable,
            Status::Waived => &mut summary.waived,
        } += 1;
    }
    summary
}
