//! Answers must agree with each other.

use super::builder::RequestBuilder;
use super::cases::Cases;
use super::requests::{FLOWS, at, bare, complete, get_token, refresh, token_with};
use crate::server::case::{Account, Expect, Is, JsonMember, RequestTemplate, Step};
use flexiti_contract::{Endpoint, Flow, Rule};
use serde_json::json;

/// How many orders to open in a row, or between an order and the question about it.
const MANY: usize = 40;

/// The outcome to give an order of this flow.
fn outcome(flow: Flow) -> &'static str {
    match flow {
        Flow::Apply => "approved",
        Flow::Buy | Flow::ApplyBuy => "purchased",
    }
}

/// Gives the order of an earlier answer the outcome of its flow.
fn finish(answer: usize, flow: Flow) -> Step {
    Step::Complete {
        order: format!("{{{{{answer}/online_order_id}}}}"),
        outcome: outcome(flow).to_owned(),
    }
}

/// The notification request for the order that an answer opened.
fn notified(answer: usize) -> RequestTemplate {
    let id = format!("{{{{{answer}/online_order_id}}}}");
    at(
        bare(Endpoint::NotificationOrder),
        "{{0/online_order_id}}",
        &id,
    )
}

/// An order of each flow that the server accepts.
fn orders(requests: &RequestBuilder<'_>) -> Vec<(Flow, Step)> {
    let open = |flow: Flow| Some((flow, requests.order(flow)?));
    FLOWS.into_iter().filter_map(open).collect()
}

/// An order of each flow that the server accepts, each with its own merchant order id, as a server
/// may accept an id only once.
fn orders_apart(requests: &RequestBuilder<'_>) -> Vec<(Flow, Step)> {
    let own = [("merchant_orderid", "C-{{unique}}")];
    let open = |flow: Flow| Some((flow, Step::Send(requests.order_with(flow, &own)?)));
    FLOWS.into_iter().filter_map(open).collect()
}

/// Opens these orders, completes them if the dialect hides unfinished orders, and asks about each
/// in the order that `asked` gives.
fn told_of(
    requests: &RequestBuilder<'_>,
    orders: &[(Flow, Step)],
    asked: impl IntoIterator<Item = usize>,
) -> Vec<Step> {
    let mut steps: Vec<Step> = orders.iter().map(|(_, step)| step.clone()).collect();
    let unfinished = requests.rulebook.knobs().notification_unfinished;
    if unfinished.hides_order() {
        let finished = orders.iter().enumerate();
        steps.extend(finished.map(|(at, (flow, _))| finish(at, *flow)));
    }
    let asked = asked.into_iter();
    steps.extend(asked.map(|at| Step::Send(notified(at))));
    steps
}

/// An order without a merchant order id must not replace an earlier one that has it.
fn unnumbered(cases: Cases, requests: &RequestBuilder<'_>) -> Cases {
    let order = requests.any_order();
    let next = FLOWS
        .iter()
        .find_map(|flow| requests.order_without_id(*flow));
    let hides = requests
        .rulebook
        .knobs()
        .notification_unfinished
        .hides_order();
    let (Some(order), Some(next)) = (order.filter(|_| !hides), next) else {
        return cases;
    };
    let by_merchant = bare(Endpoint::NotificationMerchantOrder);
    let asks = [notified(1), by_merchant].map(Step::Send);
    let steps: Vec<Step> = [order, Step::Send(next)].into_iter().chain(asks).collect();
    let number = vec!["/transaction_id".to_owned()];
    let name = "an order, and then one without an id";
    cases.shows(name, steps, Expect::Distinct(2, 3, number))
}

/// Each order's notification is about that order.
pub(super) fn own(cases: Cases, requests: &RequestBuilder<'_>) -> Cases {
    let cases = unnumbered(cases, requests);
    let orders = orders_apart(requests);
    let id = || vec!["/transaction_id".to_owned()];
    let steps = told_of(requests, &orders, 0..orders.len());
    let cases = about_orders(
        cases,
        requests,
        "an order of each flow",
        steps,
        Expect::AllDistinct(id()),
    );
    // Two orders of one flow, asking about the older one last.
    let Some(order) = orders.first() else {
        return cases;
    };
    let steps = told_of(requests, &[order.clone(), order.clone()], [1, 0]);
    let last = steps.len() - 1;
    let expect = Expect::Distinct(last - 1, last, id());
    let cases = about_orders(
        cases,
        requests,
        "two orders, the older one last",
        steps,
        expect,
    );
    let cases = of_its_flow(cases, requests, &orders);
    // An unknown id, after one that exists.
    let mut steps = told_of(requests, std::slice::from_ref(order), [0]);
    let last = steps.len();
    let nobody = at(
        bare(Endpoint::NotificationOrder),
        "{{0/online_order_id}}",
        "999999999999",
    );
    steps.push(Step::Send(nobody));
    let expect = Expect::Distinct(last - 1, last, id());
    let name = "an id that no order has";
    let cases = about_orders(cases, requests, name, steps.clone(), expect.clone());
    let longer = at(
        bare(Endpoint::NotificationOrder),
        "{{0/online_order_id}}",
        "{{0/online_order_id}}7",
    );
    steps[last] = Step::Send(longer);
    let cases = about_orders(cases, requests, "an id with a digit more", steps, expect);
    by_older_merchant_id(cases, requests, order)
}

