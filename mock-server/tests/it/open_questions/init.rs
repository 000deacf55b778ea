//! Init: which bodies are read, what their values stand for, and the answer.

use crate::knobs;
use crate::orders_desk::ask;
use crate::shop::{APPLY, INIT, admin, init_call, order, token};
use crate::wire::{Answer, Call};
use flexiti_mock::Mock;
use serde_json::{Value, json};

const FORM: &str = "application/x-www-form-urlencoded";

fn with(knob: &str, answer: &str) -> Mock {
    knobs::documented(&[(knob, json!(answer))])
}

/// Init with this body, declared as `media_type`.
fn sent(mock: &Mock, media_type: Option<&str>, body: impl Into<Vec<u8>>) -> Answer {
    let call = init_call(INIT, &token(mock)).body(body);
    let call = media_type.iter().fold(call, |call, media_type| {
        call.header("content-type", media_type)
    });
    call.send(mock.address())
}

fn json_sent(mock: &Mock, body: &Value) -> Answer {
    sent(mock, Some("application/json"), body.to_string())
}

#[test]
fn json_numbers_and_booleans_stand_for_text_as_the_dialect_says() {
    let base = json!({"lang": "en", "flow": "apply", "amount_requested": "10"});
    let with_member = |name: &str, value: Value| {
        let mut body = base.clone();
        body[name] = value;
        body
    };
    let samples = [
        with_member("amount_requested", json!(10.5)),
        with_member("is_guest", json!(true)),
        with_member("phone_number", json!(5_145_550_142_u64)),
        with_member("fname", json!(7)),
    ];
    for (answer, read) in [
        ("ids_too", [200, 200, 200, 409]),
        ("own_type", [200, 200, 409, 409]),
        ("any", [200, 200, 200, 200]),
        ("text_only", [409, 409, 409, 409]),
    ] {
        let mock = with("json_scalars", answer);
        let statuses = samples.clone().map(|body| {
            let answered = json_sent(&mock, &body);
            if answered.status == 409 {
                assert!(answered.fields()[0].ends_with(" type"), "{answer}");
            }
            answered.status
        });
        assert_eq!(statuses, read, "{answer}");
    }
}

#[test]
fn a_json_body_declared_as_a_form_may_be_read_as_one() {
    let body = json!({"lang": "en", "flow": "apply", "amount_requested": "10"}).to_string();
    let mock = with("json_under_form_type", "form");
    let refused = sent(&mock, Some(FORM), body.clone());
    let missing = [
        "lang required",
        "flow required",
        "amount_requested required",
    ];
    assert_eq!(refused.fields(), missing);
    let mock = with("json_under_form_type", "accept");
    assert_eq!(sent(&mock, Some(FORM), body).status, 200);
}

#[test]
fn a_body_of_another_media_type_is_refused_or_read_as_a_form() {
    for (answer, status) in [("refuse", 400), ("form", 200)] {
        let mock = with("other_media_types", answer);
        for media_type in [None, Some("text/plain"), Some("application/xml")] {
            let body = crate::wire::form(&APPLY);
            assert_eq!(sent(&mock, media_type, body).status, status, "{answer}");
        }
    }
}

#[test]
fn text_that_is_not_utf8_is_refused_or_repaired() {
    let json = b"{\"lang\":\"en\",\"flow\":\"apply\",\"amount_requested\":1,\"merchant_orderid\":\"\xff\"}";
    for (answer, status) in [("refuse", 400), ("replace", 200)] {
        let mock = with("bad_utf8", answer);
        let form = format!("{}&merchant_orderid=%FF", crate::wire::form(&APPLY));
        let bodies = [
            (FORM, form.into_bytes()),
            ("application/json", json.to_vec()),
        ];
        for (media_type, body) in bodies {
            let answered = sent(&mock, Some(media_type), body);
            assert_eq!(answered.status, status, "{answer} {media_type}");
            if status == 200 {
                let id = answered.json()["online_order_id"].clone();
                let shown = admin(&mock, "GET", &format!("/orders/{id}"), &Value::Null);
                assert_eq!(shown.json()["merchant_order_id"], "\u{fffd}");
            }
        }
    }
}

#[test]
fn the_status_of_a_success_is_the_dialects() {
    let mock = knobs::documented(&[("init_success_status", json!(201))]);
    let form = crate::wire::form(&APPLY);
    assert_eq!(sent(&mock, Some(FORM), form).status, 201);
}

#[test]
fn an_amount_with_many_decimals_is_refused_or_accepted() {
    for (answer, status) in [("refuse", 409), ("accept", 200)] {
        let mock = with("amount_precision", answer);
        for amount in ["499.999", "10000000000000000.5"] {
            let form = [APPLY[0], APPLY[1], ("amount_requested", amount)];
            let answered = init_call(INIT, &token(&mock)).form(&form);
            assert_eq!(answered.send(mock.address()).status, status, "{amount}");
        }
    }
    // Its pages are shown like those of any other.
    let mock = with("amount_precision", "accept");
    let opened = order(
        &mock,
        &[APPLY[0], APPLY[1], ("amount_requested", "499.999")],
    );
    let url = opened["redirection_url"].as_str().unwrap();
    let page = Call::get(&crate::shop::path_of(url)).send(mock.address());
    assert_eq!(page.status, 200, "{}", page.text());
}

#[test]
fn ids_hold_what_the_dialect_says() {
    let id = |mock: &Mock, name: &str, value: &str| {
        let form = [APPLY[0], APPLY[1], APPLY[2], (name, value)];
        let call = init_call(INIT, &token(mock)).form(&form);
        call.send(mock.address()).status
    };
    let mock = with("id_pattern", "^[\\x20-\\x7e]*$");
    assert_eq!(id(&mock, "merchant_order_id", "commande-août"), 409);
    assert_eq!(id(&mock, "merchant_order_id", "commande"), 200);
    let mock = knobs::documented(&[("customer_id_pattern", Value::Null)]);
    assert_eq!(id(&mock, "customer_id", "-5"), 200);
    let mock = with("customer_id_pattern", "^[1-9][0-9]*$");
    assert_eq!(id(&mock, "customer_id", "c-7"), 409);
}

#[test]
fn composed_and_decomposed_accents_are_one_id_where_the_dialect_says() {
    let (composed, decomposed) = ("commande-\u{e9}t\u{e9}", "commande-e\u{301}te\u{301}");
    for (answer, status) in [("exact", 404), ("nfc", 200)] {
        let mock = with("merchant_order_id_normalization", answer);
        for (one, other) in [(composed, decomposed), (decomposed, composed)] {
            order(
                &mock,
                &[APPLY[0], APPLY[1], APPLY[2], ("merchant_orderid", one)],
            );
            let path = |id: &str| {
                let id =
                    percent_encoding::utf8_percent_encode(id, percent_encoding::NON_ALPHANUMERIC);
                format!("merchant-order-id/{id}")
            };
            assert_eq!(ask(&mock, &path(one)).status, 200, "{answer}");
            if one == composed {
                assert_eq!(ask(&mock, &path(other)).status, status, "{answer}");
            }
        }
    }
    // Nor may both be used where an id may be used once.
    let mock = knobs::documented(&[
        ("merchant_order_id_normalization", json!("nfc")),
        ("merchant_order_id_shared", json!("refuse")),
    ]);
    let form = |id| [APPLY[0], APPLY[1], APPLY[2], ("merchant_orderid", id)];
    order(&mock, &form(composed));
    let again = init_call(INIT, &token(&mock)).form(&form(decomposed));
    assert_eq!(again.send(mock.address()).status, 409);
}
