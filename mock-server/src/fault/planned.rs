//! A fault of a plan with its account, and the requests that it is for.

use crate::call_kind::CallKind;
use crate::clock::Millis;
use crate::fault::plan::{Action, Fault};
use serde_json::{Map, Value};
use std::cell::OnceCell;
use std::collections::VecDeque;

/// What a request looks like to a fault.
pub struct MatchInput<'a> {
    /// Where it went.
    pub kind: CallKind,
    /// The merchant's time.
    pub now: Millis,
    read: &'a dyn Fn() -> Map<String, Value>,
    params: OnceCell<Map<String, Value>>,
}

impl<'a> MatchInput<'a> {
    /// A request; `read` gives its parameters as texts, at least those that faults ask for.
    pub fn new(kind: CallKind, now: Millis, read: &'a dyn Fn() -> Map<String, Value>) -> Self {
        Self {
            kind,
            now,
            read,
            params: OnceCell::new(),
        }
    }

    /// Its parameters, read when the first fault asks for them.
    pub fn params(&self) -> &Map<String, Value> {
        self.params.get_or_init(self.read)
    }
}

/// A fault of a plan, and what became of it.
#[derive(Debug)]
pub(super) struct Planned {
    /// What tickets name it by.
    pub(super) serial: u64,
    pub(super) fault: Fault,
    /// Where it may strike.
    pub(super) places: Vec<CallKind>,
    /// How many requests the match was for, whichever of them `nth` and chance chose.
    pub(super) seen: u32,
    /// How many requests it struck.
    pub(super) struck: u32,
    /// The journal's ids of those that were recorded, the latest.
    pub(super) consumed_by: VecDeque<u64>,
    /// Whether it has changed since it was last kept.
    pub(super) changed: bool,
}

impl Planned {
    pub(super) fn new(mut fault: Fault, serial: u64) -> Self {
        fault.times = Some(fault.times());
        Self {
            serial,
            places: fault.places(),
            fault,
            seen: 0,
            struck: 0,
            consumed_by: VecDeque::new(),
            changed: true,
        }
    }

    /// Whether it has struck as often as it may.
    pub(super) fn is_spent(&self) -> bool {
        let times = self.fault.times();
        times != 0 && self.struck >= times
    }

    /// Whether it is for a request that goes to one of its places, however often it has struck.
    pub(super) fn is_for(&self, input: &MatchInput<'_>) -> bool {
        if let Action::Maintenance { from, until } = &self.fault.action
            && !(from.as_millisecond()..until.as_millisecond()).contains(&input.now)
        {
            return false;
        }
        let wanted = &self.fault.matching.params;
        if wanted.is_empty() {
            return true;
        }
        let sent = input.params();
        let has = |(name, value): (&String, &String)| {
            sent.get(name).and_then(Value::as_str) == Some(value)
        };
        wanted.iter().all(has)
    }
}
