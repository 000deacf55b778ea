//! The contents of a report.

use super::circumstances::Circumstances;
use super::power::Power;
use crate::formats::Changes;
use crate::server::case::Case;
use flexiti_contract::{Evidence, Level, Part};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The results of a run.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// The version of the report format.
    pub format_version: u32,
    /// The version of the program.
    pub runner: &'static str,
    /// The seed of the run.
    pub seed: u64,
    /// The base URL.
    pub target: String,
    /// The expected dialect.
    pub dialect: String,
    /// Number of clauses by status.
    pub summary: Summary,
    /// The clauses of the dialect, and any other clause that failed.
    pub clauses: Vec<ClauseRow>,
    /// The open questions that the server answers differently from the dialect.
    pub learned: Vec<Learned>,
    /// One finding for each clause that failed.
    pub findings: Vec<Finding>,
    /// One finding for each clause that was answered differently.
    pub otherwise: Vec<Finding>,
    /// Waivers of clauses that did not fail.
    pub unused_waivers: Vec<String>,
    /// Whether a different answer to an open question fails the run.
    #[serde(skip)]
    pub fail_on_open: bool,
    /// How the run went.
    #[serde(flatten)]
    pub circumstances: Circumstances,
    /// The runner's own detection power, if `self-test` measured it.
    pub power: Option<Power>,
    /// Changes since an earlier run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub baseline: Option<Changes>,
}

/// Number of clauses by status.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// [`Status::Verified`]
    pub verified: usize,
    /// [`Status::Failed`]
    pub failed: usize,
    /// [`Status::Otherwise`]
    pub otherwise: usize,
    /// [`Status::NotVerified`]
    pub not_verified: usize,
    /// [`Status::NotTestable`]
    pub not_testable: usize,
    /// [`Status::Waived`]
    pub waived: usize,
    /// [`Status::Known`]
    pub known: usize,
}

/// The outcome of a clause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Observed to be kept, and never broken.
    Verified,
    /// Broken: a documented sentence or a printed example was contradicted.
    Failed,
    /// The documentation leaves the question open, and the server answers it differently from the
    /// dialect.
    Otherwise,
    /// No conclusive observation.
    NotVerified,
    /// The target lacks what a test needs.
    NotTestable,
    /// Broken, and waived.
    Waived,
    /// Broken, as it was in the baseline.
    Known,
}

impl Status {
    /// Whether there was an observation, whatever it showed.
    pub fn is_seen(self) -> bool {
        !matches!(self, Self::NotVerified | Self::NotTestable)
    }
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
    /// `kept`, `violated`, `otherwise`, `inconclusive` or `not testable`.
    pub outcome: &'static str,
    /// Why it has no verdict.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
}

impl CaseRow {
    /// The row of a case.
    pub fn new(case: &Case, outcome: &'static str) -> Self {
        Self {
            id: case.id.clone(),
            outcome,
            because: None,
        }
    }

    /// The row of a case without a verdict, and why it has none.
    #[must_use]
    pub fn because(self, why: &str) -> Self {
        let because = Some(why.to_owned());
        Self { because, ..self }
    }
}

/// An open question that the server answers differently from the dialect.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Learned {
    /// The knob for the question, if there is one.
    pub knob: Option<String>,
    /// The clause whose case showed it, if the probe did not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clause: Option<String>,
    /// The observed answer.
    pub answer: Value,
    /// The dialect's answer.
    pub expected: Value,
    /// The evidence for the observed answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Evidence>,
    /// The exchange that showed it.
    pub exchange: Shown,
}

/// An exchange as shown in a report.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Shown {
    /// A command line that repeats the request.
    pub curl: String,
    /// The answer.
    pub actual: String,
}

/// A clause that was broken, with the smallest request that shows it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Finding {
    /// The clause.
    pub clause: String,
    /// The first case that shows it.
    pub case: String,
    /// How many cases show it.
    #[serde(default)]
    pub cases: usize,
    /// The other cases that show it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub other_cases: Vec<String>,
    /// The part of the answer that differs.
    pub part: Part,
    /// The knob that the answer is about, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub knob: Option<String>,
    /// The expected answer.
    pub expected: String,
    /// The actual answer.
    pub actual: String,
    /// A command line that reproduces it.
    pub curl: String,
    /// The case itself, for `replay`.
    pub replay: Case,
}

impl Finding {
    /// The cases that show it.
    pub fn shown_by(&self) -> impl Iterator<Item = &str> {
        let first = std::iter::once(self.case.as_str());
        first.chain(self.other_cases.iter().map(String::as_str))
    }
}

impl Report {
    /// Keeps only the clauses that `keep` accepts.
    pub fn narrow(&mut self, keep: impl Fn(&ClauseRow) -> bool) {
        self.clauses.retain(keep);
        self.summary = Summary::of(&self.clauses);
    }

    /// The ids of the clauses with this status.
    pub fn with_status(&self, status: Status) -> Vec<&str> {
        let rows = self.clauses.iter().filter(|clause| clause.status == status);
        rows.map(|clause| clause.id.as_str()).collect()
    }

    /// The exit code: 0 if nothing failed and every testable must-clause was verified; 1 if a
    /// clause failed, a waiver was not needed, or an open question was answered differently and
    /// that fails the run; 3 if inconclusive or interrupted.
    pub fn exit_code(&self) -> u8 {
        let changes = self.baseline.as_ref();
        let unseen = |clause: &&ClauseRow| {
            clause.level == Level::Must
                && clause.status == Status::NotVerified
                && !changes.is_some_and(|changes| changes.was_open(&clause.id))
        };
        let open = match changes {
            Some(changes) => changes.learns_more,
            None => !self.learned.is_empty(),
        };
        let open = self.fail_on_open && open;
        let stopped = self.circumstances.stopped;
        let unused = stopped.is_none() && !self.unused_waivers.is_empty();
        if stopped == Some("interrupted") {
            3
        } else if self.summary.failed > 0 || open || unused {
            1
        } else if stopped.is_some() || self.clauses.iter().any(|clause| unseen(&clause)) {
            3
        } else {
            0
        }
    }
}

impl Summary {
    /// Counts the clauses.
    pub fn of(clauses: &[ClauseRow]) -> Self {
        let mut summary = Self::default();
        for clause in clauses {
            *match clause.status {
                Status::Verified => &mut summary.verified,
                Status::Failed => &mut summary.failed,
                Status::Otherwise => &mut summary.otherwise,
                Status::NotVerified => &mut summary.not_verified,
                Status::NotTestable => &mut summary.not_testable,
                Status::Waived => &mut summary.waived,
                Status::Known => &mut summary.known,
            } += 1;
        }
        summary
    }
}

impl Learned {
    /// Turns a case's finding into an answer to an open question that no known answer explains.
    pub fn of(finding: &Finding) -> Self {
        Self {
            knob: finding.knob.clone(),
            clause: Some(finding.clause.clone()),
            answer: finding.actual.clone().into(),
            expected: finding.expected.clone().into(),
            evidence: None,
            exchange: Shown {
                curl: finding.curl.clone(),
                actual: finding.actual.clone(),
            },
        }
    }
}
