//! What a notification says about its order.

use super::builder::RequestBuilder;
use super::cases::Cases;
use super::requests::{FLOWS, bare, complete};
use crate::server::case::{Account, Expect, Is, JsonMember, RequestTemplate, Step};
use flexiti_contract::Flow;
use flexiti_contract::dialect::{PurchaseBlock, Unfinished};
use serde_json::json;

fn member(at: impl Into<String>, is: Is) -> JsonMember {
    JsonMember { at: at.into(), is }
}

fn is(at: impl Into<String>, text: &str) -> JsonMember {
    member(at, Is::Value(json!(text)))
}

/// The steps that open an order and ask for its notification; `None` if none can be opened.
fn opened_and_asked(
    requests: &RequestBuilder<'_>,
    flow: Flow,
    outcome: Option<&str>,
) -> Option<Vec<Step>> {
    let mut steps = vec![requests.order(flow)?];
    steps.extend(outcome.map(complete));
    steps.push(Step::Send(bare(requests.notification())));
    Some(steps)
}

/// What the notification for an order with this flow and outcome must contain.
fn shows(
    cases: Cases,
    requests: &RequestBuilder<'_>,
    flow: Flow,
    outcome: &str,
    members: Vec<JsonMember>,
) -> Cases {
    match opened_and_asked(requests, flow, Some(outcome)) {
        Some(steps) => cases
            .shows(
                &format!("{flow:?} {outcome}"),
                steps,
                Expect::Shows(members),
            )
            .resting_on(requests.notification()),
        None => cases,
    }
}

fn block(requests: &RequestBuilder<'_>) -> String {
    format!(
        "/{}",
        requests.rulebook.knobs().purchase_block_name.as_str()
    )
}

pub(super) fn unfinished(cases: Cases, requests: &RequestBuilder<'_>) -> Cases {
    let cases = opened_page(cases, requests);
    let knobs = requests.rulebook.knobs();
    FLOWS.into_iter().fold(cases, |cases, flow| {
        let expect = match (knobs.notification_unfinished, flow) {
            (Unfinished::NotFound, _) => Expect::Status(404),
            (Unfinished::Empty, _) => Expect::Shows(vec![
                member("/transaction_id", Is::Absent),
                member("/flow", Is::Absent),
            ]),
            (Unfinished::WithoutBlocks, _) => Expect::Shows(vec![
                member("/apply", Is::Absent),
                member(block(requests), Is::Absent),
            ]),
            (Unfinished::StatusWord, Flow::Buy) => {
                let word = &knobs.purchase_status_words.unfinished;
                Expect::Shows(vec![is(format!("{}/status", block(requests)), word)])
            }
            (Unfinished::StatusWord, Flow::Apply | Flow::ApplyBuy) => {
                let word = &knobs.apply_status_words.unfinished;
                Expect::Shows(vec![is("/apply/apply_status", word)])
            }
        };
        match opened_and_asked(requests, flow, None) {
            Some(steps) => cases
                .shows(&format!("{flow:?}"), steps, expect)
                .resting_on(requests.notification()),
            None => cases,
        }
    })
}

/// A sandbox may complete an order without a customer as soon as its page is opened. Its
/// notification must then be as the reference prints it.
fn opened_page(cases: Cases, requests: &RequestBuilder<'_>) -> Cases {
    requests.notifications().fold(cases, |cases, endpoint| {
        let Some(order) = requests.any_order() else {
            return cases;
        };
        let page = RequestTemplate::get("{{0/redirection_url}}");
        let steps = vec![order, Step::Send(page), Step::Send(bare(endpoint))];
        let name = format!("{}, whose page was opened", endpoint.id());
        cases.shows(&name, steps, Expect::Alive)
    })
}

pub(super) fn transaction_id(cases: Cases, requests: &RequestBuilder<'_>) -> Cases {
    let mut steps = requests.reported_order();
    steps.push(Step::Send(bare(requests.notification())));
    let expect = Expect::TellsOf {
        order: 0,
        not: None,
    };
    cases
        .shows("an order", steps, expect)
        .resting_on(requests.notification())
}

