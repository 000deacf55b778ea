//! The bearer token of init, and whose path it opens.

use crate::case::{Account, Step};
use crate::draft::Draft;
use crate::plan::rules::build::{Ask, Cases, UNKNOWN_TOKEN, at, garbled, get_token, token_with};
use flexiti_contract::dialect::Lax;

const BEARER: &str = "Bearer {{0/access_token}}";

pub(super) fn required(c: Cases, ask: &Ask<'_>) -> Cases {
    let c = c
        .keeps_init(ask)
        .breaks("no header", ask.init().without_header("authorization"));
    elsewhere(c, ask, "no header", |draft| {
        draft.without_header("authorization")
    })
}

/// The same defect in a request to each of the other endpoints.
fn elsewhere(c: Cases, ask: &Ask<'_>, name: &str, defect: impl Fn(Draft) -> Draft) -> Cases {
    ask.elsewhere()
        .into_iter()
        .fold(c, |c, (endpoint, steps, draft)| {
            c.breaks(&format!("{} {name}", endpoint.id()), defect(draft))
                .after(steps)
        })
}

pub(super) fn scheme(c: Cases, ask: &Ask<'_>) -> Cases {
    let c = c
        .keeps_init(ask)
        .breaks("another scheme", ask.init_as("Token {{token}}"))
        .breaks("no scheme", ask.init_as("{{token}}"));
    let lower_case = ask.init_as("bearer {{token}}");
    match ask.rulebook.knobs().bearer_scheme {
        Lax::Exact => c.breaks("lower case", lower_case),
        Lax::AnyCase => c.keeps("lower case", lower_case),
    }
}

pub(super) fn known(c: Cases, ask: &Ask<'_>) -> Cases {
    let unknown = format!("Bearer {UNKNOWN_TOKEN}");
    let c = c
        .keeps_init(ask)
        .breaks("never issued", ask.init_as(&unknown))
        .breaks("one character more", ask.init_as("Bearer {{token}}0"));
    elsewhere(c, ask, "never issued", |draft| {
        draft.header("authorization", &unknown)
    })
}

pub(super) fn alive(c: Cases, ask: &Ask<'_>) -> Cases {
    c.keeps("two seconds before the end", ask.init_as(BEARER))
        .after([get_token(), Step::Advance(ask.ttl().saturating_sub(2))])
        .on(Account::New)
        .blaming_init(ask)
        .breaks("at the end", ask.init_as(BEARER))
        .after([get_token(), Step::Advance(ask.ttl())])
        .on(Account::New)
}

pub(super) fn client(c: Cases, ask: &Ask<'_>) -> Cases {
    const OTHER: &str = "Bearer {{other_token}}";
    let c = c
        .keeps_init(ask)
        .breaks("another client's token", ask.init_as(OTHER));
    elsewhere(c, ask, "another client's token", |draft| {
        draft.header("authorization", OTHER)
    })
}

fn customer() -> [Step; 1] {
    [Step::Send(token_with(&[("scope", "customer")]))]
}

pub(super) fn scope(c: Cases, ask: &Ask<'_>) -> Cases {
    c.keeps_init(ask)
        .breaks("scope customer", ask.init_as(BEARER))
        .after(customer())
}

pub(super) fn scope_customer(c: Cases, ask: &Ask<'_>) -> Cases {
    let nothing = ask.init_of(&garbled()).header("authorization", BEARER);
    c.keeps("scope customer", ask.init_as(BEARER))
        .after(customer())
        .lacks("scope customer, three wrong values", nothing)
        .after(customer())
}

pub(super) fn provisioned(c: Cases, ask: &Ask<'_>) -> Cases {
    c.keeps("a provisioned account", ask.init_as(BEARER))
        .after([get_token()])
        .on(Account::Own)
        .blaming_init(ask)
        .breaks("the role was taken away", ask.init_as(BEARER))
        .after([get_token(), Step::Deprovision])
        .on(Account::New)
}

pub(super) fn path_quotes(c: Cases, ask: &Ask<'_>) -> Cases {
    let quoted = |draft, id: &str| at(draft, "{{client_id}}", &format!("%22{id}%22"));
    let nothing = ask.init_of(&garbled());
    c.keeps("quoted", quoted(ask.init(), "{{client_id}}"))
        .lacks(
            "another id, quoted, three wrong values",
            quoted(nothing, "xxxxxx"),
        )
}
