//! Notifications: their paths, and who may ask about which orders.

use super::builder::RequestBuilder;
use super::cases::Cases;
use super::requests::{FLOWS, at, bare, complete, get_token, refresh, stranger, token_with};
use crate::server::case::{Expect, Kind, RequestTemplate, Step};
use flexiti_contract::Endpoint;
use flexiti_contract::dialect::SharedId;
use serde_json::json;

const BEARER: &str = "Bearer {{1/access_token}}";

/// The same request about another order.
fn about(request: RequestTemplate, id: &str) -> RequestTemplate {
    let request = at(request, "{{0/online_order_id}}", id);
    at(request, "{{merchant_order}}", id)
}

/// A notification path reports on an order.
pub(super) fn accepted(cases: Cases, requests: &RequestBuilder<'_>, endpoint: Endpoint) -> Cases {
    let nobody = about(stranger(bare(endpoint)), "999999999999");
    let hides = requests
        .rulebook
        .knobs()
        .notification_unfinished
        .hides_order();
    let finished = hides.then(|| complete("cancelled"));
    let everywhere = |cases: Cases| {
        let ways = requests.orders_everywhere().into_iter();
        ways.fold(cases, |cases, (way, opens)| {
            let name = format!("an order opened by {way}");
            cases
                .add(Kind::Positive, &name, bare(endpoint), Expect::Filled)
                .after([Step::Send(opens)].into_iter().chain(finished.clone()))
        })
    };
    // Shops refresh their tokens while orders wait for customers (C-3).
    let at = requests.reported_order().len();
    let refreshed_bearer = format!("Bearer {{{{{}/access_token}}}}", at + 1);
    let refreshed = [
        get_token(),
        Step::Send(refresh(&format!("{{{{{at}/refresh_token}}}}"))),
        // Whether the new token is valid is the subject of another clause.
        Step::Send(requests.init_as(&refreshed_bearer)),
    ];
    everywhere(cases)
        .add(Kind::Positive, "an order", bare(endpoint), Expect::Filled)
        .after(requests.reported_order())
        .add(
            Kind::Positive,
            "an order, asked about again",
            bare(endpoint),
            Expect::Filled,
        )
        .after([Step::Send(bare(endpoint))])
        .after(requests.reported_order())
        .add(
            Kind::Positive,
            "an order, asked about a third time",
            bare(endpoint),
            Expect::Filled,
        )
        .after([Step::Send(bare(endpoint)), Step::Send(bare(endpoint))])
        .after(requests.reported_order())
        .add(
            Kind::Positive,
            "an order, with a refreshed token",
            bare(endpoint).header("authorization", &refreshed_bearer),
            Expect::Filled,
        )
        .after(refreshed)
        .after(requests.reported_order())
        .add(
            Kind::Positive,
            "the older of two orders",
            bare(endpoint),
            Expect::Filled,
        )
        .after([Step::Send(requests.init())])
        .after(requests.reported_order())
        .lacks("no order, no token, no client", nobody)
}

pub(super) fn scope(cases: Cases, requests: &RequestBuilder<'_>) -> Cases {
    requests.notifications().fold(cases, |cases, endpoint| {
        let name = |what: &str| format!("{} {what}", endpoint.id());
        cases
            .keeps(&name("scope merchant"), bare(endpoint))
            .after(requests.reported_order())
            .resting_on(endpoint)
            .breaks(&name("scope customer"), as_customer(endpoint))
            .after(requests.any_order().into_iter().chain(customer()))
    })
}

/// Gets a token of scope customer; it is the second answer.
fn customer() -> [Step; 1] {
    [Step::Send(token_with(&[("scope", "customer")]))]
}

fn as_customer(endpoint: Endpoint) -> RequestTemplate {
    bare(endpoint).header("authorization", BEARER)
}

pub(super) fn scope_customer(cases: Cases, requests: &RequestBuilder<'_>) -> Cases {
    requests.notifications().fold(cases, |cases, endpoint| {
        let name = |what: &str| format!("{} scope customer{what}", endpoint.id());
        let elsewhere = at(as_customer(endpoint), "{{client_id}}", "xxxxxx");
        let steps = |order: Vec<Step>| {
            let (first, more) = order.split_at(order.len().min(1));
            [first, &customer(), more].concat()
        };
        cases
            .keeps(&name(""), as_customer(endpoint))
            .after(steps(requests.reported_order()))
            .lacks(
                &name(", another client's path, no order"),
                about(elsewhere, "999999999999"),
            )
            .after(steps(requests.reported_order()))
    })
}

pub(super) fn unknown(cases: Cases, requests: &RequestBuilder<'_>) -> Cases {
    requests.notifications().fold(cases, |cases, endpoint| {
        let cases = cases
            .keeps(&format!("{} an order", endpoint.id()), bare(endpoint))
            .after(requests.reported_order())
            .resting_on(endpoint);
        let cases = ["999999999999", "{{merchant_order}}"]
            .into_iter()
            .fold(cases, |cases, id| {
                let name = format!("{} {id}", endpoint.id());
                cases.breaks(&name, about(bare(endpoint), id))
            });
        if endpoint != Endpoint::NotificationMerchantOrder {
            return cases;
        }
        // Near misses of an existing id. No document says what an id comparison may ignore.
        [
            ("a prefix", "{{merchant_order|but_last}}"),
            (
                "upper and lower case swapped",
                "{{merchant_order|other_case}}",
            ),
        ]
        .into_iter()
        .fold(cases, |cases, (name, id)| {
            cases
                .breaks(name, about(bare(endpoint), id))
                .beyond()
                .after(requests.reported_order())
        })
    })
}

