//! A merchant's dialect at run time.

use crate::shop::{
    APPLY, CLIENT, INIT, admin, init_call, order, server, text, token, token_call, tokens_of,
    two_merchants,
};
use crate::wire::Call;
use flexiti_mock::Mock;
use serde_json::{Value, json};

const DIALECT: &str = "/merchants/flexitidemo/dialect";

fn put(mock: &Mock, body: &Value) -> (u16, Value) {
    let answer = admin(mock, "PUT", DIALECT, body);
    (answer.status, answer.json())
}

fn show(mock: &Mock) -> Value {
    admin(mock, "GET", DIALECT, &Value::Null).json()
}

/// The status of an init in a language that only some dialects know.
fn init_in(mock: &Mock, token: &str, lang: &str) -> u16 {
    let form = [("lang", lang), APPLY[1], APPLY[2]];
    init_call(INIT, token)
        .form(&form)
        .send(mock.address())
        .status
}

#[test]
fn another_dialect_holds_from_the_next_request_on_and_tokens_and_orders_live_on() {
    let mock = two_merchants();
    let token = token(&mock);
    let before = order(&mock, &APPLY)["online_order_id"].clone();
    assert_eq!(init_in(&mock, &token, "de"), 409);
    let (status, shown) = put(&mock, &json!({"name": "lenient"}));
    assert_eq!((status, &shown["name"]), (200, &json!("lenient")));
    assert_eq!(shown, show(&mock));
    assert_eq!(init_in(&mock, &token, "de"), 200);
    let path = format!("/orders/{before}");
    assert_eq!(admin(&mock, "GET", &path, &Value::Null).status, 200);
    // The other merchant is as strict as before.
    let call = token_call("other", "other-secret", &[]);
    let foreign = text(&tokens_of(&mock, &call), "access_token");
    let form = [("lang", "de"), APPLY[1], APPLY[2]];
    let call = init_call(&INIT.replace(CLIENT, "other"), &foreign).form(&form);
    assert_eq!(call.send(mock.address()).status, 409);
    // A reset leads back to the merchant's own.
    admin(&mock, "POST", "/merchants/flexitidemo/reset", &Value::Null);
    assert_eq!(show(&mock)["name"], "documented");
}

#[test]
fn a_whole_dialect_may_change_one_answer() {
    let mock = server("documented");
    let mine = json!({"name": "short", "extends": "strict", "answers": {"token_ttl": 7}});
    let (status, shown) = put(&mock, &mine);
    assert_eq!(status, 200, "{shown}");
    assert_eq!(shown["answers"]["token_ttl"], 7);
    let strict = flexiti_contract::Contract::shipped().dialect("strict");
    let strict = strict.unwrap().answers;
    for (knob, answer) in shown["answers"].as_object().unwrap() {
        let differs = *answer != strict[knob];
        assert_eq!(differs, knob == "token_ttl", "{knob}");
    }
    let keys = [("grant_type", "client_credentials")];
    let pair = tokens_of(&mock, &crate::shop::demo_token_call(&keys));
    assert_eq!(pair["expires_in"], 7);
    // What it shows, it takes.
    let mut again = shown.clone();
    again["name"] = "again".into();
    assert_eq!(put(&mock, &again).0, 200);
    let merchant = admin(&mock, "GET", "/merchants/flexitidemo", &Value::Null);
    assert_eq!(merchant.json()["dialect"], "again");
}

#[test]
fn a_dialect_with_a_mistake_changes_nothing_and_the_mistake_is_named() {
    let mock = server("documented");
    let whole =
        |answers: Value| json!({"name": "mine", "extends": "documented", "answers": answers});
    let before = show(&mock);
    for (body, status, names) in [
        (json!({}), 400, vec!["name"]),
        (json!({"name": 7}), 400, vec!["name", "string"]),
        (
            json!({"name": "english"}),
            422,
            vec!["name", "english", "lenient"],
        ),
        // Files are for the command line.
        (
            json!({"name": "Cargo.toml"}),
            422,
            vec!["name", "Cargo.toml"],
        ),
        (
            json!({"name": "../schemas/dialects/strict.json"}),
            422,
            vec!["name"],
        ),
        (
            json!({"name": "mine", "colour": 1}),
            400,
            vec!["colour", "extends"],
        ),
        (whole(json!({"token_ttl": "long"})), 422, vec!["token_ttl"]),
        (whole(json!({"tokens": 7})), 422, vec!["tokens"]),
        (
            json!({"name": "mine", "answers": {"token_ttl": 7}}),
            422,
            vec!["answers", "token_type", "extends"],
        ),
        (
            json!({"name": "mine", "extends": "english"}),
            422,
            vec!["extends", "english", "strict"],
        ),
        (
            json!({"name": "strict", "extends": "documented"}),
            422,
            vec!["name", "strict", "taken"],
        ),
        (
            whole(json!({"postal_code_pattern": "("})),
            422,
            vec!["postal_code"],
        ),
    ] {
        let (given, answer) = put(&mock, &body);
        assert_eq!(given, status, "{body}: {answer}");
        let error = text(&answer, "error");
        for name in names {
            assert!(error.contains(name), "{body}: {error}");
        }
        assert_eq!(show(&mock), before, "{body}");
    }
    let nobody = admin(
        &mock,
        "PUT",
        "/merchants/nobody/dialect",
        &json!({"name": "strict"}),
    );
    assert_eq!(nobody.status, 404);
    let answer = Call::new("POST", &format!("/__admin{DIALECT}")).send(mock.address());
    assert_eq!(
        (answer.status, answer.header("allow")),
        (405, Some("GET, PUT"))
    );
}
