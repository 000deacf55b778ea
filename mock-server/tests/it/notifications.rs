//! `GET …/notifications/…`: what became of an order, in the words of each dialect.

use crate::knobs;
use crate::orders_desk::{
    FLOWS, ask, ask_as, complete, complete_with, freeze, open, open_with, told,
};
use crate::shop::{self, CLIENT, INIT, advance, init_call, server, text, two_merchants};
use crate::wire::Call;
use flexiti_mock::Mock;
use serde_json::{Value, json};

/// Half an hour: how long the pages stay open.
const PAGES: u64 = 1_800_000;
const NOON: &str = "2026-03-01T12:00:00Z";

/// What an order that was made to end so tells, beside its id, flow, callback and date, by
/// dialect: the block `apply`, and the block `purchase`.
type Told = [Value; 2];

/// The customer id that the first approval gives: one more than the reference's example (R-ex).
fn approved(dialect: &str) -> Value {
    let id = if dialect == "hyperswitch" {
        json!("1293837")
    } else {
        json!(1_293_837)
    };
    json!({"apply_status": "SUCCESS", "customer_id": id})
}

/// Every flow and outcome that an order can come to, with what it tells.
fn expectations(dialect: &str) -> Vec<(&'static str, &'static str, Told)> {
    let none = Value::Null;
    let applied = |word: &str| json!({"apply_status": word});
    let bought = |word: &str| json!({"status": word});
    let hyperswitch = dialect == "hyperswitch";
    // The connector wants a purchase block whatever became of the application (HS-tr).
    let unbought = if hyperswitch {
        bought("Failed")
    } else {
        none.clone()
    };
    let gave_up = bought(if hyperswitch { "Failed" } else { "Cancelled" });
    vec![
        ("apply", "approved", [approved(dialect), none.clone()]),
        ("apply", "pending", [applied("PENDING"), none.clone()]),
        ("apply", "declined", [applied("DECLINED"), none.clone()]),
        ("apply", "retry", [applied("RETRY"), none.clone()]),
        ("apply", "cancelled", [applied("CANCELLED"), none.clone()]),
        ("apply", "abandoned", [none.clone(), none.clone()]),
        ("apply", "as_applied", [approved(dialect), none.clone()]),
        ("buy", "purchased", [none.clone(), bought("Success")]),
        ("buy", "refused", [none.clone(), bought("Failed")]),
        ("buy", "cancelled", [none.clone(), gave_up]),
        ("buy", "abandoned", [none.clone(), none.clone()]),
        ("buy", "as_applied", [none.clone(), bought("Success")]),
        ("apply/buy", "approved", [approved(dialect), none.clone()]),
        (
            "apply/buy",
            "pending",
            [applied("PENDING"), unbought.clone()],
        ),
        (
            "apply/buy",
            "declined",
            [applied("DECLINED"), unbought.clone()],
        ),
        ("apply/buy", "retry", [applied("RETRY"), unbought.clone()]),
        ("apply/buy", "cancelled", [applied("CANCELLED"), unbought]),
        ("apply/buy", "abandoned", [none.clone(), none.clone()]),
        (
            "apply/buy",
            "purchased",
            [approved(dialect), bought("Success")],
        ),
        (
            "apply/buy",
            "refused",
            [approved(dialect), bought("Failed")],
        ),
        (
            "apply/buy",
            "as_applied",
            [approved(dialect), bought("Success")],
        ),
    ]
}

/// A whole notification.
fn body(dialect: &str, id: &str, flow: &str, told: &Told, date: &str) -> Value {
    let id = if dialect == "hyperswitch" {
        json!(id)
    } else {
        json!(id.parse::<u64>().unwrap())
    };
    let mut body = json!({"transaction_id": id, "flow": flow, "callback_url": ""});
    for (name, block) in ["apply", "purchase"].into_iter().zip(told) {
        if !block.is_null() {
            body[name] = block.clone();
        }
    }
    body["date"] = json!(date);
    body
}

