//! What a replay found out.

use flexiti_contract::comparison::{Drift, Subject};
use serde::Serialize;
use std::collections::BTreeMap;

/// What a replay found out.
#[derive(Debug, Clone, Serialize)]
pub struct Replay {
    /// The base URL of the server.
    pub target: String,
    /// The dialect by which differences are told.
    pub dialect: String,
    /// The calls that were answered otherwise.
    pub calls: Vec<CallDrift>,
    /// How many calls both answered.
    pub replayed: usize,
    /// How many exchanges could not be replayed, by the reason.
    pub not_replayed: BTreeMap<String, usize>,
    /// Why it ended early, if it did.
    pub because: Option<String>,
}

/// A call that was answered otherwise.
#[derive(Debug, Clone, Serialize)]
pub struct CallDrift {
    /// The number of the exchange in the transcript, from one.
    pub number: usize,
    /// When it was recorded.
    pub at: String,
    /// Method and path as they were recorded.
    pub call: String,
    /// What differs; `left` is the recorded answer.
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

    /// 0: no drift. 1: some. 3: it ended early, or nothing could be replayed.
    pub fn exit_code(&self) -> u8 {
        match () {
            () if self.because.is_some() => 3,
            () if !self.calls.is_empty() => 1,
            () if self.replayed == 0 => 3,
            () => 0,
        }
    }
}
