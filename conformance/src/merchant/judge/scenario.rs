//! Judges one scenario.

use super::checkers::Basis;
use super::judgement::{Judgement, Verdict};
use super::story::Story;
use super::{cart, pages, retries, steps, tokens};
use crate::merchant::timeout_scenarios;
use crate::merchant::trace::Played;
use flexiti_contract::scenario::Scenario;

/// The checks that are meaningless if no order was opened.
const NEEDS_ORDER: &[&str] = &[
    "belief",
    "outcome_from_callback",
    "paid_unheard",
    "fault_consumed",
    "token_renewed",
    "refresh_in_time",
];

/// Judges one scenario as it was played. Checks that do not apply are left out.
pub fn judge(scenario: &Scenario, played: &Played) -> Vec<Judgement> {
    let given_up = scenario
        .id
        .starts_with(timeout_scenarios::PREFIX)
        .then(|| given_up(played));
    let played = given_up.as_ref().unwrap_or(played);
    let story = Story { scenario, played };
    let mut all = steps::failed(&story);
    // If the shop exited, that explains everything after it.
    if played.ended.is_some() {
        all.clear();
    }
    if all.is_empty() {
        all.extend(steps::judge(&story));
        all.extend(pages::judge(&story));
        all.extend(tokens::judge(&story));
        all.extend(retries::judge(&story));
        all.extend(cart::judge(&story));
        if story.did_not_open() {
            // Without an order there is no outcome to learn, and no page to return to.
            all.retain(|judgement| {
                let is_echo = judgement.check == "start" && judgement.verdict != Verdict::Failed;
                !is_echo && !NEEDS_ORDER.contains(&judgement.check.as_str())
            });
        }
    } else {
        // In half a scenario, what the shop did is no evidence against it; but what it sent is, and
        // may be why a step failed.
        let mut sent = cart::judge(&story);
        sent.retain(|judgement| judgement.verdict == Verdict::Failed);
        if !sent.is_empty() {
            all = sent;
        }
    }
    let all = all.into_iter().map(|judgement| {
        let of_basis = if scenario.good_practice && judgement.basis == Basis::Documented {
            judgement.on_good_practice()
        } else {
            judgement
        };
        of_basis.in_scenario_of(scenario.level)
    });
    all.collect()
}

/// The play, with every delayed answer treated as lost.
fn given_up(played: &Played) -> Played {
    let mut given_up = played.clone();
    for call in &mut given_up.exchanges {
        if call.row.fault.as_deref() == Some("delay") {
            call.row.fault = Some("lost_response".to_owned());
        }
    }
    given_up
}

