//! What a run plays.

use crate::merchant::driver::Driver;
use crate::merchant::scenarios::{Play, plays_of};
use crate::merchant::{recipe, scenarios, timeout_scenarios};
use crate::pattern::Pattern;
use flexiti_contract::Contract;
use flexiti_contract::scenario::Scenario;
use std::collections::BTreeSet;

/// What to play.
#[derive(Debug, Clone)]
pub struct Options {
    /// Seeds amounts, order numbers and random choices.
    pub seed: u64,
    /// Names or paths of the dialects, the merchant's own one first.
    pub dialects: Vec<String>,
    /// Only these scenarios, with their controls; all if empty.
    pub only: Vec<Pattern>,
    /// Scenarios to leave out.
    pub skip: Vec<Pattern>,
    /// How many plans of the fuzzer to play as well, in each dialect.
    pub fuzz: u32,
}

impl Options {
    /// Whether a scenario of this name is to be played.
    fn is_chosen(&self, name: &str) -> bool {
        let named = |patterns: &[Pattern]| patterns.iter().any(|pattern| pattern.covers(name));
        (self.only.is_empty() || named(&self.only)) && !named(&self.skip)
    }

    /// The selected scenarios, one entry for each flow and language that the shop has.
    pub fn plays(&self, driver: &Driver) -> Vec<Play<'static>> {
        let all = scenarios::all().iter();
        let all: Vec<Play<'static>> = all
            .flat_map(|row| plays_of(row, &driver.shop.flows, &driver.shop.languages))
            .collect();
        let name = |(row, flow, lang): &Play<'_>| format!("{}/{flow}/{lang}", row.id);
        let chosen = all.iter().filter(|play| self.is_chosen(&name(play)));
        // The absence of something proves nothing unless it happens in the control.
        let controls = chosen.filter_map(|(row, ..)| row.control.as_deref());
        let mut controls: BTreeSet<&str> = controls.collect();
        // There must be a paid order before another customer comes with its number.
        let skipped = |name: &str| self.skip.iter().any(|pattern| pattern.covers(name));
        let mut chosen = all.iter().filter(|play| self.is_chosen(&name(play)));
        if chosen.any(|(row, ..)| row.id == "callback.foreign") && !skipped("outcome.purchased") {
            controls.insert("outcome.purchased");
        }
        let wanted =
            |play: &Play<'_>| self.is_chosen(&name(play)) || controls.contains(play.0.id.as_str());
        let mut plays: Vec<Play<'static>> = all.into_iter().filter(wanted).collect();
        // A shop that is told to wait for a minute rightly does so, and turns customers away.
        plays.sort_by_key(|(scenario, ..)| silences(scenario));
        plays
    }

    /// The scenarios made for this run: silences longer than the shop's timeout, and plans of the
    /// fuzzer.
    pub fn planned(&self, driver: &Driver) -> anyhow::Result<Vec<Scenario>> {
        let has = |flow: &str, lang: &str| driver.shop.has(flow, lang);
        let mut planned = timeout_scenarios::scenarios(driver.checkout.timeout_s, has);
        planned.retain(|row| self.is_chosen(&row.id));
        let contract = Contract::shipped();
        planned.extend(recipe::scenarios(contract, self.seed, self.fuzz, has)?);
        Ok(planned)
    }

    /// Rejects a pattern that matches no scenario, and a selection that leaves none.
    pub fn check(&self, driver: &Driver) -> anyhow::Result<()> {
        let names = names();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        for (flag, patterns) in [("--only", &self.only), ("--skip", &self.skip)] {
            for pattern in patterns {
                let checked = pattern.check_covering("scenario", &names);
                checked.map_err(|why| anyhow::anyhow!("{flag}: {why}"))?;
            }
        }
        if self.plays(driver).is_empty() && self.planned(driver)?.is_empty() {
            anyhow::bail!(
                "--only, --skip: they leave no scenario in the flows and languages that the shop has"
            );
        }
        Ok(())
    }
}

/// The names of all scenarios: those shipped, with flow and language, and those about silences.
pub fn names() -> Vec<String> {
    let all = scenarios::all().iter().flat_map(Scenario::plays);
    let mut names: Vec<String> = all
        .map(|(id, flow, lang)| format!("{id}/{flow}/{lang}"))
        .collect();
    names.extend(
        timeout_scenarios::scenarios(Some(1), |_, _| true)
            .into_iter()
            .map(|row| row.id),
    );
    names
}

/// Whether a scenario tells the shop to back off for longer than a scenario lasts.
pub fn silences(scenario: &Scenario) -> bool {
    scenario.faults.iter().any(|fault| {
        let pause = fault["action"]["headers"]["Retry-After"].as_str();
        pause.is_some_and(|pause| pause.parse().is_ok_and(|seconds: u32| seconds > 5))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merchant::driver::EXAMPLE;

    #[test]
    fn scenarios_are_played_with_their_controls() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("merchant.toml");
        std::fs::write(&path, EXAMPLE).unwrap();
        let driver = Driver::read(&path, 9_123).unwrap();
        let played = |only: &str| {
            let options = Options {
                seed: 1,
                dialects: vec!["documented".to_owned()],
                only: vec![only.parse().unwrap()],
                skip: Vec::new(),
                fuzz: 0,
            };
            let plays = options.plays(&driver).into_iter();
            plays
                .map(|(scenario, ..)| scenario.id.clone())
                .collect::<BTreeSet<String>>()
        };
        let callbacks = played("callback");
        for control in ["outcome.declined", "outcome.cancelled"] {
            assert!(callbacks.contains(control), "{callbacks:?}");
        }
        assert!(callbacks.contains("callback.declined_success"));
        // `callback.foreign` needs another customer's paid order.
        assert!(callbacks.contains("outcome.purchased"));
        assert!(!played("callback.declined_success").contains("outcome.purchased"));
        assert_eq!(played("callback.told").len(), 1);
        assert_eq!(played("no.such").len(), 0);
        assert_eq!(played("callback.to").len(), 0);
        assert_eq!(played("*.told"), played("callback.told/buy/en"));
    }

    #[test]
    fn a_choice_that_means_nothing_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("merchant.toml");
        std::fs::write(&path, EXAMPLE).unwrap();
        let driver = Driver::read(&path, 9_124).unwrap();
        let check = |only: &[&str], skip: &[&str]| {
            let read = |patterns: &[&str]| patterns.iter().map(|it| it.parse().unwrap()).collect();
            let options = Options {
                seed: 1,
                dialects: vec!["documented".to_owned()],
                only: read(only),
                skip: read(skip),
                fuzz: 0,
            };
            options.check(&driver).map_err(|why| why.to_string())
        };
        assert_eq!(check(&["callback", "silence.token"], &["*/fr"]), Ok(()));
        let unknown = check(&["callback.tld"], &[]).unwrap_err();
        assert!(
            unknown.starts_with("--only: unknown scenario `callback.tld`")
                && unknown.contains("`callback.told/"),
            "{unknown}"
        );
        let unknown = check(&[], &["callbck.*"]).unwrap_err();
        assert!(
            unknown.starts_with("--skip: no scenario matches"),
            "{unknown}"
        );
        let nothing = check(&["callback"], &["*"]).unwrap_err();
        assert!(nothing.contains("leave no scenario"), "{nothing}");
    }
}
