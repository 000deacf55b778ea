//! What a comparison of two servers found out.

use crate::server::report::Shown;
use flexiti_contract::comparison::{Difference, Subject};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// What a comparison of two servers found out.
#[derive(Debug, Clone, Serialize)]
pub struct Comparison {
    /// The seed of the run.
    pub seed: u64,
    /// The first server.
    pub left: Side,
    /// The other one.
    pub right: Side,
    /// The open questions that the two answer differently.
    pub knobs: Vec<KnobDifference>,
    /// The differences between their answers to the same calls.
    pub groups: Vec<Group>,
    /// How many cases both servers answered.
    pub compared: usize,
    /// How many cases could not be compared, by the reason.
    pub not_compared: BTreeMap<String, usize>,
}

/// One of the two servers.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Side {
    /// The base URL.
    pub target: String,
    /// Why the run ended early, in a word, if this server is the reason.
    pub stopped: Option<&'static str>,
    /// Why the run ended early, for people, with what to do.
    pub because: Option<String>,
    /// What a reader should know besides.
    pub notes: Vec<String>,
    /// The lines of a shell that set the variables of this side's `curl` commands.
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

/// The differences that are about one knob, or one clause.
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
    /// What the answers differ in.
    pub differences: Vec<Difference>,
    /// What the contract says of one answer and not of the other.
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

    /// 0: no difference. 1: they differ. 3: the comparison ended early, and showed none; or it was
    /// interrupted.
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

    /// The names of everything that differs: knobs, and what the groups are about.
    pub fn named(&self) -> Vec<&str> {
        let knobs = self.knobs.iter().map(|row| row.knob.as_str());
        let groups = self.groups.iter().map(|group| group.subject.name());
        let mut names: Vec<&str> = knobs.chain(groups).collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}