/// Orders that differ only in flow are told apart by the flow in their notifications.
fn of_its_flow(cases: Cases, requests: &RequestBuilder<'_>, orders: &[(Flow, Step)]) -> Cases {
    if orders.len() < 2 {
        return cases;
    }
    orders
        .iter()
        .enumerate()
        .fold(cases, |cases, (at, (flow, _))| {
            let other = (at + 1) % orders.len();
            let name = format!("{flow:?} among other flows");
            let steps = told_of(requests, orders, [other, at]);
            let cases = about_orders(cases, requests, &name, steps, Expect::OfFlow(*flow));
            let cases = by_merchant_id(cases, requests, *flow, &orders[other]);
            let encodings = requests.working.encodings.iter();
            encodings.fold(cases, |cases, encoding| {
                let Some(order) = requests.order_in(*flow, *encoding) else {
                    return cases;
                };
                let pair = [orders[other].clone(), (*flow, Step::Send(order))];
                let name = format!("{name}, as {encoding:?}");
                let steps = told_of(requests, &pair, [0, 1]);
                about_orders(cases, requests, &name, steps, Expect::OfFlow(*flow))
            })
        })
}

/// The same, asking by the merchant's own order id.
fn by_merchant_id(
    cases: Cases,
    requests: &RequestBuilder<'_>,
    flow: Flow,
    other: &(Flow, Step),
) -> Cases {
    let endpoint = Endpoint::NotificationMerchantOrder;
    let (Some(order), true) = (requests.order(flow), requests.working.has(endpoint)) else {
        return cases;
    };
    let mut steps = told_of(requests, &[other.clone(), (flow, order)], [0]);
    steps.push(Step::Send(bare(endpoint)));
    let name = format!("{flow:?} among other flows, by the merchant's id");
    about_orders(cases, requests, &name, steps, Expect::OfFlow(flow)).resting_on(endpoint)
}

/// The merchant's own order id leads to its order, whatever was opened since.
fn by_older_merchant_id(
    cases: Cases,
    requests: &RequestBuilder<'_>,
    (flow, younger): &(Flow, Step),
) -> Cases {
    let endpoint = Endpoint::NotificationMerchantOrder;
    let (Some(older), true) = (requests.order(*flow), requests.working.has(endpoint)) else {
        return cases;
    };
    let orders = [(*flow, older), (*flow, younger.clone())];
    let mut steps = told_of(requests, &orders, [1, 0]);
    let told = steps.len() - 1;
    steps.push(Step::Send(bare(endpoint)));
    let expect = Expect::TellsOf {
        order: told,
        not: None,
    };
    let cases = cases
        .shows("the older order by the merchant's id", steps, expect)
        .resting_on(endpoint);
    // A merchant's order id may equal the number that Flexiti gave another order.
    let number = "{{0/online_order_id}}";
    let same = requests.order_with(*flow, &[("merchant_orderid", number)]);
    let Some(same) = same else {
        return cases;
    };
    let orders = [(*flow, younger.clone()), (*flow, Step::Send(same))];
    let mut steps = told_of(requests, &orders, [0, 1]);
    let told = steps.len() - 1;
    let asked = at(bare(endpoint), "{{merchant_order}}", number);
    steps.push(Step::Send(asked));
    let expect = Expect::TellsOf {
        order: told,
        not: Some(told - 1),
    };
    cases
        .shows(
            "a merchant's id that is another order's number",
            steps,
            expect,
        )
        .resting_on(endpoint)
}

/// The flow in a notification is that of its order.
pub(super) fn flow(cases: Cases, requests: &RequestBuilder<'_>) -> Cases {
    let orders = orders_apart(requests);
    let steps = told_of(requests, &orders, 0..orders.len());
    let expect = Expect::AllDistinct(vec!["/flow".to_owned()]);
    about_orders(cases, requests, "one word for each flow", steps, expect)
}

/// A case that asks about orders by id, if that endpoint works.
fn about_orders(
    cases: Cases,
    requests: &RequestBuilder<'_>,
    name: &str,
    steps: Vec<Step>,
    expect: Expect,
) -> Cases {
    if !requests.working.has(Endpoint::NotificationOrder) {
        return cases;
    }
    cases
        .shows(name, steps, expect)
        .resting_on(Endpoint::NotificationOrder)
}

