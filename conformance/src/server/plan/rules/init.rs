//! Init: its paths, its encodings, how it treats nulls and repeats, what it returns.

use super::builder::{
    Cases, FLOWS, FORM, JSON, RequestBuilder, form_bytes, garbled, json_bytes, refused, with_bytes,
};
use crate::server::case::requests::request_to;
use crate::server::case::{
    Case, Encoding, Expect, Kind, Params, Payload, RequestTemplate, Step, encode,
};
use crate::server::plan::params::{any_params, bases, minimal, violations, with};
use crate::server::plan::working::Working;
use flexiti_contract::{Endpoint, Flow, Lang, Rule, Rulebook};
use serde_json::{Value, json};

/// Cases of one encoding, on the paths that work.
pub(in crate::server::plan) fn encoding(
    rulebook: &Rulebook,
    encoding: Encoding,
    working: &Working,
) -> Vec<Case> {
    let rule = match encoding {
        Encoding::FormDotted => Rule::FormDotted,
        Encoding::FormBrackets => Rule::FormBrackets,
        Encoding::Json => Rule::JsonBody,
    };
    let mut cases = Cases::of(rule);
    for endpoint in working.init() {
        let base = bases(rulebook, working, endpoint)
            .into_iter()
            .next()
            .unwrap_or_default();
        if let Some(request) = request_to(endpoint, &base, encoding) {
            let name = format!("{} everything", endpoint.id());
            cases = cases.keeps(&name, request);
        }
        if let Some(request) = request_to(endpoint, &garbled(), encoding) {
            let name = format!("{} three wrong values", endpoint.id());
            cases = cases.lacks(&name, request);
        }
    }
    cases.list
}

/// Cases of an init path: each flow with everything, and with only what is required.
pub(in crate::server::plan) fn path(
    rulebook: &Rulebook,
    working: &Working,
    endpoint: Endpoint,
) -> Vec<Case> {
    let encoding = working.preferred();
    let rule = match endpoint {
        Endpoint::InitPlain => Rule::PlainAccepted,
        _ => Rule::V2Accepted,
    };
    let valid = |params: &Params| violations(rulebook, endpoint, params).is_empty();
    let mut cases = Cases::of(rule);
    for flow in [Flow::Apply, Flow::Buy, Flow::ApplyBuy] {
        // A flow that the server does not take on this path is tried all the same.
        let full = any_params(rulebook, working, endpoint, flow).filter(valid);
        let minimal = full.as_ref().map(|full| minimal(full, valid));
        for (what, params) in [("everything", full), ("only what is required", minimal)] {
            if let Some(request) = params.and_then(|params| request_to(endpoint, &params, encoding))
            {
                cases = cases.keeps(&format!("{what}, {flow:?}"), request);
                // The reference has Apply on the one path, the other flows on the other (R-cur).
                if (flow == Flow::Apply) != (endpoint == Endpoint::InitPlain) {
                    cases = cases.beyond();
                }
            }
        }
    }
    if let Some(request) = request_to(endpoint, &garbled(), encoding) {
        cases = cases.lacks("three wrong values", request);
    }
    cases.list
}

pub(super) fn media_type(cases: Cases, requests: &RequestBuilder<'_>) -> Cases {
    let form = form_bytes(&requests.base);
    cases
        .keeps_init(requests)
        .breaks(
            "text/plain",
            with_bytes(&requests.init(), form.clone(), Some("text/plain")),
        )
        .breaks(
            "application/xml",
            with_bytes(&requests.init(), *b"<init/>", Some("application/xml")),
        )
        .breaks(
            "declared as nothing",
            with_bytes(&requests.init(), form, None),
        )
}

pub(super) fn json_declared(cases: Cases, requests: &RequestBuilder<'_>) -> Cases {
    if !requests.working.reads_both() {
        return cases;
    }
    cases.keeps_init(requests).breaks(
        "JSON as a form",
        with_bytes(&requests.init(), json_bytes(&requests.base), FORM),
    )
}

pub(super) fn json_as_form(cases: Cases, requests: &RequestBuilder<'_>) -> Cases {
    if !requests.working.reads_both() {
        return cases;
    }
    cases
        .keeps(
            "JSON as a form",
            with_bytes(&requests.init(), json_bytes(&requests.base), FORM),
        )
        .lacks(
            "an empty object as a form",
            with_bytes(&requests.init(), *b"{}", FORM),
        )
}

