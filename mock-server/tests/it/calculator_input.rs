//! What may be asked of payment-calculator, and what is refused.

use crate::calculator::{CALCULATOR, answer, ask, monthly};
use crate::shop::{assert_well, server, text, token};
use crate::wire::{Answer, Call};

#[test]
fn every_spelling_of_a_price_is_the_same_price() {
    let mock = server("documented");
    for price in [
        "499",
        "499.0",
        "499.00",
        "499.",
        "%2B499",
        "000499",
        "%34%39%39",
    ] {
        assert_eq!(
            monthly(&mock, &format!("price={price}")),
            "166.33",
            "{price}"
        );
    }
    assert_eq!(monthly(&mock, "price=.5"), "0.17");
    assert_eq!(
        monthly(&mock, &format!("price={}499", "0".repeat(10_000))),
        "166.33"
    );
    // Names that the reference does not know, and a fragment of no meaning, are passed over.
    assert_eq!(monthly(&mock, "utm=x&price=499&&=&foo[bar]=1"), "166.33");
}

#[test]
fn the_smallest_and_the_largest_price_have_a_plan() {
    let mock = server("documented");
    let smallest = answer(&mock, "price=0.01&lang=en");
    assert_eq!(smallest["paymentPlan"]["monthlyPayment"], "0.00");
    assert!(text(&smallest, "htmlRender").contains("Last payment: $0.01"));
    let largest = answer(&mock, "price=9999999999999999.99&lang=en");
    assert_eq!(
        largest["paymentPlan"]["monthlyPayment"],
        "3333333333333333.33"
    );
    let html = text(&largest, "htmlRender");
    assert!(html.contains("$3,333,333,333,333,333.33"), "{html}");
}

#[test]
fn wrong_parameters_are_named_in_the_contracts_order() {
    let mock = server("documented");
    let long = "x".repeat(101);
    for (query, fields) in [
        ("", vec!["price required"]),
        ("price=", vec!["price required"]),
        ("Price=499", vec!["price required"]),
        ("price=abc", vec!["price type"]),
        ("price=NaN", vec!["price type"]),
        ("price=Infinity", vec!["price type"]),
        ("price=1e3", vec!["price type"]),
        ("price=1_000", vec!["price type"]),
        ("price=0x10", vec!["price type"]),
        ("price=12,50", vec!["price type"]),
        ("price=1.2.3", vec!["price type"]),
        ("price=.", vec!["price type"]),
        ("price=%20499", vec!["price type"]),
        // A plus sign that is not escaped is a space.
        ("price=+499", vec!["price type"]),
        ("price=%EF%BC%91", vec!["price type"]),
        ("price=499%00", vec!["price type"]),
        ("price=499%0A", vec!["price type"]),
        ("price=0", vec!["price invalid"]),
        ("price=0.00", vec!["price invalid"]),
        ("price=-1", vec!["price invalid"]),
        ("price=499.999", vec!["price length"]),
        ("price=10000000000000000", vec!["price length"]),
        ("price=499&lang=english", vec!["lang invalid"]),
        (
            &format!("lang=x&price=-1&clientId={long}"),
            vec!["clientId length", "price invalid", "lang invalid"],
        ),
    ] {
        let answer = ask(&mock, query);
        assert_eq!(answer.refusal(), (409, "wrong_inputs".into()), "{query}");
        assert_eq!(answer.fields(), fields, "{query}");
    }
    for digits in [10_000, 60_000] {
        let answer = ask(&mock, &format!("price={}", "9".repeat(digits)));
        assert_eq!(answer.fields(), ["price length"], "{digits}");
    }
    assert_well(&mock);
}

#[test]
fn a_strict_server_wants_the_client_id_in_the_query_too() {
    let mock = server("strict");
    let answer = ask(&mock, "price=499");
    assert_eq!(answer.status, 409);
    let description = text(&answer.json(), "error_description");
    assert!(description.contains("clientId: required"), "{description}");
    assert_eq!(monthly(&mock, "price=499&clientId=flexitidemo"), "166.33");
}

#[test]
fn a_query_that_cannot_be_read_is_refused() {
    let mock = server("documented");
    for (query, word) in [
        ("price=499%", "percent sign"),
        ("price=499&x=%zz", "percent sign"),
        ("price=%4", "percent sign"),
        ("price=%FF", "UTF-8"),
        ("price=499&%C3%28=1", "UTF-8"),
        ("price=499&price=499", "`price`"),
        ("lang=en&price=499&lang=fr", "`lang`"),
    ] {
        let answer = ask(&mock, query);
        assert_eq!(answer.refusal(), (400, "invalid_request".into()), "{query}");
        let message = text(&answer.json(), "message");
        assert!(message.contains(word), "{query}: {message}");
    }
    assert_well(&mock);
}

#[test]
fn a_lenient_server_takes_percent_signs_and_the_last_of_several() {
    let mock = server("lenient");
    assert_eq!(monthly(&mock, "price=1&x=100%&price=499"), "166.33");
}

#[test]
fn raw_bytes_in_the_query_are_answered() {
    let mock = server("documented");
    let bearer = format!("Bearer {}", token(&mock));
    for raw in [
        &b"\xff"[..],
        b"\xc3\xa9",
        b"\x01",
        b"<script>",
        b"\"",
        b"a b",
    ] {
        let target = [CALCULATOR.as_bytes(), b"?price=", raw].concat();
        let head = Call::get("/").header("authorization", &bearer);
        let bytes = head.bytes(mock.address());
        let bytes = [b"GET ", target.as_slice(), &bytes["GET /".len()..]].concat();
        let raw = crate::wire::exchange(mock.address(), &bytes);
        let (answer, _) = Answer::parse(&raw, false);
        assert!((400..500).contains(&answer.status), "{target:?}");
    }
    assert_well(&mock);
}
