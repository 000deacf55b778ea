//! Adding or removing one fault without losing the history of the others.

use crate::clock::Millis;
use crate::fault::matching::Faults;
use crate::fault::plan::Fault;
use flexiti_contract::Rulebook;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The body of `PATCH merchants/{client_id}/faults`: one of these.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FaultPlanChange {
    /// Adds a fault at the end of the plan.
    Add(Fault),
    /// Removes the fault at this index of the plan, counted from 0.
    Remove(usize),
}

impl Faults {
    /// Changes the plan of a merchant with this contract and time. A mistake changes nothing, and
    /// the error says where it is.
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
