//! The results of a replay.

use flexiti_contract::comparison::{Drift, Subject};
use serde::Serialize;
use std::collections::BTreeMap;

/// The results of a replay.
#[derive(Debug, Clone, Serialize)]
pub struct Replay {
    /// The base URL of the server.
    pub target: String,
    /// The dialect that explains differences.
    pub dialect: String,
    /// The calls that were answered differently.
    pub calls: Vec<CallDrift>,
    /// How many calls were replayed.
    pub replayed: usize,
    /// How many exchanges could not be replayed, by reason.
    pub not_replayed: BTreeMap<String, usize>,
    /// Why it ended early, if it did.
    pub because: Option<String>,
}

/// A call that was answered differently.
#[derive(Debug, Clone, Serialize)]
pub struct CallDrift {
    /// The number of the exchange in the transcript, counted from one.
    pub number: usize,
    /// When it was recorded.
    pub at: String,
    /// The recorded method and path.
    pub call: String,
    /// The differences; `left` is the recorded answer.
    pub drift: Vec<Drift>,
}

impl Replay {
    /// The knobs and clauses that drift, with the calls that show them, most calls first.
    pub fn subjects(&self) -> Vec<(Option<Subject>, Vec<&CallDrift>)> {
        let mut found: Vec<(Option<Subject>, Vec<&CallDrift>)> = Vec::new();
        for call in &self.calls {
            for drift in &call.drift {
                let known = found.iter_mut().find(|(it, _)| *it == drift.subject);
                match known {
                    Some((_, calls)) if calls.iter().any(|it| it.number == call.number) => {}
                    Some((_, calls)) => calls.push(call),
                    None => found.push((drift.subject.clone(), vec![call])),
                }
            }
        }
        found.sort_by_key(|(_, calls)| std::cmp::Reverse(calls.len()));
        found
    }

    /// The exit code: 0 for no drift; 1 for drift; 3 if the replay ended early, or nothing could be
    /// replayed.
    pub fn exit_code(&self) -> u8 {
        match () {
            () if self.because.is_some() => 3,
            () if !self.calls.is_empty() => 1,
            () if self.replayed == 0 => 3,
            () => 0,
        }
    }
}
