//! The admin API's orders: seen, and moved in a customer's place.

use crate::orders_desk::{FLOWS, complete, freeze, open, open_with, shown, told, try_complete};
use crate::shop::{
    self, CLIENT, advance, merchant, order, server, start, text, token_call, tokens_of,
    two_merchants,
};
use crate::wire::{Answer, Call};
use flexiti_mock::{MerchantConfig, Mock, Settings};
use serde_json::{Value, json};

fn get(mock: &Mock, path: &str) -> Answer {
    shop::admin(mock, "GET", path, &Value::Null)
}

/// The ids that a list shows.
fn ids(mock: &Mock, query: &str) -> Vec<String> {
    let answer = get(mock, &format!("/orders{query}"));
    assert_eq!(answer.status, 200, "{query}: {}", answer.text());
    let orders = answer.json()["orders"].as_array().unwrap().clone();
    orders.iter().map(|order| order["id"].to_string()).collect()
}

fn problem(answer: &Answer) -> String {
    text(&answer.json(), "error")
}

#[test]
fn a_list_has_the_newest_first_and_one_merchants_alone_if_asked() {
    let mock = two_merchants();
    assert_eq!(ids(&mock, ""), Vec::<String>::new());
    let first = open(&mock, "apply");
    let keys = token_call("other", "other-secret", &[]);
    let bearer = text(&tokens_of(&mock, &keys), "access_token");
    let path = shop::INIT.replace(CLIENT, "other");
    let others = shop::init_call(&path, &bearer)
        .form(&shop::APPLY)
        .send(mock.address());
    let others = others.json()["online_order_id"].to_string();
    let last = open(&mock, "buy");
    assert_eq!(ids(&mock, ""), [&*last, &*others, &*first]);
    assert_eq!(ids(&mock, "?client_id=flexitidemo"), [&*last, &*first]);
    assert_eq!(ids(&mock, "?client_id=other"), [&*others]);
    assert_eq!(ids(&mock, "?client_id=nobody"), Vec::<String>::new());
    let answer = get(&mock, "/orders?colour=blue");
    assert_eq!(answer.status, 422);
    let problem = problem(&answer);
    assert!(
        problem.contains("colour") && problem.contains("client_id"),
        "{problem}"
    );
}

#[test]
fn an_order_is_shown_with_all_that_became_of_it() {
    let mock = server("documented");
    freeze(&mock, "2026-03-01T12:00:00Z");
    let made = order(
        &mock,
        &[
            ("lang", "fr"),
            ("flow", "apply"),
            ("amount_requested", "1250.5"),
            ("merchant_orderid", "CART-1"),
        ],
    );
    let id = made["online_order_id"].to_string();
    let url = text(&made, "redirection_url");
    let mut expected = json!({
        "id": made["online_order_id"],
        "client_id": CLIENT,
        "merchant_order_id": "CART-1",
        "flow": "apply",
        "lang": "fr",
        "amount": "1250.50",
        "stage": "created",
        "decision": null,
        "outcome": null,
        "refused": null,
        "next": ["approved", "pending", "declined", "retry", "cancelled", "abandoned", "expired", "as_applied"],
        "settled": true,
        "customer_id": null,
        "pin": null,
        "opened": "2026-03-01T12:00:00Z",
        "ended": null,
        "redirection_url": url,
        "callback_url": null,
    });
    assert_eq!(shown(&mock, &id), expected);
    advance(&mock, CLIENT, 1_000);
    let answer = complete(&mock, &id, "approved");
    for (key, value) in [
        ("stage", json!("returned")),
        ("decision", json!("approved")),
        ("outcome", json!("approved")),
        ("next", json!([])),
        ("customer_id", json!("1293837")),
        ("ended", json!("2026-03-01T12:00:01Z")),
        (
            "callback_url",
            json!("http://127.0.0.1:9000/flexiti/return"),
        ),
    ] {
        expected[key] = value;
    }
    assert_eq!(shown(&mock, &id), expected);
    assert_eq!(answer["order"], expected);
    assert_eq!(answer["callback_url"], expected["callback_url"]);
    assert_eq!(answer["followed"], Value::Null);
}

