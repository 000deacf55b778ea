//! How a server is read: the contract in the server's own dialect.

use crate::server::plan::Samples;
use crate::server::report::Learned;
use flexiti_contract::Rulebook;
use std::sync::Arc;

/// How a server is read. A question that the documentation leaves open is asked once, when the
/// server is probed; the clauses that merely pass through it are judged by the answer.
#[derive(Debug, Clone)]
pub struct Reading {
    /// The contract in the server's dialect. Where the server's answer contradicts the
    /// documentation, the documented answer stands here, so that a case shows the violation.
    pub rulebook: Arc<Rulebook>,
    /// The values that the server takes.
    pub samples: Samples,
    /// The name of the dialect that answers are compared with.
    pub yardstick: String,
    /// The questions that the server answers otherwise than the yardstick.
    pub learned: Vec<Learned>,
}

impl Reading {
    /// Reads a server by a dialect, without asking it.
    pub fn by(rulebook: &Arc<Rulebook>) -> Self {
        Self {
            rulebook: Arc::clone(rulebook),
            samples: Samples::default(),
            yardstick: rulebook.dialect().name.clone(),
            learned: Vec::new(),
        }
    }
}
