//! Checks how many orders a purchase opened, and their numbers.

use super::judgement::Judgement;
use super::story::Story;
use crate::merchant::trace::Opened;
use flexiti_contract::scenario::Step;
use std::collections::HashSet;

/// One purchase opens one payable order. A second one, if allowed, has a different order number.
pub(super) fn judge(story: &Story<'_>) -> Vec<Judgement> {
    let opened = &story.played.opened;
    let most = story.scenario.orders;
    let listed = |orders: &[&Opened]| {
        let ids: Vec<String> = orders.iter().map(|order| order.id.to_string()).collect();
        ids.join(", ")
    };
    // An order cannot be paid if the shop never learned the URL of its pages.
    let told = story.told_orders();
    let is_payable = |order: &&Opened| told.contains(&order.id) && !has_come_to_nothing(order);
    let payable: Vec<&Opened> = opened.iter().filter(is_payable).collect();
    let doubled = (payable.len() > most).then(|| {
        format!(
            "{} orders that can be paid were opened for one purchase, {most} at most should be: {}",
            payable.len(),
            listed(&payable)
        )
    });
    let mut numbers = HashSet::new();
    let mut same: Vec<&Opened> = Vec::new();
    for order in opened {
        let number = order.merchant_orderid.as_ref();
        if number.is_some_and(|number| !numbers.insert(number)) {
            same.extend(
                opened
                    .iter()
                    .filter(|o| o.merchant_orderid.as_ref() == number),
            );
        }
    }
    same.dedup();
    let twice = same.iter().copied().filter(is_payable).count() > 1;
    let is_purchase = |order: &&Opened| order.outcome.as_deref() == Some("purchased");
    let paid: Vec<&Opened> = opened.iter().filter(is_purchase).collect();
    // In some scenarios, other customers buy the same.
    let are_several = story.has_bystander();
    let doubled = if paid.len() > 1 && !are_several {
        let ids = listed(&paid);
        Some(format!(
            "the customer paid twice for one purchase: orders {ids}"
        ))
    } else {
        doubled
    };
    let doubled = doubled.or_else(|| {
        (twice && !are_several).then(|| {
            let ids = listed(&same);
            format!(
                "several orders that can be paid were opened under one `merchant_orderid`: {ids}"
            )
        })
    });
    let shared = (twice && are_several).then(|| {
        let ids = listed(&same);
        format!("orders of two customers have the same `merchant_orderid`: {ids}")
    });
    let pays_again = story.scenario.steps.contains(&Step::Retry);
    let reused = (!same.is_empty() && !twice && !pays_again).then(|| {
        format!(
            "init was sent again under the same `merchant_orderid`, though an answer was lost: \
             orders {}, of which the customer can pay one at most",
            listed(&same)
        )
    });
    vec![
        Judgement::unless("order_doubled", doubled),
        Judgement::unless("order_number_shared", shared),
        Judgement::advice("order_number_reused", reused),
    ]
}

/// Whether an order ended without a payment.
fn has_come_to_nothing(order: &Opened) -> bool {
    let outcome = order.outcome.as_deref();
    outcome.is_some_and(|outcome| ["cancelled", "declined", "expired"].contains(&outcome))
}