#[test]
fn every_flow_and_outcome_is_told_in_each_dialects_words() {
    for dialect in ["documented", "lenient", "strict", "hyperswitch"] {
        for (flow, outcome, expected) in expectations(dialect) {
            let case = format!("{dialect} {flow} {outcome}");
            let mock = server(dialect);
            freeze(&mock, NOON);
            let flow_word = if flow == "apply" { INIT } else { shop::INIT_V2 };
            let id = open_on(&mock, flow_word, flow);
            advance(&mock, CLIENT, 61_001);
            complete(&mock, &id, outcome);
            advance(&mock, CLIENT, 5_000);
            // What nobody told Flexiti, or has no outcome yet, is dated by its beginning.
            let open_still = outcome == "abandoned" || (flow, outcome) == ("apply/buy", "approved");
            let date = if open_still {
                "2026-03-01T12:00:00.000Z"
            } else {
                "2026-03-01T12:01:01.001Z"
            };
            let expected = body(dialect, &id, flow, &expected, date);
            let found = told(&mock, &id);
            assert_eq!(found, expected, "{case}");
            let order = |value: &Value| -> Vec<String> {
                value.as_object().unwrap().keys().cloned().collect()
            };
            assert_eq!(order(&found), order(&expected), "{case}");
        }
    }
}

/// Opens an order on a path; its id as digits.
fn open_on(mock: &Mock, path: &str, flow: &str) -> String {
    let answer = init_call(path, &shop::token(mock))
        .form(&crate::orders_desk::asks(flow, &[]))
        .send(mock.address());
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()["online_order_id"]
        .to_string()
        .replace('"', "")
}

#[test]
fn the_middle_name_decides_what_is_told() {
    for (name, word) in [
        ("A-RR_L", "SUCCESS"),
        ("p-credit", "PENDING"),
        ("D-FRAUD", "DECLINED"),
        ("D-EMAIL_DBL_TIMEOUT", "RETRY"),
        ("A-RR_XX", "DECLINED"),
        ("Agnès", "SUCCESS"),
    ] {
        let mock = server("documented");
        let id = open_with(&mock, "apply", &[("mname", name)]);
        complete(&mock, &id, "as_applied");
        assert_eq!(told(&mock, &id)["apply"]["apply_status"], word, "{name}");
    }
    // What was not approved is not bought.
    let mock = server("documented");
    let id = open_with(&mock, "apply/buy", &[("mname", "P-CREDIT")]);
    complete(&mock, &id, "as_applied");
    assert_eq!(told(&mock, &id)["purchase"], Value::Null);
}

#[test]
fn an_id_that_no_order_has_is_answered_as_the_dialect_says() {
    let refuses = server("documented");
    let empty = knobs::documented(&[("notification_unknown", json!("empty"))]);
    for mock in [&refuses, &empty] {
        open_with(mock, "apply", &[("merchant_orderid", "CART-1")]);
    }
    for path in [
        "order-id/1",
        "order-id/999999999999",
        "order-id/99999999999999999999999",
        "order-id/-131210",
        "order-id/+131210",
        "order-id/0131210",
        "order-id/131210%20",
        "order-id/CART-1",
        "order-id/%00",
        "order-id/%FF",
        "merchant-order-id/131210",
        "merchant-order-id/cart-1",
        "merchant-order-id/CART",
        "merchant-order-id/CART-1%20",
    ] {
        let answer = ask(&refuses, path);
        assert_eq!(answer.refusal(), (404, "not_found".into()), "{path}");
        let answer = ask(&empty, path);
        assert_eq!((answer.status, answer.json()), (200, json!({})), "{path}");
    }
    assert_eq!(ask(&refuses, "order-id/131210").status, 200);
    assert_eq!(ask(&refuses, "merchant-order-id/CART-1").status, 200);
}

#[test]
fn another_clients_order_is_like_one_that_does_not_exist() {
    let mock = two_merchants();
    let id = open_with(&mock, "apply", &[("merchant_orderid", "CART-1")]);
    complete(&mock, &id, "approved");
    let keys = shop::token_call("other", "other-secret", &[]);
    let bearer = text(&shop::tokens_of(&mock, &keys), "access_token");
    for path in [format!("order-id/{id}"), "merchant-order-id/CART-1".into()] {
        let get = |client: &str| {
            let base = "/flexiti/online-api/online/client-id";
            Call::get(&format!("{base}/{client}/notifications/{path}"))
                .header("authorization", &format!("Bearer {bearer}"))
                .send(mock.address())
        };
        let answer = get("other");
        assert_eq!(answer.refusal(), (404, "not_found".into()), "{path}");
        assert!(!answer.text().contains("SUCCESS"), "{path}");
        // Its own token does not open another client's path either.
        assert_eq!(get(CLIENT).status, 401, "{path}");
        assert_eq!(ask(&mock, &path).status, 200, "{path}");
    }
}

