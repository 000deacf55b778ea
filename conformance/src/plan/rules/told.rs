//! What a notification says of its order.

use crate::case::{Expect, Is, Sight, Step};
use crate::plan::rules::build::{Ask, Cases, FLOWS, bare, complete};
use flexiti_contract::Flow;
use flexiti_contract::dialect::{PurchaseBlock, Unfinished};
use serde_json::json;

fn sight(at: impl Into<String>, is: Is) -> Sight {
    Sight { at: at.into(), is }
}

fn is(at: impl Into<String>, text: &str) -> Sight {
    sight(at, Is::Value(json!(text)))
}

/// The steps that open an order and ask what became of it; nothing where none can be opened.
fn told(ask: &Ask<'_>, flow: Flow, outcome: Option<&str>) -> Option<Vec<Step>> {
    let mut steps = vec![ask.order(flow)?];
    steps.extend(outcome.map(complete));
    steps.push(Step::Send(bare(ask.told())));
    Some(steps)
}

/// What must be seen in the notification of an order of this flow with this outcome.
fn shows(c: Cases, ask: &Ask<'_>, flow: Flow, outcome: &str, sights: Vec<Sight>) -> Cases {
    match told(ask, flow, Some(outcome)) {
        Some(steps) => c
            .shows(&format!("{flow:?} {outcome}"), steps, Expect::Shows(sights))
            .resting_on(ask.told()),
        None => c,
    }
}

fn block(ask: &Ask<'_>) -> String {
    format!("/{}", ask.rulebook.knobs().purchase_block_name)
}

pub(super) fn unfinished(c: Cases, ask: &Ask<'_>) -> Cases {
    let knobs = ask.rulebook.knobs();
    FLOWS.into_iter().fold(c, |c, flow| {
        let expect = match (knobs.notification_unfinished, flow) {
            (Unfinished::NotFound, _) => Expect::Status(404),
            (Unfinished::WithoutBlocks, _) => Expect::Shows(vec![
                sight("/apply", Is::Absent),
                sight(block(ask), Is::Absent),
            ]),
            (Unfinished::StatusWord, Flow::Buy) => {
                let word = &knobs.purchase_status_words.unfinished;
                Expect::Shows(vec![is(format!("{}/status", block(ask)), word)])
            }
            (Unfinished::StatusWord, Flow::Apply | Flow::ApplyBuy) => {
                let word = &knobs.apply_status_words.unfinished;
                Expect::Shows(vec![is("/apply/apply_status", word)])
            }
        };
        match told(ask, flow, None) {
            Some(steps) => c
                .shows(&format!("{flow:?}"), steps, expect)
                .resting_on(ask.told()),
            None => c,
        }
    })
}

pub(super) fn transaction_id(c: Cases, ask: &Ask<'_>) -> Cases {
    let mut steps = ask.told_order();
    steps.push(Step::Send(bare(ask.told())));
    let expect = Expect::TellsOf {
        order: 0,
        not: None,
    };
    c.shows("an order", steps, expect).resting_on(ask.told())
}

pub(super) fn apply_status(c: Cases, ask: &Ask<'_>) -> Cases {
    let words = &ask.rulebook.knobs().apply_status_words;
    [
        (Flow::Apply, "approved", &words.approved),
        (Flow::Apply, "pending", &words.pending),
        (Flow::Apply, "declined", &words.declined),
        (Flow::Apply, "retry", &words.retry),
        (Flow::Apply, "cancelled", &words.cancelled),
        (Flow::ApplyBuy, "purchased", &words.approved),
        (Flow::ApplyBuy, "declined", &words.declined),
    ]
    .into_iter()
    .fold(c, |c, (flow, outcome, word)| {
        shows(c, ask, flow, outcome, vec![is("/apply/apply_status", word)])
    })
}

pub(super) fn customer_id(c: Cases, ask: &Ask<'_>) -> Cases {
    let at = "/apply/customer_id";
    let kind = ask.rulebook.knobs().ids_as.clone();
    let sights = || {
        // The admin API told of the customer, too.
        let same = Is::SameAs(1, "/order/customer_id".to_owned());
        vec![sight(at, Is::OfType(kind.clone())), sight(at, same)]
    };
    let c = shows(c, ask, Flow::Apply, "approved", sights());
    shows(c, ask, Flow::ApplyBuy, "purchased", sights())
}

pub(super) fn purchase_status(c: Cases, ask: &Ask<'_>) -> Cases {
    let words = &ask.rulebook.knobs().purchase_status_words;
    [
        (Flow::Buy, "purchased", &words.purchased),
        (Flow::Buy, "refused", &words.refused),
        (Flow::Buy, "cancelled", &words.cancelled),
        (Flow::ApplyBuy, "purchased", &words.purchased),
        (Flow::ApplyBuy, "refused", &words.refused),
    ]
    .into_iter()
    .fold(c, |c, (flow, outcome, word)| {
        let sights = vec![is(format!("{}/status", block(ask)), word)];
        shows(c, ask, flow, outcome, sights)
    })
}

pub(super) fn purchase_missing(c: Cases, ask: &Ask<'_>) -> Cases {
    let knobs = ask.rulebook.knobs();
    let seen = || match knobs.purchase_block_without_purchase {
        PurchaseBlock::Absent => sight(block(ask), Is::Absent),
        PurchaseBlock::Refused => is(
            format!("{}/status", block(ask)),
            &knobs.purchase_status_words.refused,
        ),
    };
    ["declined", "pending", "cancelled"]
        .into_iter()
        .fold(c, |c, outcome| {
            shows(c, ask, Flow::ApplyBuy, outcome, vec![seen()])
        })
}
