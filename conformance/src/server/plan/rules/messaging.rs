//! The endpoints for a shop's pages: the calculator, availability, and the withdrawn learn-more.

use super::builder::RequestBuilder;
use super::cases::Cases;
use super::requests::{bare, stranger};
use crate::server::case::requests::request_to;
use crate::server::case::{Encoding, Expect, Is, JsonMember, Kind, RequestTemplate, Step};
use crate::server::plan::params::{bases, with};
use flexiti_contract::Endpoint;
use serde_json::json;

/// A calculator request with other values.
fn price(requests: &RequestBuilder<'_>, changes: &[(&str, &str)]) -> RequestTemplate {
    let base = bases(requests.rulebook, requests.working, Endpoint::Calculator);
    let base = base.into_iter().next().unwrap_or_default();
    let params = changes.iter().fold(base, |params, (name, value)| {
        with(&params, name, json!(value))
    });
    request_to(Endpoint::Calculator, &params, Encoding::FormDotted)
        .unwrap_or_else(|| bare(Endpoint::Calculator))
}

/// A request that is wrong in three ways.
fn garbled(requests: &RequestBuilder<'_>) -> RequestTemplate {
    stranger(price(requests, &[("price", "abc"), ("lang", "12")]))
}

pub(super) fn calculator(cases: Cases, requests: &RequestBuilder<'_>) -> Cases {
    cases
        .add(
            Kind::Positive,
            "a price",
            price(requests, &[]),
            Expect::Filled,
        )
        .lacks("two wrong values and no token", garbled(requests))
}

pub(super) fn repeated(cases: Cases, requests: &RequestBuilder<'_>) -> Cases {
    let once = price(requests, &[]);
    let mut query = once.query.clone();
    query.push(("price".to_owned(), "499".to_owned()));
    cases
        .keeps("once", once.clone())
        .resting_on(Endpoint::Calculator)
        .breaks("price twice", RequestTemplate { query, ..once })
}

/// A different client id in the query than in the path.
pub(super) fn client_id(cases: Cases, requests: &RequestBuilder<'_>) -> Cases {
    let expect = Expect::Refused {
        param: Some("clientId".to_owned()),
        header: None,
    };
    let other = price(requests, &[("clientId", "somebody-else")]);
    cases
        .keeps("the client id of the path", price(requests, &[]))
        .resting_on(Endpoint::Calculator)
        .add(Kind::Negative, "another client id", other, expect)
}

pub(super) fn calculator_open(cases: Cases, requests: &RequestBuilder<'_>) -> Cases {
    let unsigned = price(requests, &[]).without_header("authorization");
    cases
        .keeps("no token", unsigned)
        .lacks("no token and two wrong values", garbled(requests))
}

/// Small and large prices whose thirds round in every way.
const PRICES: [&str; 7] = ["0.99", "1", "100.01", "250.5", "500", "1234.56", "9999.99"];

pub(super) fn monthly_payment(cases: Cases, requests: &RequestBuilder<'_>) -> Cases {
    let cases = PRICES.into_iter().fold(cases, |cases, sum| {
        cases
            .add(
                Kind::Positive,
                sum,
                price(requests, &[("price", sum)]),
                Expect::Pays(sum.to_owned()),
            )
            .resting_on(Endpoint::Calculator)
            .beyond()
    });
    let pair = |at: &str, text: &str| (format!("/paymentPlan/{at}"), json!(text));
    let expect = Expect::HoldsWith {
        holds: pair("monthlyPayment", "166.33"),
        with: pair("months", "3"),
    };
    let in_french = price(requests, &[("price", "499"), ("lang", "fr")]);
    let usual = price(requests, &[("price", "499")]);
    cases
        .add(Kind::Positive, "499", usual, expect.clone())
        .resting_on(Endpoint::Calculator)
        .add(Kind::Positive, "499, in French", in_french, expect)
        .resting_on(Endpoint::Calculator)
}

pub(super) fn language(cases: Cases, requests: &RequestBuilder<'_>) -> Cases {
    let spoken = |lang: &str| Step::Send(price(requests, &[("lang", lang)]));
    let html = Some("/htmlRender".to_owned());
    let cases = cases
        .shows(
            "other words",
            vec![spoken("fr"), spoken("en")],
            Expect::Unlike(0, 1, html),
        )
        .resting_on(Endpoint::Calculator)
        .beyond();
    ["fr", "en"].into_iter().fold(cases, |cases, lang| {
        let expect = Expect::Speaks("/htmlRender".to_owned(), lang.to_owned());
        cases
            .add(
                Kind::Positive,
                lang,
                price(requests, &[("lang", lang)]),
                expect,
            )
            .resting_on(Endpoint::Calculator)
    })
}

pub(super) fn availability(cases: Cases) -> Cases {
    let request = bare(Endpoint::Availability);
    cases
        .add(Kind::Positive, "a token", request.clone(), Expect::Served)
        .lacks("no token, no client", stranger(request))
}

pub(super) fn availability_body(cases: Cases, requests: &RequestBuilder<'_>) -> Cases {
    let body = requests.rulebook.knobs().availability_body.clone();
    let request = bare(Endpoint::Availability);
    cases
        .add(Kind::Positive, "a token", request, Expect::Json(body))
        .resting_on(Endpoint::Availability)
}

pub(super) fn learn_more_gone(cases: Cases, requests: &RequestBuilder<'_>) -> Cases {
    cases
        .keeps_token()
        .breaks("a token", requests.usual(Endpoint::LearnMore))
}

pub(super) fn learn_more(cases: Cases, requests: &RequestBuilder<'_>) -> Cases {
    let url = JsonMember {
        at: "/redirection_url".to_owned(),
        is: Is::OfType("string".to_owned()),
    };
    let request = requests.usual(Endpoint::LearnMore);
    cases
        .add(
            Kind::Positive,
            "a token",
            request.clone(),
            Expect::Shows(vec![url]),
        )
        .lacks("no token, no client", stranger(request))
}