#[test]
fn of_several_orders_under_one_merchant_id_the_dialect_says_which_is_told_of() {
    for (answer, which) in [("newest", 2), ("oldest", 0)] {
        let mock = knobs::documented(&[("merchant_order_id_shared", json!(answer))]);
        let ids: Vec<String> = (0..3)
            .map(|_| open_with(&mock, "apply", &[("merchant_orderid", "CART-1")]))
            .collect();
        open_with(&mock, "apply", &[("merchant_orderid", "CART-2")]);
        let body = ask(&mock, "merchant-order-id/CART-1").json();
        assert_eq!(body["transaction_id"].to_string(), ids[which], "{answer}");
    }
    let mock = knobs::documented(&[("merchant_order_id_shared", json!("refuse"))]);
    let id = open_with(&mock, "apply", &[("merchant_orderid", "CART-1")]);
    for name in ["merchant_orderid", "merchant_order_id"] {
        let again = init_call(INIT, &shop::token(&mock))
            .form(&crate::orders_desk::asks("apply", &[(name, "CART-1")]))
            .send(mock.address());
        assert_eq!(again.refusal(), (409, "wrong_inputs".into()));
        assert_eq!(again.fields(), [format!("{name} invalid")]);
    }
    let body = ask(&mock, "merchant-order-id/CART-1").json();
    assert_eq!(body["transaction_id"].to_string(), id);
}

#[test]
fn merchant_order_ids_are_found_whatever_is_in_them() {
    let mock = server("documented");
    for (id, in_path) in [
        ("2022/06/13 #7", "2022%2F06%2F13%20%237"),
        ("commande-été", "commande-%C3%A9t%C3%A9"),
        ("a+b", "a+b"),
        ("100%", "100%25"),
        ("..", "%2E%2E"),
        ("order-id", "order-id"),
    ] {
        let order = open_with(&mock, "apply", &[("merchant_orderid", id)]);
        let answer = ask(&mock, &format!("merchant-order-id/{in_path}"));
        assert_eq!(answer.status, 200, "{id}: {}", answer.text());
        assert_eq!(answer.json()["transaction_id"].to_string(), order, "{id}");
    }
}

#[test]
fn the_old_path_is_gone_or_served() {
    for (dialect, status) in [("documented", 404), ("lenient", 200)] {
        let mock = server(dialect);
        let id = open(&mock, "apply");
        complete(&mock, &id, "approved");
        let answer = ask(&mock, &id);
        assert_eq!(answer.status, status, "{dialect}: {}", answer.text());
        if status == 200 {
            assert_eq!(answer.json(), told(&mock, &id));
        }
    }
    let lenient = server("lenient");
    assert_eq!(ask(&lenient, "order-id").status, 404);
}

#[test]
fn a_customers_token_opens_it_only_where_the_dialect_says() {
    for (dialect, status) in [("documented", 403), ("lenient", 200)] {
        let mock = server(dialect);
        let id = open_with(&mock, "apply", &[("merchant_orderid", "CART-1")]);
        for path in [format!("order-id/{id}"), "merchant-order-id/CART-1".into()] {
            let answer = ask_as(&mock, "customer", &path);
            assert_eq!(answer.status, status, "{dialect} {path}");
        }
        assert_eq!(ask(&mock, &format!("order-id/{id}")).status, 200);
    }
}

#[test]
fn before_the_outcome_the_dialect_says_what_is_told() {
    for flow in FLOWS {
        let mock = server("documented");
        let id = open(&mock, flow);
        let keys = ["transaction_id", "flow", "callback_url", "date"];
        let body = told(&mock, &id);
        let found: Vec<&String> = body.as_object().unwrap().keys().collect();
        assert_eq!(found, keys, "{flow}");

        let words = knobs::documented(&[("notification_unfinished", json!("status_word"))]);
        let body = told(&words, &open(&words, flow));
        let expected = match flow {
            "buy" => ("purchase", json!({"status": "InProgress"})),
            _ => ("apply", json!({"apply_status": "IN_PROGRESS"})),
        };
        assert_eq!(body[expected.0], expected.1, "{flow}");
        assert_eq!(body.as_object().unwrap().len(), 5, "{flow}");

        let refuses = knobs::documented(&[("notification_unfinished", json!("not_found"))]);
        let id = open(&refuses, flow);
        let answer = ask(&refuses, &format!("order-id/{id}"));
        assert_eq!(answer.refusal(), (404, "not_found".into()), "{flow}");
        complete(&refuses, &id, "cancelled");
        assert_eq!(
            ask(&refuses, &format!("order-id/{id}")).status,
            200,
            "{flow}"
        );
    }
}

