//! Which fault strikes a request, and the account of it.

use crate::call_kind::CallKind;
use crate::clock::Millis;
use crate::fault::mistake::{LONGEST_MS, Wrong};
use crate::fault::plan::{Action, Fault, FaultPlan, FaultPlanView, FaultView};
use crate::fault::{reachable, validate};
use crate::random::Random;
use flexiti_contract::Rulebook;
use serde_json::{Map, Value};
use std::cell::OnceCell;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

/// A mistake with the fault in which it is.
fn wrong_in(place: &str, (key, what): Wrong) -> String {
    match key.as_str() {
        "" => format!("{place}: {what}"),
        key => format!("{place}.{key}: {what}"),
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

/// How many ids a fault keeps; `struck` counts all.
const CONSUMED: usize = 1_000;

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

    fn is_spent(&self) -> bool {
        let times = self.fault.times();
        times != 0 && self.struck >= times
    }

    /// Whether it is for a request, whose parameters are read at most once for all faults.
    fn is_for(&self, input: &MatchInput<'_>, sent: &OnceCell<Map<String, Value>>) -> bool {
        let open = match &self.fault.action {
            Action::Maintenance { from, until } => {
                (from.as_millisecond()..until.as_millisecond()).contains(&input.now)
            }
            _ => true,
        };
        if !open || !self.places.contains(&input.kind) {
            return false;
        }
        let wanted = &self.fault.matching.params;
        if wanted.is_empty() {
            return true;
        }
        let sent = sent.get_or_init(|| (input.params)());
        let has = |(name, value): (&String, &String)| {
            sent.get(name).and_then(Value::as_str) == Some(value)
        };
        wanted.iter().all(has)
    }
}

/// What has been kept of a plan.
#[derive(Debug, Default)]
pub(super) struct Kept {
    /// Whether anything has.
    pub(super) is_kept: bool,
    pub(super) removed: Vec<u64>,
}

impl Kept {
    fn removed(&mut self, serial: u64) {
        if self.is_kept {
            self.removed.push(serial);
        }
    }
}

/// What a request looks like to a fault.
pub struct MatchInput<'a> {
    /// Where it went.
    pub kind: CallKind,
    /// The merchant's time.
    pub now: Millis,
    /// Its parameters as texts, read when a fault asks for them.
    pub params: &'a dyn Fn() -> Map<String, Value>,
}

/// A fault that struck a request.
#[derive(Debug, Clone)]
pub struct Strike {
    /// What happens.
    pub action: Action,
    /// How much later, drawn where that is left to chance.
    pub later: Option<Duration>,
    /// For the account, once the request is recorded.
    pub ticket: Ticket,
}

/// What a strike is settled with: the fault of one plan, and of no other that took its place.
#[derive(Debug, Clone)]
pub struct Ticket {
    plan: Arc<()>,
    serial: u64,
}

/// A merchant's faults.
#[derive(Debug)]
pub struct Faults {
    pub(super) plan: Vec<Planned>,
    /// The serial number of the next fault.
    pub(super) next: u64,
    /// The same as in the tickets of this plan, and in no others.
    own: Arc<()>,
    /// Its own, so that merchants do not disturb each other.
    random: Random,
    /// What has been kept of this plan.
    pub(super) kept: Kept,
}

impl Faults {
    /// No faults; `random` is what chance is drawn from.
    pub fn none(random: Random) -> Self {
        Self {
            plan: Vec::new(),
            next: 0,
            own: Arc::default(),
            random,
            kept: Kept::default(),
        }
    }

    /// The faults of a plan for a merchant whose contract and time these are. A mistake refuses
    /// it whole, and so does a fault that can never strike; the error says where.
    pub fn new(
        plan: FaultPlan,
        random: Random,
        rulebook: &Rulebook,
        now: Millis,
    ) -> Result<Self, String> {
        validate::count(plan.faults.len())?;
        let check = |(at, fault): (usize, &Fault)| {
            let place = |wrong: Wrong| wrong_in(&format!("faults[{at}]"), wrong);
            validate::fault(fault).map_err(place)
        };
        plan.faults.iter().enumerate().try_for_each(check)?;
        let mut faults = Self::none(random);
        let mut earlier: Vec<Fault> = Vec::new();
        for fault in plan.faults {
            let at = earlier.len();
            let place = |wrong: Wrong| wrong_in(&format!("faults[{at}]"), wrong);
            reachable::fault(&earlier, &fault, rulebook, now).map_err(place)?;
            faults.push(fault.clone());
            earlier.push(fault);
        }
        Ok(faults)
    }