pub(super) fn apply_status(cases: Cases, requests: &RequestBuilder<'_>) -> Cases {
    let words = &requests.rulebook.knobs().apply_status_words;
    let cases = [
        (Flow::Apply, "approved", &words.approved),
        (Flow::Apply, "pending", &words.pending),
        (Flow::Apply, "declined", &words.declined),
        (Flow::Apply, "retry", &words.retry),
        (Flow::Apply, "cancelled", &words.cancelled),
        (Flow::ApplyBuy, "purchased", &words.approved),
        (Flow::ApplyBuy, "declined", &words.declined),
    ]
    .into_iter()
    .fold(cases, |cases, (flow, outcome, word)| {
        let cases = shows(
            cases,
            requests,
            flow,
            outcome,
            vec![is("/apply/apply_status", word)],
        );
        // The only printed word is that of an approval.
        if word == &words.approved {
            cases
        } else {
            cases.beyond()
        }
    });
    let cases = not_yet(
        cases,
        requests,
        &[Flow::Apply, Flow::ApplyBuy],
        "/apply/apply_status",
        "SUCCESS",
    );
    let absent = member("/apply", Is::Absent);
    shows(cases, requests, Flow::Buy, "purchased", vec![absent]).beyond()
}

/// Before the customer has acted, a notification should not report success, as shops go by its
/// status (GS). Whether a server may complete an order at init is open.
fn not_yet(
    cases: Cases,
    requests: &RequestBuilder<'_>,
    flows: &[Flow],
    at: &str,
    good: &str,
) -> Cases {
    if requests.rulebook.knobs().notification_unfinished != Unfinished::StatusWord {
        return cases;
    }
    flows.iter().fold(cases, |cases, flow| {
        let not = member(at, Is::Not(json!(good)));
        match opened_and_asked(requests, *flow, None) {
            Some(steps) => cases
                .shows(
                    &format!("{flow:?}, {good} before anything happened"),
                    steps,
                    Expect::Shows(vec![not]),
                )
                .resting_on(requests.notification())
                .beyond(),
            None => cases,
        }
    })
}

pub(super) fn customer_id(cases: Cases, requests: &RequestBuilder<'_>) -> Cases {
    let at = "/apply/customer_id";
    let kind = requests.rulebook.knobs().ids_as;
    let members = || {
        // The admin API reports the customer too.
        let same = Is::SameAs(1, "/order/customer_id".to_owned());
        vec![
            member(at, Is::OfType(kind.as_str().to_owned())),
            member(at, same),
        ]
    };
    let cases = shows(cases, requests, Flow::Apply, "approved", members());
    shows(cases, requests, Flow::ApplyBuy, "purchased", members())
}

pub(super) fn purchase_status(cases: Cases, requests: &RequestBuilder<'_>) -> Cases {
    let words = &requests.rulebook.knobs().purchase_status_words;
    let cases = [
        (Flow::Buy, "purchased", &words.purchased),
        (Flow::Buy, "refused", &words.refused),
        (Flow::Buy, "cancelled", &words.cancelled),
        (Flow::ApplyBuy, "purchased", &words.purchased),
        (Flow::ApplyBuy, "refused", &words.refused),
    ]
    .into_iter()
    .fold(cases, |cases, (flow, outcome, word)| {
        let members = vec![is(format!("{}/status", block(requests)), word)];
        shows(cases, requests, flow, outcome, members)
    });
    let absent = member(block(requests), Is::Absent);
    shows(cases, requests, Flow::Apply, "approved", vec![absent]).beyond()
}

pub(super) fn purchase_missing(cases: Cases, requests: &RequestBuilder<'_>) -> Cases {
    let knobs = requests.rulebook.knobs();
    let seen = || match knobs.purchase_block_without_purchase {
        PurchaseBlock::Absent => member(block(requests), Is::Absent),
        PurchaseBlock::Refused => is(
            format!("{}/status", block(requests)),
            &knobs.purchase_status_words.refused,
        ),
    };
    ["declined", "pending", "cancelled"]
        .into_iter()
        .fold(cases, |cases, outcome| {
            shows(cases, requests, Flow::ApplyBuy, outcome, vec![seen()])
        })
}

/// An application whose pages have closed.
pub(super) fn timed_out(cases: Cases, requests: &RequestBuilder<'_>) -> Cases {
    let knobs = requests.rulebook.knobs();
    let Some(order) = requests.order(Flow::Apply) else {
        return cases;
    };
    let steps = vec![
        order,
        Step::Advance(u64::from(knobs.checkout_ttl)),
        Step::Send(bare(requests.notification())),
    ];
    let word = is("/apply/apply_status", &knobs.apply_status_words.expired);
    cases
        .shows("its notification", steps, Expect::Shows(vec![word]))
        .on(Account::New)
        .resting_on(requests.notification())
}
