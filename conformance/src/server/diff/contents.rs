//! The results of a comparison of two servers.

use crate::server::report::Shown;
use flexiti_contract::comparison::{Difference, Subject};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// The results of a comparison of two servers.
#[derive(Debug, Clone, Serialize)]
pub struct Comparison {
    /// The seed of the run.
    pub seed: u64,
    /// The first server.
    pub left: Side,
    /// The other one.
    pub right: Side,
    /// The open questions that they answer differently.
    pub knobs: Vec<KnobDifference>,
    /// The differences between their answers to the same calls.
    pub groups: Vec<Group>,
    /// How many cases were compared.
    pub compared: usize,
    /// How many cases could not be compared, by reason.
    pub not_compared: BTreeMap<String, usize>,
}

/// One of the two servers.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Side {
    /// The base URL.
    pub target: String,
    /// Why the run ended early, in one word, if this server is the reason.
    pub stopped: Option<&'static str>,
    /// The same as a message, with what to do.
    pub because: Option<String>,
    /// Further notes for the reader.
    pub notes: Vec<String>,
    /// Shell lines that set the variables used in this side's `curl` commands.
    pub setup: Vec<String>,
}

/// An open question that the two servers answer differently.
#[derive(Debug, Clone, Serialize)]
pub struct KnobDifference {
    /// The knob.
    pub knob: String,
    /// The left server's answer.
    pub left: Value,
    /// The right server's answer.
    pub right: Value,
    /// The exchange that showed the left server's answer.
    pub left_exchange: Option<Shown>,
    /// The exchange that showed the right server's answer.
    pub right_exchange: Option<Shown>,
}

/// The differences attributed to one knob or clause.
#[derive(Debug, Clone, Serialize)]
pub struct Group {
    /// The knob or the clause.
    #[serde(flatten)]
    pub subject: Subject,
    /// How many cases show it.
    pub cases: usize,
    /// The one with the smallest request.
    pub example: Example,
}

/// A case in which two servers differ.
#[derive(Debug, Clone, Serialize)]
pub struct Example {
    /// The case.
    pub case: String,
    /// How the answers differ.
    pub differences: Vec<Difference>,
    /// What the contract objects to in only one of the answers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<String>,
    /// The request to the left server, and its answer.
    pub left: Shown,
    /// The request to the right server, and its answer.
    pub right: Shown,
    /// The size of the request.
    #[serde(skip)]
    pub bytes: usize,
}

impl Comparison {
    /// Whether the two servers differ in anything.
    pub fn differs(&self) -> bool {
        !self.knobs.is_empty() || !self.groups.is_empty()
    }

    /// The exit code: 0 for no difference; 1 if they differ; 3 if the comparison was interrupted,
    /// or ended early without a difference.
    pub fn exit_code(&self) -> u8 {
        let stopped = [self.left.stopped, self.right.stopped];
        let ended = stopped.iter().any(Option::is_some) || self.compared == 0;
        if stopped.contains(&Some("interrupted")) {
            3
        } else if self.differs() {
            1
        } else {
            u8::from(ended) * 3
        }
    }

    /// The names of everything that differs: the knobs, and the subjects of the groups.
    pub fn named(&self) -> Vec<&str> {
        let knobs = self.knobs.iter().map(|row| row.knob.as_str());
        let groups = self.groups.iter().map(|group| group.subject.name());
        let mut names: Vec<&str> = knobs.chain(groups).collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}