/// The verdict on a scenario: the worst of its checks.
pub fn worst(judgements: &[Judgement]) -> Verdict {
    let verdicts = judgements.iter().map(|judgement| judgement.verdict);
    verdicts.max().unwrap_or(Verdict::Inconclusive)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merchant::scenarios;
    use serde_json::{Value, json};

    /// The checks that did not pass for a purchase whose second step, which completes the order,
    /// has the result `second`, in a shop that believes the order is pending.
    fn judged(scenario: &str, second: &Value) -> Vec<(String, Verdict, String)> {
        let page = json!({
            "url": "http://shop/", "status": 200, "lang": "en", "leaks": [], "names_order": false
        });
        let started = json!({"times": 1, "order": 7, "page": page, "trouble": null});
        let returned = json!({"to": "own", "by": "customer", "page": page, "trouble": null});
        let played: Played = serde_json::from_value(json!({
            "scenario": scenario, "flow": "buy", "lang": "en", "dialect": "documented",
            "amount": "1.00", "merchant_orderid": "C1", "cart": {},
            "happened": [
                {"started": started},
                second,
                {"returned": returned},
                {"believed": {"belief": "pending", "said": "pending"}}
            ],
            "exchanges": [], "first_id": 1, "next_id": 1, "left_out": [], "faults": [],
            "opened": []
        }))
        .unwrap();
        let all = judge(scenarios::named(scenario).unwrap(), &played).into_iter();
        let told = all.filter(|judgement| judgement.verdict != Verdict::Passed);
        told.map(|judgement| (judgement.check, judgement.verdict, judgement.message))
            .collect()
    }

    #[test]
    fn a_step_that_could_not_be_carried_out_is_inconclusive_and_accuses_nobody() {
        let failed = json!({"failed": {"why": "no order `7`"}});
        // In the second scenario the shop may give up.
        for scenario in ["outcome.purchased", "init.unavailable"] {
            let [(check, verdict, message)] = &judged(scenario, &failed)[..] else {
                panic!("{scenario}: {:?}", judged(scenario, &failed));
            };
            assert_eq!(check, "step_failed");
            assert_eq!(*verdict, Verdict::Inconclusive);
            assert_eq!(message, "step 2 could not be carried out: no order `7`");
        }
        // The same shop, with the step carried out.
        let found = judged("outcome.purchased", &json!({"completed": "purchased"}));
        let failed = found
            .iter()
            .filter(|(_, verdict, _)| *verdict == Verdict::Failed);
        let failed: Vec<&str> = failed.map(|(check, ..)| check.as_str()).collect();
        assert_eq!(failed, ["belief"]);
    }

    #[test]
    fn a_step_without_an_order_is_told_apart_from_one_that_failed() {
        let found = judged("outcome.purchased", &json!("skipped"));
        let (_, verdict, message) = found.iter().find(|(check, ..)| check == "start").unwrap();
        assert_eq!(*verdict, Verdict::Inconclusive);
        assert!(message.contains("no order was open"), "{message}");
    }

    #[test]
    fn what_the_shop_sent_is_why_a_step_could_not_be_carried_out() {
        // The customer buys, and the shop opens an application.
        let init = json!({
            "id": 1, "at": "2026-01-01T00:00:00Z", "clock": null, "client_id": "c",
            "endpoint": "init_v2", "method": "POST", "path": "/", "headers": {},
            "params": {"amount_requested": "1.00", "lang": "en", "flow": "apply"}, "body": null,
            "status": 200, "duration_us": 1, "order_id": 7, "violations": [], "fault": null,
            "why": [], "query": null, "response_headers": {}, "response_body": null, "curl": ""
        });
        let played: Played = serde_json::from_value(json!({
            "scenario": "outcome.purchased", "flow": "buy", "lang": "en", "dialect": "documented",
            "amount": "1.00", "merchant_orderid": "C1", "cart": {},
            "happened": [{"failed": {"why": "an order of flow `apply` cannot `buy`"}}],
            "exchanges": [init], "first_id": 1, "next_id": 2, "left_out": [], "faults": [],
            "opened": []
        }))
        .unwrap();
        let all = judge(scenarios::named("outcome.purchased").unwrap(), &played);
        let found: Vec<(&str, Verdict)> = all
            .iter()
            .map(|judgement| (judgement.check.as_str(), judgement.verdict))
            .collect();
        assert_eq!(found, [("flow_differs", Verdict::Failed)]);
    }

    /// The checks for an order that Flexiti did not open, given what the shop believes.
    fn refused(scenario: &str, belief: &str) -> Vec<(String, Verdict)> {
        let page = json!({
            "url": "http://shop/", "status": 502, "lang": "en", "leaks": [], "names_order": false
        });
        let played: Played = serde_json::from_value(json!({
            "scenario": scenario, "flow": "apply/buy", "lang": "en", "dialect": "documented",
            "amount": "1.00", "merchant_orderid": "C1", "cart": {},
            "happened": [
                {"started": {"times": 1, "order": null, "page": page, "trouble": null}},
                {"believed": {"belief": belief, "said": belief}}
            ],
            "exchanges": [], "first_id": 1, "next_id": 1, "left_out": [], "faults": [],
            "opened": []
        }))
        .unwrap();
        let all = judge(scenarios::named(scenario).unwrap(), &played).into_iter();
        let all = all.filter(|judgement| !judgement.verdict.is_fine());
        all.map(|judgement| (judgement.check, judgement.verdict))
            .collect()
    }

    #[test]
    fn an_order_that_was_never_opened_is_not_paid() {
        for scenario in ["init.refused", "flexiti.down", "token.broken_for_long"] {
            let failed = ("paid_without_order".to_owned(), Verdict::Failed);
            assert_eq!(refused(scenario, "paid"), [failed], "{scenario}");
            assert_eq!(refused(scenario, "failed"), [], "{scenario}");
        }
    }
}