#[test]
fn an_order_whose_time_is_over_is_shown_so_though_nobody_asked_before() {
    let mock = server("documented");
    freeze(&mock, "2026-03-01T12:00:00Z");
    let id = open(&mock, "buy");
    advance(&mock, CLIENT, 2_000_000);
    let order = shown(&mock, &id);
    assert_eq!(
        (&order["stage"], &order["outcome"]),
        (&json!("expired"), &json!("expired"))
    );
    assert_eq!(order["ended"], "2026-03-01T12:30:00Z");
    let listed = get(&mock, "/orders").json()["orders"][0].clone();
    assert_eq!(listed, order);
    let late = try_complete(&mock, &id, &json!({"outcome": "purchased"}));
    assert_eq!(late.status, 409);
    assert!(problem(&late).contains("`expired`"), "{}", problem(&late));
}

#[test]
fn what_is_not_there_is_not_found_and_wrong_methods_are_told_the_right_ones() {
    let mock = server("documented");
    open(&mock, "apply");
    for id in [
        "1",
        "abc",
        "-131210",
        "131210.0",
        "99999999999999999999999",
        "%00",
    ] {
        let answer = get(&mock, &format!("/orders/{id}"));
        assert_eq!(answer.status, 404, "{id}");
        let answer = try_complete(&mock, id, &json!({"outcome": "approved"}));
        assert_eq!(answer.status, 404, "{id}");
        if id != "%00" {
            assert!(problem(&answer).contains(id), "{id}: {}", problem(&answer));
        }
    }
    for path in [
        "/orders/131210/complete/now",
        "/orders/131210/cancel",
        "/orders/",
    ] {
        assert_eq!(get(&mock, path).status, 404, "{path}");
    }
    for (method, path, allow) in [
        ("POST", "/orders", "GET"),
        ("DELETE", "/orders/131210", "GET"),
        ("GET", "/orders/131210/complete", "POST"),
    ] {
        let answer = shop::admin(&mock, method, path, &Value::Null);
        assert_eq!(answer.status, 405, "{method} {path}");
        assert_eq!(answer.header("allow"), Some(allow), "{method} {path}");
    }
}

#[test]
fn a_wish_that_cannot_be_read_is_refused_with_what_there_is() {
    let mock = server("documented");
    let id = open(&mock, "apply");
    let before = shown(&mock, &id);
    for (body, names) in [
        (json!({}), vec!["outcome"]),
        (
            json!({"outcome": "won"}),
            vec!["won", "approved", "abandoned", "as_applied"],
        ),
        (json!({"outcome": "Approved"}), vec!["Approved"]),
        (json!({"outcome": 1}), vec!["1"]),
        (
            json!({"outcome": "approved", "colour": "blue"}),
            vec!["colour", "follow", "settle_after"],
        ),
        (
            json!({"outcome": "approved", "follow": "yes"}),
            vec!["yes", "true or false"],
        ),
        (
            json!({"outcome": "approved", "settle_after": {"seconds": 1}}),
            vec!["seconds", "ms", "polls"],
        ),
        (
            json!({"outcome": "approved", "settle_after": {"ms": -1}}),
            vec!["-1"],
        ),
        (
            json!({"outcome": "approved", "settle_after": {"polls": 1.5}}),
            vec!["1.5"],
        ),
        (
            json!({"outcome": "approved", "settle_after": {"ms": 1, "polls": 1}}),
            vec![],
        ),
    ] {
        let answer = try_complete(&mock, &id, &body);
        assert_eq!(answer.status, 400, "{body}: {}", answer.text());
        let problem = problem(&answer);
        for name in names {
            assert!(
                problem.contains(name),
                "{body}: {name} is not in: {problem}"
            );
        }
        assert_eq!(shown(&mock, &id), before, "{body}");
    }
}