pub(super) fn json_readable(cases: Cases, requests: &RequestBuilder<'_>) -> Cases {
    if !requests.working.carries(Encoding::Json) {
        return cases;
    }
    let json = |body: &[u8]| with_bytes(&requests.init(), body, JSON);
    let whole = json_bytes(&requests.base);
    cases
        .keeps_init(requests)
        .breaks(
            "cut off",
            json(
                whole
                    .get(..whole.len().saturating_sub(1))
                    .unwrap_or_default(),
            ),
        )
        .breaks("an array", json(b"[]"))
        .breaks("nothing at all", json(b""))
}

pub(super) fn repeated(cases: Cases, requests: &RequestBuilder<'_>) -> Cases {
    if !requests.working.reads_forms() {
        return cases;
    }
    let form = match requests.working.preferred() {
        Encoding::Json => Encoding::FormDotted,
        form => form,
    };
    let mut params = requests.base.clone();
    params.push(("lang".to_owned(), json!("en")));
    let payload = encode(&params, form).unwrap_or(Payload::None);
    let twice = RequestTemplate {
        payload,
        ..requests.init()
    };
    cases
        .keeps_init(requests)
        .add(Kind::Negative, "lang twice", twice, refused(Some("lang")))
}

pub(super) fn null_absent(cases: Cases, requests: &RequestBuilder<'_>) -> Cases {
    if !requests.working.carries(Encoding::Json) {
        return cases;
    }
    let nothing: Params = requests
        .base
        .iter()
        .map(|(name, _)| (name.clone(), Value::Null))
        .collect();
    cases
        .keeps(
            "email",
            requests.json(&with(&requests.base, "email", Value::Null)),
        )
        .lacks("everything", requests.json(&nothing))
}

pub(super) fn null_refused(cases: Cases, requests: &RequestBuilder<'_>) -> Cases {
    if !requests.working.carries(Encoding::Json) {
        return cases;
    }
    let email = requests.json(&with(&requests.base, "email", Value::Null));
    cases
        .keeps_init(requests)
        .add(Kind::Negative, "email", email, refused(Some("email")))
}

pub(super) fn empty_absent(cases: Cases, requests: &RequestBuilder<'_>) -> Cases {
    let optional = with(&with(&requests.base, "email", json!("")), "dob", json!(""));
    let nothing: Params = requests
        .base
        .iter()
        .map(|(name, _)| (name.clone(), json!("")))
        .collect();
    cases
        .keeps("email and dob", requests.init_of(&optional))
        .lacks("everything", requests.init_of(&nothing))
}

pub(super) fn fresh(cases: Cases, requests: &RequestBuilder<'_>) -> Cases {
    let members = ["/online_order_id", "/redirection_url"]
        .map(str::to_owned)
        .to_vec();
    cases
        .add(
            Kind::Positive,
            "twice",
            requests.init(),
            Expect::Distinct(0, 1, members),
        )
        .after([Step::Send(requests.init())])
}

/// The page that the first answer leads to.
pub(super) fn opened() -> RequestTemplate {
    RequestTemplate::get("{{0/redirection_url}}")
}

pub(super) fn merchant_order_unique(cases: Cases, requests: &RequestBuilder<'_>) -> Cases {
    let Some(order) = FLOWS
        .iter()
        .find_map(|flow| requests.order_with(*flow, &[]))
    else {
        return cases;
    };
    let expect = refused(Some("merchant_orderid"));
    cases
        .keeps("a new id", order.clone())
        .blaming_init(requests)
        .add(Kind::Negative, "the same id again", order.clone(), expect)
        .after([Step::Send(order)])
}

pub(super) fn page(cases: Cases, requests: &RequestBuilder<'_>) -> Cases {
    cases
        .add(Kind::Positive, "opened", opened(), Expect::Page(None))
        .after([Step::Send(requests.init())])
}

pub(super) fn language(cases: Cases, requests: &RequestBuilder<'_>) -> Cases {
    ["fr", "en"].into_iter().fold(cases, |cases, code| {
        // In the spelling that the server takes.
        let contract = requests.rulebook.contract();
        let samples = contract
            .param(requests.endpoint, "lang")
            .map(|param| &param.samples);
        let spelled = samples.into_iter().flatten().find(|text| {
            let params = with(&requests.base, "lang", json!(text));
            Lang::of(text).code() == code
                && violations(requests.rulebook, requests.endpoint, &params).is_empty()
        });
        let Some(spelled) = spelled else {
            return cases;
        };
        let init = requests.init_with("lang", json!(spelled));
        cases
            .add(
                Kind::Positive,
                code,
                opened(),
                Expect::Page(Some(code.to_owned())),
            )
            .after([Step::Send(init)])
    })
}
