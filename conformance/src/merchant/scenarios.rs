//! The scenarios that a shop is put through.

use crate::merchant::driver::shop::FLOWS;
use crate::merchant::trace::Played;
use flexiti_contract::Contract;
use flexiti_contract::scenario::Scenario;
use std::sync::OnceLock;

/// The scenarios, as they are shipped.
#[expect(
    clippy::expect_used,
    reason = "a test of the contract loads the same data"
)]
pub fn all() -> &'static [Scenario] {
    static SCENARIOS: OnceLock<Vec<Scenario>> = OnceLock::new();
    SCENARIOS.get_or_init(|| {
        let scenarios = Contract::shipped().scenarios();
        scenarios.expect("the shipped scenarios load")
    })
}

/// A scenario in one of its flows and languages.
pub type Play<'p> = (&'p Scenario, &'p str, &'p str);

/// What a shop with these flows and languages plays of a scenario.
pub fn plays_of(row: &'static Scenario, flows: &[String], langs: &[String]) -> Vec<Play<'static>> {
    let flows = row.flows_for(flows);
    let flows = FLOWS.into_iter().filter(|flow| flows.contains(flow));
    let langs = || row.langs.iter().filter(|lang| langs.contains(lang));
    flows
        .flat_map(|flow| langs().map(move |lang| (row, flow, lang.as_str())))
        .collect()
}

/// The scenario that was played.
pub fn of(played: &Played) -> Option<&Scenario> {
    let plan = played.plan.as_deref();
    plan.or_else(|| named(&played.scenario))
}

/// The scenario of this id.
pub fn named(id: &str) -> Option<&'static Scenario> {
    all().iter().find(|scenario| scenario.id == id)
}
