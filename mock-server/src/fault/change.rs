//! One fault more or less, while what became of the others stays known.

use crate::clock::Millis;
use crate::fault::matching::Faults;
use crate::fault::plan::Fault;
use flexiti_contract::Rulebook;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What `PATCH merchants/{client_id}/faults` takes: one of these.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FaultPlanChange {
    /// Adds a fault at the end of the plan.
    Add(Fault),
    /// Removes the fault at this index of the plan, counted from 0.
    Remove(usize),
}

impl Faults {
    /// Changes the plan of a merchant whose contract and time these are; a mistake changes
    /// nothing, and the error says where it is.
    pub fn change(
        &mut self,
        change: FaultPlanChange,
        rulebook: &Rulebook,
        now: Millis,
    ) -> Result<(), String> {
        match change {
            FaultPlanChange::Add(fault) => self.add(fault, rulebook, now),
            FaultPlanChange::Remove(at) => self.remove(at),
        }
    }
}
