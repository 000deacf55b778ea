//! A stored plan: what has changed in it, and how it is restored.

use crate::fault::matching::{Faults, Saved};
use crate::fault::plan::Fault;
use crate::fault::planned::Planned;
use crate::random::Random;
use serde::{Deserialize, Serialize};

/// A fault with its counts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KeptFault {
    /// The fault.
    pub fault: Fault,
    /// How many requests have matched.
    pub seen: u32,
    /// How many requests were struck.
    pub struck: u32,
    /// Journal ids of the latest that were recorded.
    pub consumed_by: Vec<u64>,
}

/// The changes in a plan. The numbers give the order in which faults are tried.
#[derive(Debug, PartialEq)]
pub enum FaultsChanged {
    /// Replaces everything stored: this is the plan.
    All(Vec<(u64, KeptFault)>),
    /// The current state of these faults; `None` for a removed one.
    Some(Vec<(u64, Option<KeptFault>)>),
}

impl Faults {
    /// Restores a stored plan, given in order. `random` is the source for chance.
    pub fn restored(kept: impl IntoIterator<Item = (u64, KeptFault)>, random: Random) -> Self {
        let mut faults = Self::none(random);
        faults.kept.is_kept = true;
        for (serial, kept) in kept {
            faults.next = serial + 1;
            faults.plan.push(planned(serial, kept));
        }
        faults
    }

    /// Takes over another server's change to a fault; `None` if that server removed it.
    pub fn take_over(&mut self, serial: u64, kept: Option<KeptFault>) {
        let place = self
            .plan
            .binary_search_by_key(&serial, |planned| planned.serial);
        match (place, kept.map(|kept| planned(serial, kept))) {
            (Ok(at), Some(planned)) => {
                let known = &self.plan[at];
                if known.fault != planned.fault || known.is_spent() != planned.is_spent() {
                    self.index = None;
                }
                self.plan[at] = planned;
            }
            (Ok(at), None) => {
                self.plan.remove(at);
                self.index = None;
            }
            (Err(at), Some(planned)) => {
                self.plan.insert(at, planned);
                self.index = None;
                self.next = self.next.max(serial + 1);
            }
            (Err(_), None) => {}
        }
    }

    /// Marks everything as not yet stored.
    pub fn keep_anew(&mut self) {
        self.kept = Saved::default();
    }

    /// The changes since the last call.
    pub fn take_changes(&mut self) -> FaultsChanged {
        let is_new = !std::mem::replace(&mut self.kept.is_kept, true);
        let removed = std::mem::take(&mut self.kept.removed);
        let mut changed = Vec::new();
        for planned in &mut self.plan {
            if std::mem::take(&mut planned.changed) || is_new {
                let kept = KeptFault {
                    fault: planned.fault.clone(),
                    seen: planned.seen,
                    struck: planned.struck,
                    consumed_by: planned.consumed_by.iter().copied().collect(),
                };
                changed.push((planned.serial, kept));
            }
        }
        if is_new {
            return FaultsChanged::All(changed);
        }
        let gone = removed.into_iter().map(|serial| (serial, None));
        let now = changed
            .into_iter()
            .map(|(serial, kept)| (serial, Some(kept)));
        FaultsChanged::Some(gone.chain(now).collect())
    }
}

fn planned(serial: u64, kept: KeptFault) -> Planned {
    Planned {
        seen: kept.seen,
        struck: kept.struck,
        consumed_by: kept.consumed_by.into(),
        changed: false,
        ..Planned::new(kept.fault, serial)
    }
}
