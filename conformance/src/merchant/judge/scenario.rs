//! The verdicts on one scenario.

use super::checkers::Basis;
use super::judgement::{Judgement, Verdict};
use super::story::Story;
use super::{cart, pages, retries, steps, tokens};
use crate::merchant::trace::Played;
use flexiti_contract::scenario::Scenario;

/// The verdicts on one scenario as it was played. A check that does not apply is left out.
pub fn judge(scenario: &Scenario, played: &Played) -> Vec<Judgement> {
    let story = Story { scenario, played };
    let mut all = steps::failed(&story);
    // Whatever followed, the shop that ended is why.
    if played.ended.is_some() {
        all.clear();
    }
    // What a shop did in half a scenario is no evidence against it.
    if all.is_empty() {
        all.extend(steps::judge(&story));
        all.extend(pages::judge(&story));
        all.extend(tokens::judge(&story));
        all.extend(retries::judge(&story));
        all.extend(cart::judge(&story));
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

    /// The checks that did not pass, of a purchase in which `second` came of the second step, to
    /// bring the order to its outcome, and which the shop takes for a pending one.
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
        // In the second one the shop may give up.
        for scenario in ["outcome.purchased", "init.unavailable"] {
            let [(check, verdict, message)] = &judged(scenario, &failed)[..] else {
                panic!("{scenario}: {:?}", judged(scenario, &failed));
            };
            assert_eq!(check, "step_failed");
            assert_eq!(*verdict, Verdict::Inconclusive);
            assert_eq!(message, "step 2 could not be carried out: no order `7`");
        }
        // The same shop, where the step was carried out.
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
}