#[test]
fn an_outcome_settles_after_the_merchants_time() {
    let mock = server("documented");
    freeze(&mock, NOON);
    let id = open(&mock, "apply");
    let settle = json!({"outcome": "approved", "settle_after": {"ms": 60_000}});
    let answer = complete_with(&mock, &id, &settle);
    assert_eq!(answer["order"]["settled"], false);
    for _ in 0..3 {
        assert_eq!(told(&mock, &id)["apply"], Value::Null);
    }
    advance(&mock, CLIENT, 59_999);
    let before = told(&mock, &id);
    assert_eq!(before["apply"], Value::Null);
    advance(&mock, CLIENT, 1);
    let after = told(&mock, &id);
    assert_eq!(after["apply"]["apply_status"], "SUCCESS");
    assert_eq!(after["date"], "2026-03-01T12:00:00.000Z");
}

#[test]
fn an_outcome_settles_after_so_many_polls_on_any_path() {
    let mock = server("documented");
    let id = open_with(&mock, "buy", &[("merchant_orderid", "CART-1")]);
    let settle = json!({"outcome": "purchased", "settle_after": {"polls": 3}});
    complete_with(&mock, &id, &settle);
    let paths = [format!("order-id/{id}"), "merchant-order-id/CART-1".into()];
    let seen: Vec<bool> = (0..5)
        .map(|at| ask(&mock, &paths[at % 2]).json()["purchase"].is_object())
        .collect();
    assert_eq!(seen, [false, false, false, true, true]);
    assert_eq!(crate::orders_desk::shown(&mock, &id)["settled"], true);
    // None left to wait for is none.
    let id = open(&mock, "buy");
    let settle = json!({"outcome": "purchased", "settle_after": {"polls": 0}});
    complete_with(&mock, &id, &settle);
    assert_eq!(told(&mock, &id)["purchase"]["status"], "Success");
}

#[test]
fn an_order_whose_pages_were_open_too_long_has_expired_at_that_moment() {
    let hyperswitch = server("hyperswitch");
    let documented = server("documented");
    for (mock, flow, apply, purchase) in [
        (&documented, "apply", json!("EXPIRED"), Value::Null),
        (&documented, "buy", Value::Null, json!("Expired")),
        (&documented, "apply/buy", json!("EXPIRED"), Value::Null),
        (&hyperswitch, "apply/buy", json!("EXPIRED"), json!("Failed")),
    ] {
        freeze(mock, NOON);
        let id = open(mock, flow);
        advance(mock, CLIENT, PAGES - 1);
        let before = told(mock, &id);
        assert_eq!(before["date"], "2026-03-01T12:00:00.000Z", "{flow}");
        assert_eq!(
            (&before["apply"], &before["purchase"]),
            (&Value::Null, &Value::Null)
        );
        advance(mock, CLIENT, 1_000_000);
        let after = told(mock, &id);
        assert_eq!(after["apply"]["apply_status"], apply, "{flow}");
        assert_eq!(after["purchase"]["status"], purchase, "{flow}");
        assert_eq!(after["date"], "2026-03-01T12:30:00.000Z", "{flow}");
    }
    // What has its outcome keeps it.
    freeze(&documented, NOON);
    let id = open(&documented, "apply");
    complete(&documented, &id, "pending");
    advance(&documented, CLIENT, PAGES);
    assert_eq!(told(&documented, &id)["apply"]["apply_status"], "PENDING");
}

#[test]
fn the_block_of_a_purchase_has_the_dialects_name() {
    let mock = knobs::documented(&[("purchase_block_name", json!("buy"))]);
    let id = open(&mock, "buy");
    complete(&mock, &id, "purchased");
    let body = told(&mock, &id);
    assert_eq!(body["buy"], json!({"status": "Success"}));
    assert_eq!(body["purchase"], Value::Null);
}

#[test]
fn the_callback_url_is_told_once_it_was_visited_where_the_dialect_says() {
    let mock = knobs::documented(&[
        ("notification_callback_url", json!("visited")),
        ("callback_params", json!("order_id")),
    ]);
    let id = open(&mock, "apply");
    assert_eq!(told(&mock, &id)["callback_url"], "");
    complete(&mock, &id, "approved");
    let expected = format!("http://127.0.0.1:9000/flexiti/return?orderId={id}");
    assert_eq!(told(&mock, &id)["callback_url"], expected);
    let id = open(&mock, "apply");
    complete(&mock, &id, "abandoned");
    assert_eq!(told(&mock, &id)["callback_url"], "");
}
