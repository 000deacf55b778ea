//! Paths, methods, bodies, browsers.

use super::builder::RequestBuilder;
use super::cases::Cases;
use super::requests::{FLOWS, FORM, JSON, at, bare as notified, token_with, with_bytes};
use crate::server::case::requests::{token_params, token_request};
use crate::server::case::{Expect, Kind, Params, Payload, RequestTemplate, Step, To};
use flexiti_contract::{Endpoint, Rule};
use serde_json::json;

fn bare(method: &str, to: To) -> RequestTemplate {
    let method = method.to_owned();
    RequestTemplate {
        method,
        to,
        ..RequestTemplate::post("", Payload::None)
    }
}

pub(super) fn path_known(cases: Cases) -> Cases {
    let to = |path: &str| To::Path(path.to_owned());
    cases
        .keeps_token()
        .breaks("/oauth/tokens", bare("POST", to("/oauth/tokens")))
        .breaks("no path", bare("GET", to("/")))
}

pub(super) fn method_allowed(cases: Cases, requests: &RequestBuilder<'_>) -> Cases {
    let allow = |method: &str| Expect::Refused {
        param: None,
        header: Some(("allow".to_owned(), method.to_owned())),
    };
    let token = || token_request().to;
    let cases = cases
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
            bare("PUT", requests.init().to),
            allow("POST"),
        );
    if !requests.working.has(Endpoint::Calculator) {
        return cases;
    }
    let head = RequestTemplate {
        method: "HEAD".to_owned(),
        ..requests.usual(Endpoint::Calculator)
    };
    let calculator = bare("POST", requests.usual(Endpoint::Calculator).to);
    cases.keeps("HEAD calculator", head).add(
        Kind::Negative,
        "POST calculator",
        calculator,
        allow("GET"),
    )
}

pub(super) fn body_size(cases: Cases, requests: &RequestBuilder<'_>) -> Cases {
    let padding = "a".repeat(66_000);
    cases
        .keeps_token()
        .breaks("token, 66,000 bytes", token_with(&[("padding", &padding)]))
        .breaks(
            "init, 66,000 bytes",
            requests.init_with("padding", json!(padding)),
        )
}

pub(super) fn body_utf8(cases: Cases, requests: &RequestBuilder<'_>) -> Cases {
    if !requests.working.reads_forms() {
        return cases;
    }
    cases
        .keeps_init(requests)
        .breaks("Latin-1", requests.form_ending("city", b"&city=Qu\xe9bec"))
        .breaks(
            "Latin-1, escaped",
            requests.form_ending("city", b"&city=Qu%E9bec"),
        )
}

const HALF_ESCAPED: &[u8] = b"&address_1=100%+Main+St";

pub(super) fn percent_encoding(cases: Cases, requests: &RequestBuilder<'_>) -> Cases {
    if !requests.working.reads_forms() {
        return cases;
    }
    cases.keeps_init(requests).breaks(
        "`100% Main St`",
        requests.form_ending("address_1", HALF_ESCAPED),
    )
}

pub(super) fn percent_literal(cases: Cases, requests: &RequestBuilder<'_>) -> Cases {
    if !requests.working.reads_forms() {
        return cases;
    }
    cases
        .keeps(
            "`100% Main St`",
            requests.form_ending("address_1", HALF_ESCAPED),
        )
        .lacks(
            "only a percent sign",
            with_bytes(&requests.init(), *b"%", FORM),
        )
}

pub(super) fn robust(cases: Cases, requests: &RequestBuilder<'_>) -> Cases {
    let token = with_bytes(&token_request(), *b"a\0b=cases\0d", FORM);
    let form = with_bytes(&requests.init(), *b"a\0b=cases\0d", FORM);
    let json = with_bytes(&requests.init(), *b"{\"lang\":\"\0", JSON);
    let cases = odd_values(cases, requests);
    let cases = odd_notifications(cases, requests);
    // Secrets do not belong in URLs, and following a link must not open an order (RFC 9110, 9.2.1).
    let init = in_query(requests.init(), &requests.base);
    let granted = in_query(token_request(), &token_params());
    // Both endpoints are POST (R-cur); whether other methods get a 405 is open.
    let put = |request: RequestTemplate| RequestTemplate {
        method: "PUT".to_owned(),
        ..request
    };
    cases
        .add(
            Kind::Negative,
            "PUT token, whole",
            put(token_request()),
            Expect::NotGranted,
        )
        .beyond()
        .add(
            Kind::Negative,
            "PUT init, whole",
            put(requests.init()),
            Expect::NotGranted,
        )
        .beyond()
        .add(
            Kind::Negative,
            "GET token, all of it in the query",
            granted,
            Expect::NotGranted,
        )
        .beyond()
        .add(
            Kind::Negative,
            "GET init, all of it in the query",
            init,
            Expect::NotGranted,
        )
        .beyond()
        .add(Kind::Positive, "own keys", token_request(), Expect::Alive)
        .add(Kind::Negative, "NUL in a token form", token, Expect::Alive)
        .add(Kind::Negative, "NUL in an init form", form, Expect::Alive)
        .add(Kind::Negative, "NUL in JSON", json, Expect::Alive)
}

