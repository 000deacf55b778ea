//! Notifications and the calculator.

use crate::knobs;
use crate::orders_desk::ask;
use crate::shop::{APPLY, BASE, CLIENT, order, token};
use crate::wire::{Answer, Call};
use flexiti_mock::Mock;
use serde_json::json;

fn price(mock: &Mock, query: &str) -> Answer {
    let path = format!("{BASE}/online/v2/client-id/{CLIENT}/systems/payment-calculator?{query}");
    let bearer = format!("Bearer {}", token(mock));
    Call::get(&path)
        .header("authorization", &bearer)
        .send(mock.address())
}

#[test]
fn the_transaction_id_is_the_orders_id_or_a_number_of_its_own() {
    for answer in ["order_id", "own_number"] {
        let mock = knobs::documented(&[("transaction_id_is", json!(answer))]);
        let ids = [order(&mock, &APPLY), order(&mock, &APPLY)];
        let ids = ids.map(|order| order["online_order_id"].as_u64().unwrap());
        let numbers = ids.map(|id| {
            let told = || ask(&mock, &format!("order-id/{id}")).json()["transaction_id"].clone();
            assert_eq!(told(), told(), "stable");
            told().as_u64().unwrap()
        });
        assert_eq!(numbers == ids, answer == "order_id");
        assert_ne!(numbers[0], numbers[1]);
        if answer == "own_number" {
            assert!(numbers.iter().all(|number| !ids.contains(number)));
        }
    }
}

#[test]
fn another_client_id_in_the_query_is_accepted_or_refused() {
    for (answer, status) in [("accept", 200), ("refuse", 409)] {
        let mock = knobs::documented(&[("calculator_client_id_other", json!(answer))]);
        let other = price(&mock, "clientId=other&price=499");
        assert_eq!(other.status, status);
        if status == 409 {
            assert_eq!(other.fields(), ["clientId invalid"]);
        }
        let own = price(&mock, &format!("clientId={CLIENT}&price=499"));
        assert_eq!(own.status, 200);
        assert_eq!(price(&mock, "price=499").status, 200);
    }
}

#[test]
fn a_bad_price_is_refused_or_has_no_plan() {
    let mock = knobs::documented(&[("calculator_bad_price", json!("empty"))]);
    for bad in ["abc", "0", "-1", "1e3", "499.999", "12345678901234567890"] {
        let answer = price(&mock, &format!("price={bad}"));
        assert_eq!(answer.status, 200, "{bad}");
        let none = json!({"htmlRender": "", "paymentPlan": null});
        assert_eq!(answer.json(), none, "{bad}");
    }
    assert_eq!(
        price(&mock, "price=499").json()["paymentPlan"]["months"],
        "3"
    );
    assert_eq!(price(&mock, "lang=fr").fields(), ["price required"]);
    let mock = knobs::documented(&[]);
    assert_eq!(price(&mock, "price=abc").fields(), ["price type"]);
}

#[test]
fn a_language_that_there_is_not_is_refused_or_taken_for_english() {
    let mock = knobs::documented(&[("calculator_bad_lang", json!("english"))]);
    for (lang, shown) in [("klingon", "en"), ("french", "en"), ("fr-CA", "fr")] {
        let answer = price(&mock, &format!("price=499&lang={lang}"));
        let html = answer.json()["htmlRender"].as_str().unwrap().to_owned();
        assert!(
            html.contains(&format!("lang=\"{shown}\"")),
            "{lang}: {html}"
        );
    }
    let mock = knobs::documented(&[]);
    let refused = price(&mock, "price=499&lang=french");
    assert_eq!(refused.fields(), ["lang invalid"]);
}
