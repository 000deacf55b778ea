//! A whole run: every scenario, in every flow and language that it has, in each dialect.

use super::driver::Driver;
use super::play::Stage;
use super::scenarios;
use super::verdicts::Act;
use flexiti_contract::scenario::Scenario;

/// What to run.
#[derive(Debug, Clone)]
pub struct Options {
    /// Makes amounts, order numbers and chance repeatable.
    pub seed: u64,
    /// Names or paths of the dialects, the merchant's own first.
    pub dialects: Vec<String>,
    /// Only scenarios whose id begins so.
    pub only: Option<String>,
}

impl Options {
    /// The scenarios that are asked for, each flow and language of them by itself.
    pub fn plays(&self) -> Vec<(&'static Scenario, &'static str, &'static str)> {
        let wanted = |row: &&Scenario| {
            let only = self.only.as_deref().unwrap_or_default();
            row.id.starts_with(only)
        };
        let mut plays = Vec::new();
        for scenario in scenarios().iter().filter(wanted) {
            for flow in &scenario.flows {
                for lang in &scenario.langs {
                    plays.push((scenario, flow.as_str(), lang.as_str()));
                }
            }
        }
        plays
    }
}

/// Puts the shop of a driver file through the scenarios; `tell` hears how many of how many are
/// done, and which is next.
pub fn run(
    driver: &Driver,
    options: &Options,
    tell: &mut dyn FnMut(usize, usize, &str),
) -> anyhow::Result<Vec<Act>> {
    let plays = options.plays();
    let total = plays.len() * options.dialects.len();
    let mut done = 0;
    let mut acts = Vec::new();
    for dialect in &options.dialects {
        // A shop that has just started, for each: nothing of one dialect is left in another.
        let mut stage = Stage::new(driver, options.seed, dialect)?;
        let mut played = Vec::new();
        for (scenario, flow, lang) in &plays {
            tell(done, total, &scenario.id);
            played.push(stage.play(scenario, flow, lang)?);
            done += 1;
        }
        acts.push(Act {
            dialect: stage.dialect(),
            pages: stage.scan()?,
            played,
        });
    }
    tell(done, total, "");
    Ok(acts)
}
