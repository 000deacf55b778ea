//! Checks that need several scenarios: whether orders have distinct numbers, and whether the shop
//! stops asking about paid ones.

use super::judgement::Judgement;
use crate::merchant::trace::{AskedAgain, Played};
use flexiti_contract::scenario::Rank;
use std::collections::BTreeMap;

/// How many times the shop must ask again about a paid order; fewer may have other reasons.
const AGAIN: usize = 3;
/// For how many orders it must do so to be a habit.
const ORDERS: usize = 2;

/// Checks that orders of different customers have different numbers. Does not apply to a shop that
/// was reset or restarted, as its numbers may start over.
pub fn judge(has_reset: bool, played: &[Played]) -> Option<Judgement> {
    if has_reset || played.iter().any(|played| played.ended.is_some()) {
        return None;
    }
    let mut customers: BTreeMap<&str, Vec<(String, u64)>> = BTreeMap::new();
    for played in played {
        for order in &played.opened {
            if let Some(number) = &order.merchant_orderid {
                let orders = customers.entry(number).or_default();
                // Several orders of one customer are judged in their scenario.
                if orders.iter().all(|(name, _)| *name != played.name()) {
                    orders.push((played.name(), order.id));
                }
            }
        }
    }
    let shared = customers.into_iter().find(|(_, orders)| orders.len() > 1);
    let wrong = shared.map(|(number, orders)| {
        let ids: Vec<String> = orders
            .iter()
            .take(5)
            .map(|(_, id)| id.to_string())
            .collect();
        format!(
            "orders of {} customers have the `merchant_orderid` `{number}`: {}",
            orders.len(),
            ids.join(", ")
        )
    });
    Some(Judgement::unless("order_number_shared", wrong).at(Rank::Robust))
}

/// Checks that the shop stops asking about orders that it knows to be paid.
pub fn asked_again(orders: &[AskedAgain]) -> Judgement {
    let habit = orders.iter().filter(|order| order.again.len() >= AGAIN);
    let habit: Vec<&AskedAgain> = habit.collect();
    let wrong = (habit.len() >= ORDERS).then(|| {
        let most = habit.iter().map(|order| order.again.len()).max();
        format!(
            "the shop went on asking about {} orders that it had been told are paid, up to {} times \
             each while nobody looked at them",
            habit.len(),
            most.unwrap_or_default()
        )
    });
    let concerned = habit.iter().flat_map(|order| &order.again).take(5);
    let concerned: Vec<u64> = concerned.copied().filter(|_| wrong.is_some()).collect();
    Judgement::unless("asked_after_outcome", wrong)
        .of(concerned)
        .at(Rank::Exemplary)
}

#[cfg(test)]
mod tests {
    use super::super::Verdict;
    use super::*;

    fn played(lang: &str, numbers: &[Option<&str>], ended: bool) -> Played {
        let opened: Vec<_> = (1..)
            .zip(numbers)
            .map(|(id, number)| serde_json::json!({"id": id, "merchant_orderid": number, "outcome": null}))
            .collect();
        serde_json::from_value(serde_json::json!({
            "scenario": "x", "flow": "buy", "lang": lang, "dialect": "documented",
            "amount": "1.00", "merchant_orderid": "C1", "cart": {}, "happened": [],
            "exchanges": [], "first_id": 1, "next_id": 1, "left_out": [], "faults": [],
            "opened": opened, "ended": ended.then_some("killed")
        }))
        .unwrap()
    }

    #[test]
    fn two_customers_under_one_number_are_told_from_one_customer_who_tries_twice() {
        let same = Some("A1");
        let verdict = |reset, all: &[Played]| judge(reset, all).map(|judged| judged.verdict);
        let two = [played("en", &[same], false), played("fr", &[same], false)];
        assert_eq!(verdict(false, &two), Some(Verdict::Failed));
        assert_eq!(verdict(true, &two), None);
        let one = [played("en", &[same, same], false)];
        assert_eq!(verdict(false, &one), Some(Verdict::Passed));
        let unnamed = [played("en", &[None], false), played("fr", &[None], false)];
        assert_eq!(verdict(false, &unnamed), Some(Verdict::Passed));
        // A restarted shop may have started over with its numbers.
        let again = [played("en", &[same], true), played("fr", &[same], false)];
        assert_eq!(verdict(false, &again), None);
    }

    #[test]
    fn a_shop_that_never_stops_asking_is_told_from_one_that_is_looked_at() {
        let asked = |order, times: u64| AskedAgain {
            order,
            told: 1,
            again: (2..2 + times).collect(),
        };
        let verdict = |all: &[AskedAgain]| asked_again(all).verdict;
        assert_eq!(verdict(&[asked(7, 3), asked(8, 4)]), Verdict::Failed);
        assert_eq!(verdict(&[asked(7, 30), asked(8, 2)]), Verdict::Passed);
        assert_eq!(verdict(&[]), Verdict::Passed);
    }
}