pub(super) fn unknown_empty(cases: Cases, requests: &RequestBuilder<'_>) -> Cases {
    requests.notifications().fold(cases, |cases, endpoint| {
        let name = format!("{} no order", endpoint.id());
        let request = about(bare(endpoint), "999999999999");
        cases.add(Kind::Positive, &name, request, Expect::Json(json!({})))
    })
}

pub(super) fn owner(cases: Cases, requests: &RequestBuilder<'_>) -> Cases {
    requests.notifications().fold(cases, |cases, endpoint| {
        let name = format!("{} another client's order", endpoint.id());
        let mut steps = requests.reported_order();
        if let Some(Step::Send(init)) = steps.first_mut() {
            *init = at(init.clone(), "{{client_id}}", "{{other_client_id}}")
                .header("authorization", "Bearer {{other_token}}");
        }
        let answer = steps.len();
        steps.push(Step::Send(about(bare(endpoint), "999999999999")));
        steps.push(Step::Send(bare(endpoint)));
        cases.shows(&name, steps, Expect::Alike(answer, answer + 1))
    })
}

pub(super) fn shared(cases: Cases, requests: &RequestBuilder<'_>) -> Cases {
    let mut steps: Vec<Step> = requests.any_order().into_iter().collect();
    steps.extend(steps.clone());
    let finished = requests
        .reported_order()
        .into_iter()
        .skip(1)
        .flat_map(|step| match step {
            Step::Complete { outcome, .. } => [0, 1]
                .map(|at| Step::Complete {
                    order: format!("{{{{{at}/online_order_id}}}}"),
                    outcome: outcome.clone(),
                })
                .to_vec(),
            step => vec![step],
        });
    steps.extend(finished);
    // First each by its own id, as a notification may use another id than init.
    let first = steps.len();
    for at in [0, 1] {
        let id = format!("{{{{{at}/online_order_id}}}}");
        steps.push(Step::Send(about(bare(Endpoint::NotificationOrder), &id)));
    }
    let (order, not) = match requests.rulebook.knobs().merchant_order_id_shared {
        SharedId::Oldest => (first, first + 1),
        SharedId::Newest | SharedId::Refuse => (first + 1, first),
    };
    let endpoint = Endpoint::NotificationMerchantOrder;
    steps.push(Step::Send(bare(endpoint)));
    let expect = Expect::TellsOf {
        order,
        not: Some(not),
    };
    cases
        .shows("two orders under one id", steps, expect)
        .resting_on(endpoint)
}

/// Orders with ids of every format, opened in each flow and encoding, then looked up by id.
pub(super) fn merchant_ids(cases: Cases, requests: &RequestBuilder<'_>) -> Cases {
    let endpoint = Endpoint::NotificationMerchantOrder;
    let hides = requests
        .rulebook
        .knobs()
        .notification_unfinished
        .hides_order();
    let long = format!("{{{{merchant_order}}}}{}", "0123456789".repeat(5));
    // The id in the body, the id in the path, and whether a server that accepts the id must find it
    // by path: gateways refuse some paths (an escaped slash, RFC 3986, 2.2; a long one).
    let ids = [
        (
            "leading zeros",
            "007{{merchant_order}}",
            "007{{merchant_order}}",
            true,
        ),
        (
            "digits alone, after zeros",
            "000{{merchant_order|digits}}",
            "000{{merchant_order|digits}}",
            true,
        ),
        ("66 characters", &*long, &*long, false),
        (
            "a hyphen and a dot",
            "A-1.{{merchant_order}}",
            "A-1.{{merchant_order}}",
            true,
        ),
        (
            "a dot near the end",
            "{{merchant_order}}.7",
            "{{merchant_order}}.7",
            true,
        ),
        (
            "a blank",
            "A 1 {{merchant_order}}",
            "A%201%20{{merchant_order}}",
            true,
        ),
        (
            "a plus",
            "A+1{{merchant_order}}",
            "A%2B1{{merchant_order}}",
            true,
        ),
        (
            "a slash",
            "A/1/{{merchant_order}}",
            "A%2F1%2F{{merchant_order}}",
            false,
        ),
        (
            "a plus as it is, and a percent sign",
            "A+1%{{merchant_order}}",
            "A+1%25{{merchant_order}}",
            false,
        ),
    ];
    let asked = |cases: Cases, name: &str, open: Step, path: &str, must: bool| {
        let mut steps = vec![open];
        if hides {
            steps.push(complete("cancelled"));
        }
        let request = at(bare(endpoint), "{{merchant_order}}", path);
        steps.push(Step::Send(request));
        let cases = cases.shows(name, steps, Expect::Filled);
        if must { cases } else { cases.beyond() }
    };
    let mut cases = cases;
    for (name, id, path, must) in ids {
        let order = FLOWS
            .iter()
            .find_map(|flow| requests.order_with(*flow, &[("merchant_orderid", id)]));
        if let Some(open) = order {
            cases = asked(cases, name, Step::Send(open), path, must);
        }
    }
    for flow in FLOWS {
        for encoding in &requests.working.encodings {
            if let Some(open) = requests.order_in(flow, *encoding) {
                let name = format!("{flow:?} as {encoding:?}");
                cases = asked(cases, &name, Step::Send(open), "{{merchant_order}}", true);
            }
        }
    }
    cases
}
