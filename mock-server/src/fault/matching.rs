//! Which fault strikes a request, and the plan's counts.

use crate::call_kind::CallKind;
use crate::clock::Millis;
use crate::fault::index::Index;
use crate::fault::mistake::{LONGEST_MS, Wrong};
use crate::fault::plan::{Action, Fault, FaultPlan, FaultPlanView, FaultView};
use crate::fault::planned::{MatchInput, Planned};
use crate::fault::{reachable, validate};
use crate::random::Random;
use flexiti_contract::Rulebook;
use std::sync::Arc;
use std::time::Duration;

/// How many ids a fault keeps; `struck` counts all.
const CONSUMED: usize = 1_000;

/// Formats a mistake with the fault that it is in.
fn wrong_in(place: &str, (key, what): Wrong) -> String {
    match key.as_str() {
        "" => format!("{place}: {what}"),
        key => format!("{place}.{key}: {what}"),
    }
}

/// Which part of a plan has been stored.
#[derive(Debug, Default)]
pub(super) struct Saved {
    /// Whether the plan has been stored at all.
    pub(super) is_kept: bool,
    pub(super) removed: Vec<u64>,
}

impl Saved {
    fn removed(&mut self, serial: u64) {
        if self.is_kept {
            self.removed.push(serial);
        }
    }
}

/// A fault that strikes a request.
#[derive(Debug, Clone)]
pub struct Strike {
    /// What happens.
    pub action: Action,
    /// The delay, drawn if it is left to chance.
    pub later: Option<Duration>,
    /// For [`Faults::settle`], once the request is recorded.
    pub ticket: Ticket,
}

/// Identifies the fault of a strike. It is void once its plan has been replaced.
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
    /// The identity of this plan: only its own tickets hold the same pointer.
    own: Arc<()>,
    /// Built on first use, and again after the plan has changed.
    pub(super) index: Option<Index>,
    /// Separate for each merchant, so that merchants do not affect each other.
    random: Random,
    /// Which part of this plan has been stored.
    pub(super) kept: Saved,
}

impl Faults {
    /// An empty plan. `random` is the source for chance.
    pub fn none(random: Random) -> Self {
        Self {
            plan: Vec::new(),
            index: None,
            next: 0,
            own: Arc::default(),
            random,
            kept: Saved::default(),
        }
    }

    /// A plan for a merchant with this contract and time. A mistake refuses the whole plan, and so
    /// does a fault that can never strike; the error says where it is.
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

    /// Adds a fault to the end of the plan; the counts of the others stay. A mistake changes
    /// nothing, and the error says where it is.
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
        self.index = None;
        self.next += 1;
    }

    /// Removes the fault at this index; the counts of the others stay.
    pub(super) fn remove(&mut self, at: usize) -> Result<(), String> {
        if at < self.plan.len() {
            let gone = self.plan.remove(at);
            self.index = None;
            self.kept.removed(gone.serial);
            return Ok(());
        }
        let what = match self.plan.len() {
            0 => "the plan is empty".to_owned(),
            length => format!("the plan has 0 to {}", length - 1),
        };
        Err(format!("remove: no fault `{at}`; {what}"))
    }

    /// The plan with its counts.
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

    /// Whether the plan is empty.
    pub fn is_empty(&self) -> bool {
        self.plan.is_empty()
    }

    fn index(&mut self) -> &mut Index {
        self.index.get_or_insert_with(|| Index::new(&self.plan))
    }

    /// The parameters that faults for this kind of call match, if there are any.
    pub fn asked_params(&mut self, kind: CallKind) -> Option<Arc<[String]>> {
        self.index().names(kind)
    }

    /// The fault that strikes a request: the first of the plan that matches. Every fault whose
    /// criteria match counts the request.
    pub fn strike(&mut self, input: &MatchInput<'_>) -> Option<Strike> {
        let mut struck = None;
        let mut spent = None;
        let plan = &self.plan;
        let index = self.index.get_or_insert_with(|| Index::new(plan));
        for at in index.candidates(input).iter().copied() {
            let planned = &mut self.plan[at];
            if !planned.is_for(input) {
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
                spent = planned.is_spent().then_some(at);
            }
        }
        if let Some(at) = spent {
            index.spent(at, &self.plan[at]);
        }
        let (action, ticket) = struck?;
        Some(Strike {
            later: self.later(&action),
            action,
            ticket,
        })
    }

    /// Records the journal id of a struck request. A ticket of a replaced plan has no effect.
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
            // Usually it is the latest.
            let later = ids.iter().rev().take_while(|other| **other > id).count();
            ids.insert(ids.len() - later, id);
            if ids.len() > CONSUMED {
                ids.pop_front();
            }
        }
    }

    /// The delay that an action causes.
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
