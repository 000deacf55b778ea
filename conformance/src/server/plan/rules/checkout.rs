//! The hosted checkout as the merchant sees it: decisions, closing, and where customers are sent.

use super::builder::RequestBuilder;
use super::cases::Cases;
use super::hosted_page::opened;
use super::requests::complete;
use crate::server::case::{Account, Callback, Carried, Expect, Is, JsonMember, Kind, Step};
use crate::server::wire::{ERROR_URL, SUCCESS_URL};
use flexiti_contract::dialect::{CallbackParams, Destination};
use flexiti_contract::{Flow, Lang, Rule};
use serde_json::json;

/// The callback of an order with this flow and outcome, on an account with known URLs.
fn calls_back(
    cases: Cases,
    requests: &RequestBuilder<'_>,
    flow: Flow,
    outcome: &str,
    asked: Callback,
) -> Cases {
    match requests.order(flow) {
        Some(order) => cases
            .shows(
                &format!("{flow:?} {outcome}"),
                vec![order, complete(outcome)],
                Expect::Callback(asked),
            )
            .on(Account::New),
        None => cases,
    }
}

fn leads_to(
    cases: Cases,
    requests: &RequestBuilder<'_>,
    ways: &[(Flow, &str)],
    to: Destination,
) -> Cases {
    let url = match to {
        Destination::Success => SUCCESS_URL,
        Destination::Error => ERROR_URL,
    };
    ways.iter().fold(cases, |cases, (flow, outcome)| {
        calls_back(
            cases,
            requests,
            *flow,
            outcome,
            Callback::LeadsTo(url.to_owned()),
        )
    })
}

pub(super) fn success(cases: Cases, requests: &RequestBuilder<'_>) -> Cases {
    let ways = [
        (Flow::Apply, "approved"),
        (Flow::Buy, "purchased"),
        (Flow::ApplyBuy, "purchased"),
    ];
    leads_to(cases, requests, &ways, Destination::Success)
}

pub(super) fn cancelled(cases: Cases, requests: &RequestBuilder<'_>) -> Cases {
    let ways = [Flow::Apply, Flow::Buy, Flow::ApplyBuy].map(|flow| (flow, "cancelled"));
    leads_to(cases, requests, &ways, Destination::Error)
}

pub(super) fn declined(cases: Cases, requests: &RequestBuilder<'_>) -> Cases {
    let ways = [(Flow::Apply, "declined"), (Flow::ApplyBuy, "refused")];
    // Two guides disagree.
    leads_to(
        cases,
        requests,
        &ways,
        requests.rulebook.knobs().declined_goes_to,
    )
    .all_beyond()
}

pub(super) fn pending(cases: Cases, requests: &RequestBuilder<'_>) -> Cases {
    let ways = [(Flow::Apply, "pending"), (Flow::Apply, "retry")];
    leads_to(
        cases,
        requests,
        &ways,
        requests.rulebook.knobs().pending_goes_to,
    )
    .all_beyond()
}

pub(super) fn parameters(cases: Cases, requests: &RequestBuilder<'_>) -> Cases {
    let knobs = requests.rulebook.knobs();
    let mut carried = Vec::new();
    if knobs.callback_params != CallbackParams::None {
        carried.push(("orderId".to_owned(), Carried::OrderOf(0)));
    }
    if knobs.callback_params == CallbackParams::OrderIdAndAuthToken {
        carried.push(("auth_token".to_owned(), Carried::Token));
    }
    if knobs.callback_lang {
        let lang = requests.base.iter().find(|(name, _)| name == "lang");
        let lang = Lang::of(lang.and_then(|(_, lang)| lang.as_str()).unwrap_or_default());
        carried.push(("lang".to_owned(), Carried::Text(lang.code().to_owned())));
    }
    let asked = || Callback::Carries(carried.clone());
    let cases = calls_back(cases, requests, Flow::Apply, "approved", asked());
    let cases = calls_back(cases, requests, Flow::ApplyBuy, "purchased", asked());
    calls_back(cases, requests, Flow::Buy, "cancelled", asked())
}

pub(super) fn no_credentials(cases: Cases, requests: &RequestBuilder<'_>) -> Cases {
    let cases = calls_back(
        cases,
        requests,
        Flow::Apply,
        "approved",
        Callback::NoSecrets,
    );
    let cases = calls_back(
        cases,
        requests,
        Flow::ApplyBuy,
        "purchased",
        Callback::NoSecrets,
    );
    calls_back(cases, requests, Flow::Buy, "cancelled", Callback::NoSecrets)
}

/// Each middle name whose decision is fixed by the contract, or by the dialect if `open`.
pub(super) fn response_keys(cases: Cases, requests: &RequestBuilder<'_>, open: bool) -> Cases {
    let keys = &requests.rulebook.contract().response_keys;
    keys.iter()
        .filter(|key| key.is_open() == open)
        .fold(cases, |cases, key| {
            let name = key.middle_name.as_str();
            let (Some(order), Some(decision)) = (
                requests.order_with(Flow::Apply, &[("mname", name)]),
                key.decides(requests.rulebook.dialect()),
            ) else {
                return cases;
            };
            let member = JsonMember {
                at: "/order/decision".to_owned(),
                is: Is::Value(json!(decision)),
            };
            let steps = vec![Step::Send(order), complete("as_applied")];
            let cases = cases.shows(name, steps, Expect::Shows(vec![member]));
            if open { cases.beyond() } else { cases }
        })
}

pub(super) fn time_out(cases: Cases, requests: &RequestBuilder<'_>) -> Cases {
    let open = u64::from(requests.rulebook.knobs().checkout_ttl);
    let order = || Step::Send(requests.init());
    cases
        .keeps("two seconds before the end", opened())
        .after([order(), Step::Advance(open.saturating_sub(2))])
        .on(Account::New)
        .blaming(Rule::RedirectPage)
        .add(Kind::Negative, "at the end", opened(), Expect::Closed)
        .after([order(), Step::Send(opened()), Step::Advance(open)])
        .on(Account::New)
}
