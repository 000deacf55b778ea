//! What a shop's pages ask for: the calculator, availability, and the withdrawn learn-more.

use crate::case::{Expect, Is, Kind, Sight};
use crate::draft::{Draft, Encoding};
use crate::plan::draft;
use crate::plan::params::{bases, with};
use crate::plan::rules::build::{Ask, Cases, bare, stranger};
use flexiti_contract::Endpoint;
use serde_json::json;

/// A request for a price, with other values.
fn price(ask: &Ask<'_>, changes: &[(&str, &str)]) -> Draft {
    let base = bases(ask.rulebook, Endpoint::Calculator);
    let base = base.into_iter().next().unwrap_or_default();
    let params = changes.iter().fold(base, |params, (name, value)| {
        with(&params, name, json!(value))
    });
    draft(Endpoint::Calculator, &params, Encoding::FormDotted)
        .unwrap_or_else(|| bare(Endpoint::Calculator))
}

/// A request that is wrong in three ways.
fn garbled(ask: &Ask<'_>) -> Draft {
    stranger(price(ask, &[("price", "abc"), ("lang", "12")]))
}

pub(super) fn calculator(c: Cases, ask: &Ask<'_>) -> Cases {
    c.add(Kind::Positive, "a price", price(ask, &[]), Expect::Filled)
        .lacks("two wrong values and no token", garbled(ask))
}

pub(super) fn repeated(c: Cases, ask: &Ask<'_>) -> Cases {
    let once = price(ask, &[]);
    let mut query = once.query.clone();
    query.push(("price".to_owned(), "499".to_owned()));
    c.keeps("once", once.clone())
        .resting_on(Endpoint::Calculator)
        .breaks("price twice", Draft { query, ..once })
}

pub(super) fn calculator_open(c: Cases, ask: &Ask<'_>) -> Cases {
    let unsigned = price(ask, &[]).without_header("authorization");
    c.keeps("no token", unsigned)
        .lacks("no token and two wrong values", garbled(ask))
}

pub(super) fn monthly_payment(c: Cases, ask: &Ask<'_>) -> Cases {
    let pair = |at: &str, text: &str| (format!("/paymentPlan/{at}"), json!(text));
    let expect = Expect::HoldsWith {
        holds: pair("monthlyPayment", "166.33"),
        with: pair("months", "3"),
    };
    c.add(
        Kind::Positive,
        "499",
        price(ask, &[("price", "499")]),
        expect,
    )
    .resting_on(Endpoint::Calculator)
}

pub(super) fn language(c: Cases, ask: &Ask<'_>) -> Cases {
    ["fr", "en"].into_iter().fold(c, |c, lang| {
        let expect = Expect::Speaks("/htmlRender".to_owned(), lang.to_owned());
        c.add(Kind::Positive, lang, price(ask, &[("lang", lang)]), expect)
            .resting_on(Endpoint::Calculator)
    })
}

pub(super) fn availability(c: Cases) -> Cases {
    let draft = bare(Endpoint::Availability);
    c.keeps("a token", draft.clone())
        .lacks("no token, no client", stranger(draft))
}

pub(super) fn availability_body(c: Cases, ask: &Ask<'_>) -> Cases {
    let body = ask.rulebook.knobs().availability_body.clone();
    let draft = bare(Endpoint::Availability);
    c.add(Kind::Positive, "a token", draft, Expect::Json(body))
        .resting_on(Endpoint::Availability)
}

pub(super) fn learn_more_gone(c: Cases, ask: &Ask<'_>) -> Cases {
    c.keeps_token()
        .breaks("a token", ask.usual(Endpoint::LearnMore))
}

pub(super) fn learn_more(c: Cases, ask: &Ask<'_>) -> Cases {
    let url = Sight {
        at: "/redirection_url".to_owned(),
        is: Is::OfType("string".to_owned()),
    };
    let draft = ask.usual(Endpoint::LearnMore);
    c.add(
        Kind::Positive,
        "a token",
        draft.clone(),
        Expect::Shows(vec![url]),
    )
    .lacks("no token, no client", stranger(draft))
}