    /// Adds a fault that is tried after all others; the account of those stays. One with a
    /// mistake changes nothing, and the error says where it is.
    pub(super) fn add(
        &mut self,
        fault: Fault,
        rulebook: &Rulebook,
        now: Millis,
    ) -> Result<(), String> {
        validate::count(self.plan.len() + 1)?;
        let earlier: Vec<Fault> = self.plan.iter().map(|p| p.fault.clone()).collect();
        let place = |wrong: Wrong| wrong_in("add", wrong);
        validate::fault(&fault).map_err(place)?;
        reachable::fault(&earlier, &fault, rulebook, now).map_err(place)?;
        self.push(fault);
        Ok(())
    }

    fn push(&mut self, fault: Fault) {
        self.plan.push(Planned::new(fault, self.next));
        self.next += 1;
    }

    /// Takes away the fault at this place; the account of the others stays.
    pub(super) fn remove(&mut self, at: usize) -> Result<(), String> {
        if at < self.plan.len() {
            let gone = self.plan.remove(at);
            self.kept.removed(gone.serial);
            return Ok(());
        }
        let what = match self.plan.len() {
            0 => "the plan is empty".to_owned(),
            length => format!("the plan has 0 to {}", length - 1),
        };
        Err(format!("remove: no fault `{at}`; {what}"))
    }

    /// The plan with its account.
    pub fn view(&self) -> FaultPlanView {
        let row = |planned: &Planned| FaultView {
            fault: planned.fault.clone(),
            struck: planned.struck,
            consumed_by: planned.consumed_by.iter().copied().collect(),
        };
        FaultPlanView {
            faults: self.plan.iter().map(row).collect(),
        }
    }

    /// Whether there is no plan.
    pub fn is_empty(&self) -> bool {
        self.plan.is_empty()
    }

    /// Whether any fault that may still strike at a place asks for parameters.
    pub fn read_params(&self, kind: CallKind) -> bool {
        let reads = |planned: &Planned| {
            !planned.fault.matching.params.is_empty() && planned.places.contains(&kind)
        };
        self.plan
            .iter()
            .any(|planned| !planned.is_spent() && reads(planned))
    }

    /// The fault that strikes a request: the first of the plan that is for it. Every fault that
    /// could have been counts it.
    pub fn strike(&mut self, input: &MatchInput<'_>) -> Option<Strike> {
        let sent = OnceCell::new();
        let mut struck = None;
        for planned in &mut self.plan {
            if planned.is_spent() || !planned.is_for(input, &sent) {
                continue;
            }
            planned.seen = planned.seen.saturating_add(1);
            planned.changed = true;
            let matching = &planned.fault.matching;
            let chosen = matching.nth.is_none_or(|nth| nth == planned.seen)
                && matching
                    .probability
                    .is_none_or(|share| self.random.fraction() < share);
            if chosen && struck.is_none() {
                planned.struck = planned.struck.saturating_add(1);
                let plan = Arc::clone(&self.own);
                let serial = planned.serial;
                struck = Some((planned.fault.action.clone(), Ticket { plan, serial }));
            }
        }
        let (action, ticket) = struck?;
        Some(Strike {
            later: self.later(&action),
            action,
            ticket,
        })
    }

    /// Enters the id under which the journal has a request that was struck. A ticket of a plan
    /// that is no more changes nothing.
    pub fn settle(&mut self, ticket: &Ticket, id: u64) {
        if !Arc::ptr_eq(&self.own, &ticket.plan) {
            return;
        }
        let at = self
            .plan
            .binary_search_by_key(&ticket.serial, |planned| planned.serial);
        if let Ok(at) = at {
            self.plan[at].changed = true;
            let ids = &mut self.plan[at].consumed_by;
            // Mostly it is the latest.
            let later = ids.iter().rev().take_while(|other| **other > id).count();
            ids.insert(ids.len() - later, id);
            if ids.len() > CONSUMED {
                ids.pop_front();
            }
        }
    }

    /// How much later something comes.
    fn later(&mut self, action: &Action) -> Option<Duration> {
        let ms = match *action {
            Action::Delay { ms } => f64::from(ms),
            Action::DelayUniform { min_ms, max_ms } => {
                f64::from(min_ms) + f64::from(max_ms - min_ms) * self.random.fraction()
            }
            Action::DelayLognormal { median_ms, sigma } => {
                f64::from(median_ms) * (sigma * self.random.normal()).exp()
            }
            _ => return None,
        };
        Some(Duration::from_secs_f64(ms.min(f64::from(LONGEST_MS)) / 1e3))
    }
}
