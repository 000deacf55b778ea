//! Paths, methods, bodies, browsers.

use crate::case::{Expect, Kind};
use crate::draft::{Draft, Payload, To};
use crate::plan::rules::build::{Ask, Cases, FORM, JSON, token_with, with_bytes};
use crate::plan::token_draft;
use flexiti_contract::{Endpoint, Rule};
use serde_json::json;

fn bare(method: &str, to: To) -> Draft {
    let method = method.to_owned();
    Draft {
        method,
        to,
        ..Draft::post("", Payload::None)
    }
}

pub(super) fn path_known(c: Cases) -> Cases {
    let to = |path: &str| To::Path(path.to_owned());
    c.keeps_token()
        .breaks("/oauth/tokens", bare("POST", to("/oauth/tokens")))
        .breaks("no path", bare("GET", to("/")))
}

pub(super) fn method_allowed(c: Cases, ask: &Ask<'_>) -> Cases {
    let allow = |method: &str| Expect::Refused {
        param: None,
        header: Some(("allow".to_owned(), method.to_owned())),
    };
    let token = || token_draft().to;
    let c = c
        .keeps_token()
        .add(
            Kind::Negative,
            "GET token",
            bare("GET", token()),
            allow("POST"),
        )
        .add(
            Kind::Negative,
            "DELETE token",
            bare("DELETE", token()),
            allow("POST"),
        )
        .add(
            Kind::Negative,
            "PUT init",
            bare("PUT", ask.init().to),
            allow("POST"),
        );
    if !ask.working.has(Endpoint::Calculator) {
        return c;
    }
    let calculator = bare("POST", ask.usual(Endpoint::Calculator).to);
    c.add(Kind::Negative, "POST calculator", calculator, allow("GET"))
}

pub(super) fn body_size(c: Cases, ask: &Ask<'_>) -> Cases {
    let padding = "a".repeat(66_000);
    c.keeps_token()
        .breaks("token, 66,000 bytes", token_with(&[("padding", &padding)]))
        .breaks(
            "init, 66,000 bytes",
            ask.init_with("padding", json!(padding)),
        )
}

pub(super) fn body_utf8(c: Cases, ask: &Ask<'_>) -> Cases {
    c.keeps_init(ask)
        .breaks("Latin-1", ask.form_ending("city", b"&city=Qu\xe9bec"))
        .breaks(
            "Latin-1, escaped",
            ask.form_ending("city", b"&city=Qu%E9bec"),
        )
}

const HALF_ESCAPED: &[u8] = b"&address_1=100%+Main+St";

pub(super) fn percent_encoding(c: Cases, ask: &Ask<'_>) -> Cases {
    c.keeps_init(ask)
        .breaks("`100% Main St`", ask.form_ending("address_1", HALF_ESCAPED))
}

pub(super) fn percent_literal(c: Cases, ask: &Ask<'_>) -> Cases {
    c.keeps("`100% Main St`", ask.form_ending("address_1", HALF_ESCAPED))
        .lacks("only a percent sign", with_bytes(&ask.init(), *b"%", FORM))
}

pub(super) fn robust(c: Cases, ask: &Ask<'_>) -> Cases {
    let token = with_bytes(&token_draft(), *b"a\0b=c\0d", FORM);
    let form = with_bytes(&ask.init(), *b"a\0b=c\0d", FORM);
    let json = with_bytes(&ask.init(), *b"{\"lang\":\"\0", JSON);
    c.add(Kind::Positive, "own keys", token_draft(), Expect::Alive)
        .add(Kind::Negative, "NUL in a token form", token, Expect::Alive)
        .add(Kind::Negative, "NUL in an init form", form, Expect::Alive)
        .add(Kind::Negative, "NUL in JSON", json, Expect::Alive)
}

pub(super) fn cors(c: Cases) -> Cases {
    let origin = "https://shop.example.com";
    let preflight = bare("OPTIONS", token_draft().to)
        .header("origin", origin)
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "x-reference-id");
    c.keeps("a page asks", token_draft().header("origin", origin))
        .blaming(Rule::TokenAccepted)
        .add(
            Kind::Negative,
            "a browser asks first",
            preflight,
            Expect::Preflight,
        )
}