/// Both ids of an order lead to the same notification.
pub(super) fn keys_agree(cases: Cases, requests: &RequestBuilder<'_>) -> Cases {
    let both = [
        Endpoint::NotificationOrder,
        Endpoint::NotificationMerchantOrder,
    ];
    if !both.iter().all(|endpoint| requests.working.has(*endpoint)) {
        return cases;
    }
    let ask = || both.map(|endpoint| Step::Send(bare(endpoint)));
    let hides = requests
        .rulebook
        .knobs()
        .notification_unfinished
        .hides_order();
    orders(requests)
        .into_iter()
        .fold(cases, |cases, (flow, order)| {
            let mut cases = cases;
            if !hides {
                let pointers = ["/transaction_id", "/flow"].map(str::to_owned).to_vec();
                let mut steps = vec![order.clone()];
                steps.extend(ask());
                let name = format!("{flow:?}, not finished");
                cases = cases.shows(&name, steps, Expect::Agree(1, 2, pointers));
            }
            let mut steps = vec![order, finish(0, flow)];
            steps.extend(ask());
            cases.shows(&format!("{flow:?}"), steps, Expect::Agree(2, 3, Vec::new()))
        })
}

/// A completed order gets the same notification every time.
pub(super) fn stable(cases: Cases, requests: &RequestBuilder<'_>) -> Cases {
    let endpoint = requests.notification();
    orders(requests)
        .into_iter()
        .fold(cases, |cases, (flow, order)| {
            let steps = vec![
                order,
                finish(0, flow),
                Step::Send(bare(endpoint)),
                Step::Advance(3),
                Step::Send(bare(endpoint)),
            ];
            cases
                .shows(&format!("{flow:?}"), steps, Expect::Agree(2, 3, Vec::new()))
                .on(Account::New)
        })
}

/// An order is still known after many others.
pub(super) fn remembered(cases: Cases, requests: &RequestBuilder<'_>) -> Cases {
    let mut steps = requests.reported_order();
    steps.extend(vec![Step::Send(requests.init()); MANY]);
    steps.push(Step::Send(bare(Endpoint::NotificationOrder)));
    cases
        .shows("after forty others", steps, Expect::Filled)
        .resting_on(Endpoint::NotificationOrder)
        .on(Account::Own)
}

/// Consecutive orders have distinct ids.
pub(super) fn all_fresh(cases: Cases, requests: &RequestBuilder<'_>) -> Cases {
    let steps = vec![Step::Send(requests.init()); MANY];
    let members = ["/online_order_id", "/redirection_url"];
    let expect = Expect::AllDistinct(members.map(str::to_owned).to_vec());
    cases
        .shows("forty in a row", steps, expect)
        .on(Account::Own)
}

/// A refresh does not widen the scope of a token.
pub(super) fn refreshed_scope(cases: Cases) -> Cases {
    let customer = Step::Send(token_with(&[("scope", "customer")]));
    let steps = vec![customer, Step::Send(refresh("{{0/refresh_token}}"))];
    let expect = Expect::Holds("/scope".to_owned(), json!("customer"));
    cases
        .shows("scope customer", steps, expect)
        .on(Account::Own)
        .blaming(Rule::GrantRefresh)
}

/// The answer names the requested scope.
pub(super) fn scope_named(cases: Cases) -> Cases {
    ["customer", "merchant"]
        .into_iter()
        .fold(cases, |cases, scope| {
            let expect = Expect::Holds("/scope".to_owned(), json!(scope));
            let request = token_with(&[("scope", scope)]);
            let mut first = request.clone();
            if let crate::server::case::Payload::Form(pairs) = &mut first.payload {
                pairs.rotate_right(1);
            }
            cases
                .shows(scope, vec![Step::Send(request)], expect.clone())
                .resting_on_clause("token.scope.values")
                .shows(
                    &format!("{scope}, sent first"),
                    vec![Step::Send(first)],
                    expect,
                )
                .resting_on_clause("token.scope.values")
        })
}

/// A refresh gets a new access token.
pub(super) fn refreshed_token(cases: Cases) -> Cases {
    let steps = vec![get_token(), Step::Send(refresh("{{0/refresh_token}}"))];
    let distinct = Expect::Distinct(0, 1, vec!["/access_token".to_owned()]);
    cases.shows("a refresh", steps, distinct).on(Account::Own)
}

/// A refreshed token works where the first one did.
pub(super) fn refreshed_works(cases: Cases, requests: &RequestBuilder<'_>) -> Cases {
    // This needs a working init.
    if requests.base.is_empty() {
        return cases;
    }
    let steps = [get_token(), Step::Send(refresh("{{0/refresh_token}}"))];
    cases
        .keeps(
            "the new token",
            requests.init_as("Bearer {{1/access_token}}"),
        )
        .after(steps)
        .on(Account::Own)
}

/// Tokens that have little in common.
pub(super) fn unguessable(cases: Cases) -> Cases {
    let steps = vec![get_token(); 5];
    cases
        .shows("five in a row", steps, Expect::Unguessable)
        .on(Account::Own)
}

/// The word for an application that timed out, and what a declined applicant does not get.
pub(super) fn no_customer_yet(cases: Cases, requests: &RequestBuilder<'_>) -> Cases {
    let Some(order) = requests.order(Flow::Apply) else {
        return cases;
    };
    let steps = vec![
        order,
        complete("declined"),
        Step::Send(bare(requests.notification())),
    ];
    let absent = JsonMember {
        at: "/apply/customer_id".to_owned(),
        is: Is::Absent,
    };
    cases
        .shows("Apply declined", steps, Expect::Shows(vec![absent]))
        .resting_on(requests.notification())
        .beyond()
}