/// Notifications that cannot be intentional: about an order that does not exist, with a number
/// other than the requested one, or with a date in another time zone.
fn odd_notifications(cases: Cases, requests: &RequestBuilder<'_>) -> Cases {
    if !requests.working.has(Endpoint::NotificationOrder) {
        return cases;
    }
    let asked = |id: &str| {
        at(
            notified(Endpoint::NotificationOrder),
            "{{0/online_order_id}}",
            id,
        )
    };
    let order = requests.reported_order();
    let mut recent = order.clone();
    recent.push(Step::Send(notified(Endpoint::NotificationOrder)));
    let mut longer = order.clone();
    longer.push(Step::Send(asked("{{0/online_order_id}}abc")));
    let nobodys = vec![Step::Send(asked("999999999999"))];
    let cases = cases
        .shows("an unknown order", nobodys, Expect::TellsOfNone)
        .beyond();
    if order.is_empty() {
        return cases;
    }
    let mut shorter = order.clone();
    shorter.push(Step::Send(asked("{{0/online_order_id|but_last}}")));
    near_merchant_ids(cases, requests)
        .shows(
            "a number with letters after it",
            longer,
            Expect::TellsOfNone,
        )
        .beyond()
        .shows(
            "a number without its last digit",
            shorter,
            Expect::TellsOfNone,
        )
        .beyond()
        .shows(
            "the date of a new order",
            recent,
            Expect::Recent("/date".to_owned()),
        )
        .beyond()
}

/// Near misses of a merchant order id, and patterns that match one (SQL LIKE).
fn near_merchant_ids(cases: Cases, requests: &RequestBuilder<'_>) -> Cases {
    let endpoint = Endpoint::NotificationMerchantOrder;
    let id = "near-{{merchant_order}}-x";
    let own = [("merchant_orderid", id)];
    let mut flows = FLOWS.into_iter();
    let order = flows.find_map(|flow| requests.order_with(flow, &own));
    let Some(order) = order.filter(|_| requests.working.has(endpoint)) else {
        return cases;
    };
    [
        ("shorter", "near-{{merchant_order}}-"),
        ("longer", "near-{{merchant_order}}-xy"),
        ("with a percent sign", "near-{{merchant_order}}-%25"),
    ]
    .into_iter()
    .fold(cases, |cases, (what, near)| {
        let asked = at(notified(endpoint), "{{merchant_order}}", near);
        let steps = vec![Step::Send(order.clone()), Step::Send(asked)];
        let name = format!("a merchant's id, {what}");
        cases.shows(&name, steps, Expect::TellsOfNone).beyond()
    })
}

/// A request with its parameters in the query.
fn in_query(request: RequestTemplate, params: &Params) -> RequestTemplate {
    let texts = params.iter().filter_map(|(name, value)| {
        let text = value.as_str()?;
        Some((name.clone(), text.to_owned()))
    });
    RequestTemplate {
        method: "GET".to_owned(),
        query: texts.collect(),
        payload: Payload::None,
        ..request
    }
}

pub(super) fn cors(cases: Cases) -> Cases {
    let origin = "https://shop.example.com";
    let preflight = bare("OPTIONS", token_request().to)
        .header("origin", origin)
        .header("access-control-request-method", "POST")
        .header(
            "access-control-request-headers",
            "authorization, content-type, x-reference-id",
        );
    cases
        .keeps("a page asks", token_request().header("origin", origin))
        .blaming(Rule::TokenAccepted)
        .add(
            Kind::Negative,
            "a browser asks first",
            preflight,
            Expect::Preflight,
        )
}

/// Values that servers trip over, because their database, template or parser cannot hold them.
fn odd_values(cases: Cases, requests: &RequestBuilder<'_>) -> Cases {
    let long = "a".repeat(1_000);
    let odd = [
        ("an apostrophe", "lname", "O'Brien\"; --"),
        ("mark-up", "fname", "<b>{{ 7 * 7 }}</b>"),
        ("an emoji", "fname", "\u{1f600}"),
        ("a thousand characters", "city", &*long),
        ("a huge number", "amount_requested", "1e400"),
        (
            "thirty digits",
            "amount_requested",
            "999999999999999999999999999999",
        ),
        ("a date that no calendar has", "dob", "0000-00-00"),
        ("a line break", "address_1", "1 Main St\r\nX: y"),
    ];
    let cases = odd.into_iter().fold(cases, |cases, (name, param, value)| {
        let request = requests.init_with(param, json!(value));
        cases.add(Kind::Negative, name, request, Expect::Alive)
    });
    let deep = format!("{{\"lang\":{}1{}}}", "[".repeat(500), "]".repeat(500));
    let deep = with_bytes(&requests.init(), deep.into_bytes(), JSON);
    let nothing = with_bytes(&requests.init(), *b"", FORM);
    cases
        .add(Kind::Negative, "500 brackets of JSON", deep, Expect::Alive)
        .add(Kind::Negative, "nothing at all", nothing, Expect::Alive)
}
