//! Scenarios in which Flexiti does not answer within the shop's timeout, for shops whose driver
//! file gives one.

use flexiti_contract::scenario::{Belief, By, Rank, Scenario, Start, Step, To};
use serde_json::{Map, json};

/// Prefix of the ids of these scenarios.
pub const PREFIX: &str = "silence.";
/// How many seconds longer than the timeout the silence lasts.
const LONGER: u64 = 2;

/// One scenario for each kind of call, in a flow and language that the shop has; none without a
/// timeout.
pub fn scenarios(timeout_s: Option<u16>, has: impl Fn(&str, &str) -> bool) -> Vec<Scenario> {
    let flows = ["apply/buy", "buy"];
    let plays = flows
        .iter()
        .flat_map(|flow| ["en", "fr"].map(|lang| (*flow, lang)));
    let play = plays.into_iter().find(|(flow, lang)| has(flow, lang));
    let Some((timeout, (flow, lang))) = timeout_s.zip(play) else {
        return Vec::new();
    };
    let silent = |endpoint: &str, refused: bool| {
        let may_fail = endpoint != "notification";
        let ms = (u64::from(timeout) + LONGER) * 1_000;
        Scenario {
            id: format!(
                "{PREFIX}{endpoint}{}",
                if refused { "_refused" } else { "" }
            ),
            requirement: format!(
                "Flexiti answers a call ({endpoint}) after {} seconds, for longer than the shop waits: it {}.",
                u64::from(timeout) + LONGER,
                if refused {
                    "takes silence for no payment, and asks again"
                } else {
                    "asks again, or tells its customer, who pays once"
                }
            ),
            source: vec!["R-bul".to_owned()],
            test_case: None,
            level: Rank::Robust,
            good_practice: false,
            flows: vec![flow.to_owned()],
            langs: vec![lang.to_owned()],
            answers: Map::new(),
            faults: vec![json!({
                "match": {"endpoint": endpoint},
                "action": {"type": "delay", "ms": ms}
            })],
            steps: vec![
                Step::Checkout {
                    expect: if may_fail {
                        Start::Either
                    } else {
                        Start::Opens
                    },
                },
                Step::Complete {
                    outcome: if refused { "refused" } else { "purchased" }.to_owned(),
                    settle_after: None,
                    every: false,
                },
                Step::Return {
                    to: To::Own,
                    by: By::Customer,
                },
                Step::Believe {
                    one_of: vec![if refused {
                        Belief::Failed
                    } else {
                        Belief::Paid
                    }],
                },
            ],
            // The abandoned call opened an order too.
            orders: 1 + usize::from(endpoint == "init"),
            also: Vec::new(),
            control: None,
        }
    };
    let calls = [
        ("token", false),
        ("init", false),
        ("notification", false),
        ("notification", true),
    ];
    calls
        .map(|(endpoint, refused)| silent(endpoint, refused))
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flexiti_is_silent_for_longer_than_the_shop_waits_where_that_is_known() {
        let all = scenarios(Some(5), |flow, lang| flow == "buy" && lang == "fr");
        let ids: Vec<&str> = all.iter().map(|scenario| scenario.id.as_str()).collect();
        assert_eq!(
            ids,
            [
                "silence.token",
                "silence.init",
                "silence.notification",
                "silence.notification_refused"
            ]
        );
        for scenario in &all {
            assert_eq!(scenario.faults[0]["action"]["ms"], 7_000);
            assert_eq!((&*scenario.flows[0], &*scenario.langs[0]), ("buy", "fr"));
        }
        assert_eq!(scenarios(None, |_, _| true).len(), 0);
        assert_eq!(scenarios(Some(5), |flow, _| flow == "apply").len(), 0);
    }
}
