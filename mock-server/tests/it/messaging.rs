//! payment-availability, of which nothing but the path is known, and the withdrawn learn-more.

use crate::knobs;
use crate::shop::{self, CLIENT, PASSWORD, SECRET, assert_well, server, text, token};
use crate::wire::{Answer, Call};
use flexiti_mock::Mock;
use serde_json::{Value, json};

const AVAILABILITY: &str =
    "/flexiti/online-api/online/client-id/flexitidemo/merchants/payment-availability";
const LEARN_MORE: &str = "/flexiti/online-api/online/client-id/flexitidemo/systems/learn-more";

fn signed(mock: &Mock, path: &str) -> Call {
    Call::post(path).header("authorization", &format!("Bearer {}", token(mock)))
}

fn post(mock: &Mock, body: impl Into<Vec<u8>>) -> Answer {
    signed(mock, AVAILABILITY).body(body).send(mock.address())
}

/// The parameters of the last request, as the journal has them.
fn recorded(mock: &Mock) -> Value {
    let path = "/requests?endpoint=availability";
    let rows = shop::admin(mock, "GET", path, &Value::Null).json();
    rows["requests"].as_array().unwrap().last().unwrap()["params"].clone()
}

#[test]
fn availability_answers_what_the_dialect_says() {
    for dialect in ["documented", "lenient", "strict", "hyperswitch"] {
        let mock = server(dialect);
        let answer = post(&mock, "");
        assert_eq!(
            (answer.status, answer.json()),
            (200, json!({"available": true}))
        );
    }
    let body = json!({"available": false, "reasons": ["province"]});
    let mock = knobs::documented(&[("availability_body", body.clone())]);
    assert_eq!(post(&mock, "").json(), body);
    let mock = knobs::without("availability.body");
    assert_ne!(post(&mock, "").json(), json!({"available": true}));
}

#[test]
fn availability_wants_a_token_and_post() {
    let mock = server("documented");
    let answer = Call::post(AVAILABILITY).send(mock.address());
    assert_eq!(answer.refusal(), (401, "invalid_token".into()));
    let answer = Call::get(AVAILABILITY).send(mock.address());
    assert_eq!(answer.refusal(), (405, "method_not_allowed".into()));
    assert_eq!(answer.header("allow"), Some("POST"));
}

#[test]
fn whatever_is_posted_to_availability_is_taken_and_recorded() {
    let mock = server("documented");
    for (body, expected) in [
        (&b""[..], json!({})),
        (
            b"price=499&billing_information[province]=QC&price=500&x",
            json!({"price": "500", "billing_information[province]": "QC", "x": ""}),
        ),
        (
            br#"{"price": 499.5, "items": [{"sku": "a"}], "none": null}"#,
            json!({"price": 499.5, "items": [{"sku": "a"}], "none": null}),
        ),
        // What is no JSON object is read as a form.
        (b"[1,2]", json!({"[1,2]": ""})),
        (br#"{"price": "#, json!({"{\"price\": ": ""})),
        (b"a=100%+\xff", json!({"a": "100% \u{fffd}"})),
    ] {
        for media in [
            "application/json",
            "application/x-www-form-urlencoded",
            "text/plain",
        ] {
            let call = signed(&mock, AVAILABILITY).header("content-type", media);
            let answer = call.body(body).send(mock.address());
            let shown = String::from_utf8_lossy(body);
            assert_eq!(answer.status, 200, "{media} {shown}: {}", answer.text());
            assert_eq!(recorded(&mock), expected, "{media} {shown}");
        }
    }
    let deep = format!("{}1{}", "{\"a\":".repeat(10_000), "}".repeat(10_000));
    assert_eq!(post(&mock, deep).status, 200);
    let large = post(&mock, vec![b'a'; 64 * 1024 + 1]);
    assert_eq!(large.refusal(), (413, "payload_too_large".into()));
    assert_well(&mock);
}

#[test]
fn no_secret_that_is_posted_to_availability_is_in_the_journal() {
    let mock = server("documented");
    let token = token(&mock);
    let nested = json!({
        "client_secret": "unknown-secret",
        "deep": [{"password": "another", "note": format!("x {SECRET} y")}, [SECRET]],
        SECRET: 1,
    });
    for body in [
        nested.to_string(),
        format!("client_secret={SECRET}&note={PASSWORD}&token={token}"),
        format!("{SECRET}=1"),
        SECRET.to_owned(),
    ] {
        assert_eq!(post(&mock, body).status, 200);
    }
    let journal = shop::admin(&mock, "GET", "/requests", &Value::Null).text();
    for secret in [SECRET, PASSWORD, "unknown-secret", "another", &*token] {
        assert!(!journal.contains(secret), "{secret} in {journal}");
    }
    assert!(journal.contains("availability"), "{journal}");
}

#[test]
fn learn_more_is_withdrawn() {
    for dialect in ["documented", "strict", "hyperswitch"] {
        let mock = server(dialect);
        for call in [
            Call::post(LEARN_MORE),
            signed(&mock, LEARN_MORE),
            Call::get(LEARN_MORE),
        ] {
            let answer = call.form(&shop::APPLY).send(mock.address());
            assert_eq!(answer.status, 404, "{dialect}: {}", answer.text());
        }
    }
}

#[test]
fn a_lenient_server_serves_learn_more_as_it_serves_init() {
    let mock = server("lenient");
    let asks = [
        ("merchant_orderid", "CART-1"),
        ("lang", "fr"),
        ("fname", "Marie"),
        // The withdrawn page lists the names only: what they may hold is open.
        ("amount_requested", "beaucoup"),
    ];
    for pairs in [&asks[..], &[]] {
        let answer = signed(&mock, LEARN_MORE).form(pairs).send(mock.address());
        assert_eq!(answer.status, 200, "{}", answer.text());
        let body = answer.json();
        assert!(body["online_order_id"].is_u64(), "{body}");
        let url = text(&body, "redirection_url");
        let page = Call::get(&shop::path_of(&url)).send(mock.address());
        assert_eq!(page.status, 200);
        let order = format!("/orders/{}", body["online_order_id"]);
        let order = shop::admin(&mock, "GET", &order, &Value::Null).json();
        assert_eq!(
            (&order["flow"], &order["amount"]),
            (&json!("apply"), &json!("0"))
        );
        assert_eq!(order["client_id"], CLIENT);
    }
    let unsigned = Call::post(LEARN_MORE).form(&asks).send(mock.address());
    assert_eq!(unsigned.refusal(), (401, "invalid_token".into()));
}