#[test]
fn an_outcome_that_cannot_be_is_a_conflict_that_names_those_that_can_and_changes_nothing() {
    for (flow, first, wanted) in [
        ("apply", None, "purchased"),
        ("apply", None, "refused"),
        ("buy", None, "approved"),
        ("buy", None, "declined"),
        ("buy", None, "retry"),
        ("apply", Some("approved"), "approved"),
        ("apply", Some("pending"), "retry"),
        ("apply", Some("cancelled"), "approved"),
        ("apply", Some("abandoned"), "cancelled"),
        ("buy", Some("purchased"), "refused"),
        ("apply/buy", Some("approved"), "declined"),
        ("apply/buy", Some("declined"), "purchased"),
        ("apply/buy", Some("purchased"), "abandoned"),
    ] {
        let case = format!("{flow} {first:?} {wanted}");
        let mock = server("documented");
        let id = open(&mock, flow);
        if let Some(first) = first {
            complete(&mock, &id, first);
        }
        let before = (shown(&mock, &id), told(&mock, &id));
        let body = json!({"outcome": wanted, "settle_after": {"ms": 60_000}, "follow": true});
        let answer = try_complete(&mock, &id, &body);
        assert_eq!(answer.status, 409, "{case}: {}", answer.text());
        let next: Vec<String> = before.0["next"]
            .as_array()
            .unwrap()
            .iter()
            .map(|next| format!("`{}`", next.as_str().unwrap()))
            .collect();
        let said = problem(&answer);
        let expected = if next.is_empty() {
            let outcome = text(&before.0, "outcome");
            format!("order {id} has ended as `{outcome}`, and no other outcome can follow")
        } else {
            let next = next.join(", ");
            format!("order {id} cannot come to `{wanted}` now; it can come to {next}")
        };
        assert_eq!(said, expected, "{case}");
        assert_eq!((shown(&mock, &id), told(&mock, &id)), before, "{case}");
    }
}

#[test]
fn an_approved_application_can_go_on_to_its_purchase() {
    let mock = server("documented");
    for (wanted, status) in [
        ("purchased", "Success"),
        ("refused", "Failed"),
        ("as_applied", "Success"),
    ] {
        let id = open(&mock, "apply/buy");
        let between = complete(&mock, &id, "approved");
        assert_eq!(between["order"]["stage"], "approved");
        assert_eq!(between["callback_url"], Value::Null);
        complete(&mock, &id, wanted);
        let body = told(&mock, &id);
        assert_eq!(body["apply"]["apply_status"], "SUCCESS", "{wanted}");
        assert_eq!(body["purchase"]["status"], status, "{wanted}");
    }
}

#[test]
fn a_purchase_uses_up_the_credit_of_whoever_was_named() {
    let left = |mock: &Mock, id: &str| -> String {
        let customers = mock.admin().customers(CLIENT).unwrap();
        let found = customers.iter().find(|c| c.customer_id == id).unwrap();
        found.available_credit.to_string()
    };
    for (name, value, whose) in [
        ("customer_id", "20009100", "20009100"),
        ("vcc", "1070 0152 1036 7982", "20009100"),
        ("customer_id", "1293836", "1293836"),
    ] {
        let mock = server("documented");
        let none = ("customer_id", "");
        let id = open_with(&mock, "buy", &[none, (name, value)]);
        complete(&mock, &id, "purchased");
        for customer in Settings::default().customers {
            let spent = if customer.customer_id == whose {
                "499.99"
            } else {
                "0.00"
            };
            let expected = (customer.available_credit
                - spent.parse::<rust_decimal::Decimal>().unwrap())
            .max(rust_decimal::Decimal::ZERO);
            let id = &customer.customer_id;
            assert_eq!(
                left(&mock, id),
                expected.to_string(),
                "{name} {value}: {id}"
            );
        }
    }
    // An approved application has a customer of its own.
    let mock = server("documented");
    let id = open(&mock, "apply/buy");
    complete(&mock, &id, "purchased");
    assert_eq!(left(&mock, "1293837"), "13500.01");
    assert_eq!(left(&mock, "1293836"), "14000.00");
}

#[test]
fn orders_go_with_a_reset() {
    let mock = start(&Settings {
        merchants: vec![MerchantConfig::demo(), merchant("other")],
        ..Settings::default()
    });
    for flow in FLOWS {
        open(&mock, flow);
    }
    assert_eq!(ids(&mock, "").len(), 3);
    let path = format!("/merchants/{CLIENT}/reset");
    assert_eq!(shop::admin(&mock, "POST", &path, &Value::Null).status, 204);
    assert_eq!(ids(&mock, "").len(), 0);
    // The pages are gone with them.
    let id = open(&mock, "apply");
    let url = text(&shown(&mock, &id), "redirection_url");
    assert_eq!(
        Call::get(&shop::path_of(&url)).send(mock.address()).status,
        200
    );
    assert_eq!(
        shop::admin(&mock, "POST", "/reset", &Value::Null).status,
        204
    );
    assert_eq!(
        Call::get(&shop::path_of(&url)).send(mock.address()).status,
        404
    );
}
