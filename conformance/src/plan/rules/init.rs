//! Init: its paths, its encodings, what it makes of nulls and repeats, what it gives.

use crate::case::{Case, Expect, Kind, Step};
use crate::draft::{Draft, Encoding, Params, Payload, encode};
use crate::plan::clauses::minimal;
use crate::plan::params::{base_params, bases, flat, with};
use crate::plan::rules::build::{
    Ask, Cases, FLOWS, FORM, JSON, form_bytes, garbled, json_bytes, refused, with_bytes,
};
use crate::plan::{Working, draft};
use flexiti_contract::{Endpoint, Flow, Rule, Rulebook};
use serde_json::{Value, json};

/// Cases of one encoding, on the paths that work.
pub(in crate::plan) fn encoding(
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
        let base = bases(rulebook, endpoint)
            .into_iter()
            .next()
            .unwrap_or_default();
        if let Some(draft) = draft(endpoint, &base, encoding) {
            let name = format!("{} everything", endpoint.id());
            cases = cases.keeps(&name, draft);
        }
        if let Some(draft) = draft(endpoint, &garbled(), encoding) {
            let name = format!("{} three wrong values", endpoint.id());
            cases = cases.lacks(&name, draft);
        }
    }
    cases.list
}

/// Cases of an init path: each flow with everything, and with only what is required.
pub(in crate::plan) fn path(
    rulebook: &Rulebook,
    endpoint: Endpoint,
    encoding: Encoding,
) -> Vec<Case> {
    let rule = match endpoint {
        Endpoint::InitPlain => Rule::PlainAccepted,
        _ => Rule::V2Accepted,
    };
    let valid = |params: &Params| rulebook.check(endpoint, &flat(params)).is_empty();
    let mut cases = Cases::of(rule);
    for flow in [Flow::Apply, Flow::Buy, Flow::ApplyBuy] {
        let full = base_params(rulebook, endpoint, flow).filter(valid);
        let minimal = full.as_ref().map(|full| minimal(full, valid));
        for (what, params) in [("everything", full), ("only what is required", minimal)] {
            if let Some(draft) = params.and_then(|params| draft(endpoint, &params, encoding)) {
                cases = cases.keeps(&format!("{what}, {flow:?}"), draft);
            }
        }
    }
    if let Some(draft) = draft(endpoint, &garbled(), encoding) {
        cases = cases.lacks("three wrong values", draft);
    }
    cases.list
}

pub(super) fn media_type(c: Cases, ask: &Ask<'_>) -> Cases {
    let form = form_bytes(&ask.base);
    c.keeps_init(ask)
        .breaks(
            "text/plain",
            with_bytes(&ask.init(), form.clone(), Some("text/plain")),
        )
        .breaks(
            "application/xml",
            with_bytes(&ask.init(), *b"<init/>", Some("application/xml")),
        )
        .breaks("declared as nothing", with_bytes(&ask.init(), form, None))
}

pub(super) fn json_declared(c: Cases, ask: &Ask<'_>) -> Cases {
    c.keeps_init(ask).breaks(
        "JSON as a form",
        with_bytes(&ask.init(), json_bytes(&ask.base), FORM),
    )
}

pub(super) fn json_as_form(c: Cases, ask: &Ask<'_>) -> Cases {
    c.keeps(
        "JSON as a form",
        with_bytes(&ask.init(), json_bytes(&ask.base), FORM),
    )
    .lacks(
        "an empty object as a form",
        with_bytes(&ask.init(), *b"{}", FORM),
    )
}

pub(super) fn json_readable(c: Cases, ask: &Ask<'_>) -> Cases {
    if !ask.working.carries(Encoding::Json) {
        return c;
    }
    let json = |body: &[u8]| with_bytes(&ask.init(), body, JSON);
    let whole = json_bytes(&ask.base);
    c.keeps_init(ask)
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

pub(super) fn repeated(c: Cases, ask: &Ask<'_>) -> Cases {
    let form = match ask.working.preferred() {
        Encoding::Json => Encoding::FormDotted,
        form => form,
    };
    let mut params = ask.base.clone();
    params.push(("lang".to_owned(), json!("en")));
    let payload = encode(&params, form).unwrap_or(Payload::None);
    let twice = Draft {
        payload,
        ..ask.init()
    };
    c.keeps_init(ask)
        .add(Kind::Negative, "lang twice", twice, refused(Some("lang")))
}

pub(super) fn null_absent(c: Cases, ask: &Ask<'_>) -> Cases {
    if !ask.working.carries(Encoding::Json) {
        return c;
    }
    let nothing: Params = ask
        .base
        .iter()
        .map(|(name, _)| (name.clone(), Value::Null))
        .collect();
    c.keeps("email", ask.json(&with(&ask.base, "email", Value::Null)))
        .lacks("everything", ask.json(&nothing))
}

pub(super) fn null_refused(c: Cases, ask: &Ask<'_>) -> Cases {
    if !ask.working.carries(Encoding::Json) {
        return c;
    }
    let email = ask.json(&with(&ask.base, "email", Value::Null));
    c.keeps_init(ask)
        .add(Kind::Negative, "email", email, refused(Some("email")))
}

pub(super) fn empty_absent(c: Cases, ask: &Ask<'_>) -> Cases {
    let optional = with(&with(&ask.base, "email", json!("")), "dob", json!(""));
    let nothing: Params = ask
        .base
        .iter()
        .map(|(name, _)| (name.clone(), json!("")))
        .collect();
    c.keeps("email and dob", ask.init_of(&optional))
        .lacks("everything", ask.init_of(&nothing))
}

pub(super) fn fresh(c: Cases, ask: &Ask<'_>) -> Cases {
    let members = ["/online_order_id", "/redirection_url"]
        .map(str::to_owned)
        .to_vec();
    c.add(
        Kind::Positive,
        "twice",
        ask.init(),
        Expect::Distinct(0, 1, members),
    )
    .after([Step::Send(ask.init())])
}

/// The page that the first answer leads to.
pub(super) fn opened() -> Draft {
    Draft::get("{{0/redirection_url}}")
}

pub(super) fn merchant_order_unique(c: Cases, ask: &Ask<'_>) -> Cases {
    let Some(order) = FLOWS.iter().find_map(|flow| ask.order_with(*flow, &[])) else {
        return c;
    };
    let expect = refused(Some("merchant_orderid"));
    c.keeps("a new id", order.clone())
        .blaming_init(ask)
        .add(Kind::Negative, "the same id again", order.clone(), expect)
        .after([Step::Send(order)])
}

pub(super) fn page(c: Cases, ask: &Ask<'_>) -> Cases {
    c.add(Kind::Positive, "opened", opened(), Expect::Page(None))
        .after([Step::Send(ask.init())])
}

pub(super) fn language(c: Cases, ask: &Ask<'_>) -> Cases {
    ["fr", "en"].into_iter().fold(c, |c, lang| {
        let init = ask.init_with("lang", json!(lang));
        c.add(
            Kind::Positive,
            lang,
            opened(),
            Expect::Page(Some(lang.to_owned())),
        )
        .after([Step::Send(init)])
    })
}
