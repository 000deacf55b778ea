//! The scenarios for shops.

use crate::merchant::driver::shop::FLOWS;
use crate::merchant::trace::Played;
use flexiti_contract::Contract;
use flexiti_contract::scenario::Scenario;
use std::sync::OnceLock;

/// The shipped scenarios.
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

/// The plays of a scenario for a shop with these flows and languages.
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

/// The scenario with this id.
pub fn named(id: &str) -> Option<&'static Scenario> {
    all().iter().find(|scenario| scenario.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shop_is_tried_in_its_own_flows() {
        let played = |id: &str, flows: &[&str]| {
            let flows: Vec<String> = flows.iter().map(|flow| (*flow).to_owned()).collect();
            let plays = plays_of(named(id).unwrap(), &flows, &["en".to_owned()]);
            let flows = plays.into_iter().map(|(_, flow, _)| flow);
            flows.collect::<Vec<&str>>()
        };
        // Meant for apply/buy; other flows are only a substitute.
        assert_eq!(
            played("init.lost", &["apply", "buy", "apply/buy"]),
            ["apply/buy"]
        );
        assert_eq!(played("init.lost", &["buy"]), ["buy"]);
        assert_eq!(played("init.lost", &["apply"]), ["apply"]);
        assert_eq!(played("outcome.cancelled", &["buy"]), ["buy"]);
        // Only an application can be declined, and only a purchase refused.
        assert_eq!(played("notification.down_declined", &["buy"]), [""; 0]);
        assert_eq!(played("notification.down_declined", &["apply"]), ["apply"]);
        assert_eq!(played("outcome.refused", &["apply"]), [""; 0]);
        // An approval that is not the end leads to a purchase.
        let approved = "outcome.approved_not_bought";
        assert_eq!(played(approved, &["apply"]), [""; 0]);
        assert_eq!(played(approved, &["apply/buy"]), ["apply/buy"]);
    }
}
