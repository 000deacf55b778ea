//! What is done to the mock in a scenario: by the stage during the play, and again in a replay.

use super::event::What;
use anyhow::{Context as _, anyhow};
use flexiti_contract::scenario::Scenario;
use flexiti_mock::embed::admin::{
    Admin, ClockChange, Complete, Completed, DialectChange, DialectView, FaultPlan, SettleAfter,
    Wanted,
};
use serde_json::{Map, Value, json};

/// The name of a scenario's dialect.
const SCENE: &str = "scene";

/// The merchant and dialect that are steered.
#[derive(Debug, Clone, Copy)]
pub struct Setting<'s> {
    /// The shop's client id.
    pub client_id: &'s str,
    /// The dialect, before the overrides of scenarios.
    pub dialect: &'s DialectView,
}

impl Setting<'_> {
    /// Performs a recorded action on a mock.
    pub fn perform(
        self,
        admin: Admin<'_>,
        scenario: &Scenario,
        what: &What,
    ) -> anyhow::Result<Option<Completed>> {
        match what {
            What::Scene(_) => self.set_scene(admin, scenario)?,
            What::Plan { order } => self.plan(admin, &scenario.faults, *order)?,
            What::Complete {
                order,
                outcome,
                settle_after,
            } => {
                let wish = wish(outcome, settle_after.as_ref())?;
                return Ok(Some(admin.complete(*order, &wish)?));
            }
            What::Advance(ms) => {
                let change = ClockChange {
                    advance_ms: Some(*ms),
                    ..ClockChange::default()
                };
                admin.set_clock(self.client_id, &change)?;
            }
            What::Over { .. } => admin.clear_faults(self.client_id)?,
            What::Call(_) | What::Looked => {}
        }
        Ok(None)
    }

    /// Applies the scenario's answers and faults to the mock.
    fn set_scene(self, admin: Admin<'_>, scenario: &Scenario) -> anyhow::Result<()> {
        let mut answers: Map<String, Value> = self.dialect.answers.clone();
        answers.extend(scenario.answers.clone());
        let change = DialectChange {
            name: SCENE.to_owned(),
            description: Some(self.dialect.description.clone()),
            extends: None,
            answers: Some(answers),
        };
        admin.set_dialect(self.client_id, &change)?;
        let faults = scenario.faults.iter();
        let before: Vec<&Value> = faults.filter(|fault| !is_of_order(fault)).collect();
        let plan = FaultPlan::read(json!({"faults": before})).map_err(|what| anyhow!(what))?;
        let planned = admin.plan_faults(self.client_id, plan);
        planned.with_context(|| format!("the faults of scenario {}", scenario.id))?;
        Ok(())
    }

    /// Plans the faults of notifications, limited to this order if given, since the shop may still
    /// ask about earlier ones.
    fn plan(self, admin: Admin<'_>, faults: &[Value], order: Option<u64>) -> anyhow::Result<()> {
        for fault in faults.iter().filter(|fault| is_of_order(fault)) {
            let mut fault = fault.clone();
            if let Some(order) = order {
                fault["match"]["params"]["orderId"] = order.to_string().into();
            }
            let change = serde_json::from_value(json!({"add": fault}))?;
            admin.change_faults(self.client_id, change)?;
        }
        Ok(())
    }
}

/// Whether a fault is about calls for one order.
pub fn is_of_order(fault: &Value) -> bool {
    fault["match"]["endpoint"] == "notification"
}

fn wish(outcome: &str, settle_after: Option<&Value>) -> anyhow::Result<Complete> {
    let wanted: Wanted =
        serde_json::from_value(outcome.into()).with_context(|| format!("outcome `{outcome}`"))?;
    let settle_after: Option<SettleAfter> = settle_after
        .map(|after| serde_json::from_value(after.clone()))
        .transpose()
        .context("settle_after")?;
    Ok(Complete {
        outcome: wanted,
        follow: false,
        settle_after,
    })
}
