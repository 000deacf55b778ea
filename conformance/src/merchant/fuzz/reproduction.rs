//! A plan that breaks a shop, in a file: fuzzing saves it, and `replay` plays it again.

use crate::merchant::driver::Driver;
use crate::merchant::judge::{self, Judgement, Verdict, lint};
use crate::merchant::stage::{Stage, Trouble};
use crate::merchant::trace;
use anyhow::{Context as _, bail, ensure};
use flexiti_contract::scenario::Scenario;
use flexiti_contract::{Contract, Rulebook};
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::time::Duration;

/// The format's name.
const KIND: &str = "flexiti-merchant-plan/";
/// The format's name and version.
const FORMAT: &str = "flexiti-merchant-plan/1";
/// How soon after a plan a shop must exit for the plan to be blamed.
const GRACE: Duration = Duration::from_millis(50);
/// The check for a shop that exits during a scenario.
const ENDED: &str = "shop_ended";

/// A plan, and the checks that it broke.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reproduction {
    /// `flexiti-merchant-plan/1`
    pub format: String,
    /// Name or path of the dialect that Flexiti speaks, before the overrides in `scenario`.
    pub dialect: String,
    /// The seed of order numbers, amounts and random choices.
    pub seed: u64,
    /// The flow.
    pub flow: String,
    /// The customer's language.
    pub lang: String,
    /// Answers, faults and steps, as in `scenarios.json`.
    pub scenario: Scenario,
    /// The checks that failed.
    pub broke: Vec<String>,
}

impl Reproduction {
    /// A plan that has not broken anything yet.
    pub fn new(dialect: &str, seed: u64, flow: &str, lang: &str, scenario: Scenario) -> Self {
        Self {
            format: FORMAT.to_owned(),
            dialect: dialect.to_owned(),
            seed,
            flow: flow.to_owned(),
            lang: lang.to_owned(),
            scenario,
            broke: Vec::new(),
        }
    }

    /// Whether a text is a plan, rather than another file that can be replayed.
    pub fn is_one(text: &str) -> bool {
        let format = serde_json::from_str::<serde_json::Value>(text);
        format.is_ok_and(|value| {
            let format = value["format"].as_str();
            format.is_some_and(|format| format.starts_with(KIND))
        })
    }

    /// Reads a plan. An error names the file and position.
    pub fn read(path: &Path, text: &str) -> anyhow::Result<Self> {
        let name = path.display();
        let plan: Self = serde_json::from_str(text).with_context(|| format!("{name}"))?;
        let wanted = &plan.format;
        ensure!(
            wanted == FORMAT,
            "{name}: format: `{wanted}` is not {FORMAT}"
        );
        Ok(plan)
    }

    /// The plan as the text of a file.
    pub fn to_file(&self) -> anyhow::Result<String> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }

    /// Plays the plan with a freshly started shop and returns the checks that failed.
    pub fn replay(&self, driver: &Driver) -> anyhow::Result<Vec<Judgement>> {
        let mut stage = Stage::new(driver, self.seed, &self.dialect)?;
        self.play(&mut stage)
    }

    /// Plays the plan and returns the checks that failed.
    pub fn play(&self, stage: &mut Stage<'_>) -> anyhow::Result<Vec<Judgement>> {
        let played = stage.play(&self.scenario, &self.flow, &self.lang)?;
        if let Some((step, why)) = played.failures().next() {
            bail!("step {step} of the plan could not be carried out: {why}");
        }
        let mut all = judge::judge(&self.scenario, &played);
        let dialect = Contract::shipped().dialect_from_json(stage.dialect())?;
        let rulebook = Rulebook::compile(Contract::shipped(), dialect)?;
        all.extend(lint::judge(
            &rulebook,
            &trace::calls(std::slice::from_ref(&played)),
            &played.looked.iter().copied().collect(),
        )?);
        std::thread::sleep(GRACE);
        all.extend(ended(stage.check())?);
        all.retain(|judgement| judgement.verdict == Verdict::Failed);
        Ok(all)
    }
}

/// A shop that exits during a plan is broken by it.
fn ended(check: Result<(), Trouble>) -> anyhow::Result<Option<Judgement>> {
    match check {
        Ok(()) => Ok(None),
        Err(trouble @ Trouble::Ended { .. }) => {
            Ok(Some(Judgement::failed(ENDED, trouble.to_string())))
        }
        Err(trouble) => Err(trouble.into()),
    }
}
