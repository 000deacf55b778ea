//! What a test does in the place of a customer and of a shop's server: it opens orders, moves
//! them through the admin API, and asks what became of them.

use crate::shop::{self, CLIENT, INIT_V2, REFERENCE, init_call, text, token};
use crate::wire::{Answer, Call};
use flexiti_mock::Mock;
use serde_json::{Value, json};

const NOTIFICATIONS: &str = "/flexiti/online-api/online/client-id/flexitidemo/notifications";
pub const FLOWS: [&str; 3] = ["apply", "buy", "apply/buy"];

/// What every flow needs, and these.
pub fn asks(flow: &str, extra: &[(&str, &str)]) -> Vec<(String, String)> {
    let mut pairs: Vec<(String, String)> = [
        ("lang", "en"),
        ("flow", flow),
        ("amount_requested", "499.99"),
        ("customer_id", "1293836"),
    ]
    .into_iter()
    .filter(|(name, _)| extra.iter().all(|(n, _)| n != name))
    .chain(extra.iter().copied())
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .collect();
    for block in ["billing_information", "shipping_information"] {
        for (field, value) in [
            ("first_name", "Marie"),
            ("last_name", "Tremblay"),
            ("address_1", "1 rue Principale"),
            ("address_2", "Suite 100"),
            ("city", "Montreal"),
            ("province", "QC"),
            ("postal_code", "H2Y1C6"),
        ] {
            pairs.push((format!("{block}[{field}]"), value.to_owned()));
        }
    }
    pairs
}

/// Opens an order; its id as digits, whatever the dialect has it as.
pub fn open_with(mock: &Mock, flow: &str, extra: &[(&str, &str)]) -> String {
    let answer = init_call(INIT_V2, &token(mock))
        .form(&asks(flow, extra))
        .send(mock.address());
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()["online_order_id"]
        .to_string()
        .replace('"', "")
}

pub fn open(mock: &Mock, flow: &str) -> String {
    open_with(mock, flow, &[])
}

/// `POST orders/{id}/complete`.
pub fn try_complete(mock: &Mock, id: &str, body: &Value) -> Answer {
    shop::admin(mock, "POST", &format!("/orders/{id}/complete"), body)
}

/// Completes an order, which must work; the whole answer.
pub fn complete_with(mock: &Mock, id: &str, body: &Value) -> Value {
    let answer = try_complete(mock, id, body);
    assert_eq!(answer.status, 200, "{body}: {}", answer.text());
    answer.json()
}

pub fn complete(mock: &Mock, id: &str, outcome: &str) -> Value {
    complete_with(mock, id, &json!({"outcome": outcome}))
}

/// An order as the admin API shows it.
pub fn shown(mock: &Mock, id: &str) -> Value {
    let answer = shop::admin(mock, "GET", &format!("/orders/{id}"), &Value::Null);
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

/// Asks for a notification on a path below `notifications/`, with a token of `scope`.
pub fn ask_as(mock: &Mock, scope: &str, path: &str) -> Answer {
    let tokens = shop::tokens_of(
        mock,
        &shop::demo_token_call(&[shop::GRANT, ("scope", scope)]),
    );
    let bearer = format!("Bearer {}", text(&tokens, "access_token"));
    Call::get(&format!("{NOTIFICATIONS}/{path}"))
        .header("authorization", &bearer)
        .header("x-reference-id", REFERENCE)
        .send(mock.address())
}

pub fn ask(mock: &Mock, path: &str) -> Answer {
    ask_as(mock, "merchant", path)
}

/// The notification of an order by its id, which must be answered 200.
pub fn told(mock: &Mock, id: &str) -> Value {
    let answer = ask(mock, &format!("order-id/{id}"));
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

/// Stops the demo merchant's clock at a moment.
pub fn freeze(mock: &Mock, at: &str) {
    let path = format!("/merchants/{CLIENT}/clock");
    let answer = shop::admin(mock, "PUT", &path, &json!({"frozen": true, "set": at}));
    assert_eq!(answer.status, 200, "{}", answer.text());
}

#[test]
fn an_application_that_waited_is_decided_after_its_customer_has_left() {
    let mock = shop::server("documented");
    for (later, status) in [("approved", "SUCCESS"), ("declined", "DECLINED")] {
        let id = open(&mock, "apply");
        let outcome = |outcome: &str| try_complete(&mock, &id, &json!({"outcome": outcome}));
        assert_eq!(outcome("pending").status, 200);
        let shows = |word: &str| {
            assert_eq!(told(&mock, &id)["apply"]["apply_status"], word);
        };
        shows("PENDING");
        let answer = outcome(later);
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(answer.json()["order"]["stage"], "returned");
        shows(status);
        // That is the end of it.
        assert_eq!(outcome("approved").status, 409);
        assert_eq!(outcome("pending").status, 409);
    }
}
