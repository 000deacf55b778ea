//! One fault more or less, while what became of the others stays known.

use super::{Fault, Faults, Planned, check};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What `PATCH merchants/{client_id}/faults` takes: one of these.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PlanChange {
    /// A fault that is tried after all others.
    Add(Fault),
    /// The place in the plan, counted from 0, of the fault that is no more.
    Remove(usize),
}

impl Faults {
    /// Changes the plan; a mistake changes nothing, and the error says where it is.
    pub fn change(&mut self, change: PlanChange) -> Result<(), String> {
        match change {
            PlanChange::Add(fault) => {
                check(&fault).map_err(|(key, what)| format!("add.{key}: {what}"))?;
                self.plan.push(Planned::new(fault));
            }
            PlanChange::Remove(at) if at < self.plan.len() => {
                self.plan.remove(at);
            }
            PlanChange::Remove(at) => {
                let what = match self.plan.len() {
                    0 => "the plan is empty".to_owned(),
                    length => format!("the plan has 0 to {}", length - 1),
                };
                return Err(format!("remove: no fault `{at}`; {what}"));
            }
        }
        Ok(())
    }
}
