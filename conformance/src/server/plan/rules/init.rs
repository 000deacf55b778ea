//! Init: its paths and encodings, its treatment of nulls and repeats, and its answer.

use super::builder::RequestBuilder;
use super::cases::Cases;
use super::requests::{FLOWS, FORM, JSON, garbled, refused, with_bytes};
use crate::server::case::requests::request_to;
use crate::server::case::{
    Case, Encoding, Expect, Kind, Params, Payload, RequestTemplate, Step, encode,
};
use crate::server::plan::params::{any_params, bases, minimal, violations, with};
use crate::server::plan::typed::JsonTypes;
use crate::server::plan::working::Working;
use flexiti_contract::{Endpoint, Flow, Rule, Rulebook};
use serde_json::{Value, json};
use std::fmt::Write as _;

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
        let types = JsonTypes::of(rulebook);
        for (what, request) in spelled_otherwise(endpoint, &base, encoding, types) {
            cases = cases.keeps(&format!("{} {what}", endpoint.id()), request);
        }
        if let Some(request) = request_to(endpoint, &garbled(), encoding) {
            let name = format!("{} three wrong values", endpoint.id());
            cases = cases.lacks(&name, request);
        }
    }
    cases.list
}

/// Requests equivalent to `base`, in other bytes.
fn spelled_otherwise(
    endpoint: Endpoint,
    base: &Params,
    encoding: Encoding,
    types: JsonTypes,
) -> Vec<(&'static str, RequestTemplate)> {
    let reversed: Params = base.iter().rev().cloned().collect();
    let reversed = request_to(endpoint, &reversed, encoding);
    let mut others: Vec<_> = reversed
        .map(|request| ("in reverse order", request))
        .into_iter()
        .collect();
    let Some(request) = request_to(endpoint, base, encoding) else {
        return others;
    };
    let request = types.typed(&request);
    match &request.payload {
        Payload::Form(pairs) => {
            let pairs: Vec<String> = pairs
                .iter()
                .map(|(name, value)| format!("{}={}", escaped(name), escaped(value)))
                .collect();
            let bytes = pairs.join("&");
            others.push(("in lower-case escapes", with_bytes(&request, bytes, FORM)));
        }
        Payload::Json(value) => {
            let text = value.to_string().replace("\"flow\"", "\"f\\u006cow\"");
            others.push(("with an escape", with_bytes(&request, text, JSON)));
        }
        Payload::None | Payload::Bytes(_) => {}
    }
    others
}

/// Percent-encodes everything but letters and digits in lower case, except placeholders.
fn escaped(text: &str) -> String {
    if text.contains("{{") {
        return text.to_owned();
    }
    let mut escaped = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() {
            escaped.push(char::from(byte));
        } else {
            let _ = write!(escaped, "%{byte:02x}");
        }
    }
    escaped
}

/// Cases for an init path: each flow with all parameters, and with only the required ones.
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
        if working.samples.nobody_known.contains(&(endpoint, flow)) {
            continue;
        }
        // A flow that the server refuses on this path is tried anyway.
        let full = any_params(rulebook, working, endpoint, flow).filter(valid);
        let minimal = full.as_ref().map(|full| minimal(full, valid));
        for (what, params) in [("everything", full), ("only what is required", minimal)] {
            if let Some(request) = params.and_then(|params| request_to(endpoint, &params, encoding))
            {
                cases = cases.keeps(&format!("{what}, {flow:?}"), request);
                // The reference has Apply on one path, and the other flows on the other (R-cur). No
                // page says that Apply accepts what only a purchase needs.
                let elsewhere = (flow == Flow::Apply) != (endpoint == Endpoint::InitPlain);
                if elsewhere || (flow == Flow::Apply && what == "everything") {
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
    let form = requests.form_bytes(&requests.base);
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
        with_bytes(&requests.init(), requests.json_bytes(), FORM),
    )
}

pub(super) fn json_as_form(cases: Cases, requests: &RequestBuilder<'_>) -> Cases {
    if !requests.working.reads_both() {
        return cases;
    }
    cases
        .keeps(
            "JSON as a form",
            with_bytes(&requests.init(), requests.json_bytes(), FORM),
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
    let whole = requests.json_bytes();
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

pub(super) fn own_type(cases: Cases, requests: &RequestBuilder<'_>) -> Cases {
    if !requests.working.carries(Encoding::Json) {
        return cases;
    }
    let types = JsonTypes::of(requests.rulebook);
    let texts = [
        ("amount_requested", "499.99", types.numbers),
        ("is_guest", "false", types.booleans),
    ];
    let base = &requests.base;
    let usual = requests.json(base);
    let mut cases = cases.keeps_init(requests);
    for (name, text, _) in texts.iter().filter(|(_, _, is_refused)| *is_refused) {
        let mut request = types.typed(&usual);
        if let Payload::Json(Value::Object(members)) = &mut request.payload {
            members.insert((*name).to_owned(), json!(text));
        }
        // As bytes, so that no value is converted to its own type.
        let text = match &request.payload {
            Payload::Json(body) => body.to_string(),
            _ => continue,
        };
        let request = with_bytes(&request, text, JSON);
        let what = format!("{name} as text");
        cases = cases.add(Kind::Negative, &what, request, refused(Some(name)));
    }
    cases
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
    let again = |at| Expect::Distinct(0, at, members.clone());
    let cases = cases
        .add(Kind::Positive, "twice", requests.init(), again(1))
        .after([Step::Send(requests.init())]);
    let encodings = requests.working.encodings.iter();
    encodings.fold(cases, |cases, encoding| {
        let Some(init) = request_to(requests.endpoint, &requests.base, *encoding) else {
            return cases;
        };
        let name = format!("twice as {encoding:?}");
        cases
            .add(Kind::Positive, &name, init.clone(), again(1))
            .after([Step::Send(init)])
    })
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

/// Three wrong parameters must all be named.
pub(super) fn all_named(cases: Cases, requests: &RequestBuilder<'_>) -> Cases {
    let wrong = garbled();
    let names: Vec<String> = wrong.iter().map(|(name, _)| name.clone()).collect();
    let full = wrong
        .iter()
        .fold(requests.base.clone(), |params, (name, value)| {
            with(&params, name, value.clone())
        });
    let encodings = requests.working.encodings.clone();
    encodings.into_iter().fold(cases, |cases, encoding| {
        let broken = violations(requests.rulebook, requests.endpoint, &full);
        let all = names
            .iter()
            .all(|name| broken.iter().any(|violation| violation.param == *name));
        match request_to(requests.endpoint, &full, encoding).filter(|_| all) {
            Some(request) => cases.add(
                Kind::Negative,
                &format!("three wrong values as {encoding:?}"),
                request,
                Expect::NamesSeveral(names.clone()),
            ),
            None => cases,
        }
    })
}
