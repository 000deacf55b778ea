//! The mock is asked, too: what it answers otherwise is put down to a clause or a knob, and nothing
//! of it is ever seen.

use super::{in_front_of, init, init_answer, latest, notification, token};
use crate::shop::{self, APPLY, admin};
use flexiti_mock::{MerchantConfig, Mock, UpstreamMode};
use serde_json::{Value, json};

fn front(real: &Mock, dialect: &str) -> Mock {
    let mut settings = in_front_of(&real.base_url(), UpstreamMode::Compare, None);
    settings.merchants = vec![MerchantConfig {
        dialect: Some(dialect.to_owned()),
        ..super::passed()
    }];
    shop::start(&settings)
}

fn differs(front: &Mock) -> Vec<Value> {
    let row = latest(front, "flexitidemo");
    row["upstream"]["differs"]
        .as_array()
        .expect("it was asked")
        .clone()
}

/// Brings an order of the upstream to an outcome.
fn complete(real: &Mock, id: &Value, outcome: &str) {
    let path = format!("/orders/{id}/complete");
    let done = admin(real, "POST", &path, &json!({"outcome": outcome}));
    assert_eq!(done.status, 200, "{}", done.text());
}

#[test]
fn a_mock_of_the_same_dialect_answers_the_same_from_token_to_notification() {
    let real = shop::server("documented");
    let front = front(&real, "documented");
    let token = token(&front);
    assert_eq!(differs(&front), [Value::Null; 0]);
    let order = init(&front, &token);
    assert_eq!(differs(&front), [Value::Null; 0]);
    let id = &order["online_order_id"];
    notification(&front, &token, id);
    assert_eq!(differs(&front), [Value::Null; 0]);
    complete(&real, id, "approved");
    let told = notification(&front, &token, id);
    assert_eq!(told.json()["apply"]["apply_status"], "SUCCESS");
    assert_eq!(differs(&front), [Value::Null; 0]);
    // The customer of that order may buy at either.
    let customer = told.json()["apply"]["customer_id"].clone();
    let buy = [
        ("lang", "en"),
        ("flow", "buy"),
        ("amount_requested", "20.00"),
        ("customer_id", &customer.to_string()),
    ];
    let answer = shop::init_call(shop::INIT_V2, &token)
        .form(&buy)
        .send(front.address());
    let same = differs(&front);
    assert_eq!(same, [Value::Null; 0], "{}", answer.text());
    // A refusal is one at either.
    assert_eq!(init_answer(&front, &token, &APPLY[1..]).status, 409);
    assert_eq!(differs(&front), [Value::Null; 0]);
    assert_eq!(notification(&front, "wrong", id).status, 401);
    assert_eq!(differs(&front), [Value::Null; 0]);
    // The mock that is asked opens nothing here.
    let orders = admin(&front, "GET", "/orders", &Value::Null).json();
    assert_eq!(orders["orders"].as_array().unwrap().len(), 0);
}

#[test]
fn what_differs_is_put_down_to_a_knob_or_a_clause() {
    let real = shop::server("hyperswitch");
    let front = front(&real, "documented");
    let token = token(&front);
    init(&front, &token);
    let found = differs(&front);
    let ids = found
        .iter()
        .find(|it| it["knob"] == "ids_as")
        .expect("ids_as");
    assert_eq!(ids["what"], "type of /online_order_id");
    assert_eq!(
        (&ids["upstream"], &ids["mock"]),
        (&json!("string"), &json!("number"))
    );

    let real = shop::server("lenient");
    let front = self::front(&real, "documented");
    let token = super::token(&front);
    // Without a language the one takes it, and the other does not.
    let answer = init_answer(&front, &token, &APPLY[1..]);
    let found = differs(&front);
    let row = found
        .iter()
        .find(|it| it["what"] == "outcome")
        .unwrap_or_else(|| panic!("{found:?}: {}", answer.text()));
    assert_eq!(
        (&row["upstream"], &row["mock"]),
        (&json!("granted"), &json!("refused"))
    );
    let about = row["knob"]
        .as_str()
        .or(row["clause"].as_str())
        .expect("what it is about");
    assert_eq!(about, "plain_path_defaults");

    // And the other way round: the upstream refuses what the mock grants.
    let real = shop::server("documented");
    let front = self::front(&real, "lenient");
    let token = super::token(&front);
    assert_eq!(init_answer(&front, &token, &APPLY[1..]).status, 409);
    let found = differs(&front);
    let row = &found[0];
    assert_eq!(
        (&row["upstream"], &row["mock"]),
        (&json!("refused"), &json!("granted"))
    );
    let about = row["knob"]
        .as_str()
        .or(row["clause"].as_str())
        .expect("what it is about");
    assert_eq!(about, "plain_path_defaults");
}
