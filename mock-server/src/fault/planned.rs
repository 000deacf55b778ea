//! A fault of a plan with its counts, and the requests that it matches.

use crate::call_kind::CallKind;
use crate::clock::Millis;
use crate::fault::plan::{Action, Fault};
use serde_json::{Map, Value};
use std::cell::OnceCell;
use std::collections::VecDeque;

/// A request to match faults against.
pub struct MatchInput<'a> {
    /// The kind of call.
    pub kind: CallKind,
    /// The merchant's time.
    pub now: Millis,
    read: &'a dyn Fn() -> Map<String, Value>,
    params: OnceCell<Map<String, Value>>,
}

impl<'a> MatchInput<'a> {
    /// A request. `read` returns its parameters as text, at least those that faults match.
    pub fn new(kind: CallKind, now: Millis, read: &'a dyn Fn() -> Map<String, Value>) -> Self {
        Self {
            kind,
            now,
            read,
            params: OnceCell::new(),
        }
    }

    /// Its parameters, read when first needed.
    pub fn params(&self) -> &Map<String, Value> {
        self.params.get_or_init(self.read)
    }
}

/// A fault of a plan, with its counts.
#[derive(Debug)]
pub(super) struct Planned {
    /// Identifies the fault in tickets.
    pub(super) serial: u64,
    pub(super) fault: Fault,
    /// The kinds of call that it may strike.
    pub(super) places: Vec<CallKind>,
    /// How many requests have matched, before `nth` and `probability` are applied.
    pub(super) seen: u32,
    /// How many requests were struck.
    pub(super) struck: u32,
    /// Journal ids of the latest that were recorded.
    pub(super) consumed_by: VecDeque<u64>,
    /// Whether it has changed since it was last stored.
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

    /// Whether it is used up.
    pub(super) fn is_spent(&self) -> bool {
        let times = self.fault.times();
        times != 0 && self.struck >= times
    }

    /// Whether it matches a request of one of its kinds, even if it is used up.
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
