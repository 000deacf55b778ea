//! The admin API: input that is unusual, and merchants and clocks that come of it.

use crate::shop::{
    self, CLIENT, GRANT, REFERENCE, TOKEN, advance, assert_well, opens, server, text, token,
    token_call, tokens_of,
};
use crate::wire::{Answer, Call};
use flexiti_mock::Mock;
use serde_json::{Value, json};

const CLOCK: &str = "/merchants/flexitidemo/clock";

fn create(mock: &Mock, body: &Value) -> Answer {
    shop::admin(mock, "POST", "/merchants", body)
}

#[test]
fn a_running_clock_cannot_be_moved_out_of_the_calendar() {
    let mock = server("documented");
    let last = "9999-12-30T22:00:00Z";
    for (body, status) in [
        (json!({"advance_ms": i64::MAX}), 422),
        (json!({"advance_ms": u64::MAX}), 422),
        (json!({"set": last, "advance_ms": 86_400_000}), 422),
        (json!({"set": last, "advance_ms": i64::MAX}), 422),
        // What has no name in the calendar is no time at all.
        (json!({"set": "9999-12-31T23:59:59Z"}), 400),
        (json!({"set": "10000-01-01T00:00:00Z"}), 400),
    ] {
        let answer = shop::admin(&mock, "PUT", CLOCK, &body);
        assert_eq!(answer.status, status, "{body}: {}", answer.text());
        assert!(!text(&answer.json(), "error").is_empty(), "{body}");
        assert_well(&mock);
    }
    for set in [json!("yesterday"), json!(7), json!("2026-01-01")] {
        let answer = shop::admin(&mock, "PUT", CLOCK, &json!({"set": set}));
        assert_eq!(
            (answer.status, &*text(&answer.json(), "error")),
            (400, "set: expected a time such as 2026-01-01T00:00:00Z"),
            "{set}"
        );
    }
    // The clock still runs, and where it ran.
    let clock = shop::admin(&mock, "GET", CLOCK, &Value::Null).json();
    assert_eq!(clock["frozen"], false);
    let token = token(&mock);
    advance(&mock, CLIENT, 1_000);
    assert_eq!(opens(&mock, &token).status, 200);
    // The ends of the calendar are times like any other.
    for set in [last, "-009999-01-02T01:59:59Z"] {
        let answer = shop::admin(&mock, "PUT", CLOCK, &json!({"set": set}));
        assert_eq!(answer.status, 200, "{set}: {}", answer.text());
        assert_well(&mock);
    }
}

#[test]
fn a_merchant_that_is_no_object_is_refused() {
    let mock = server("documented");
    for body in [
        json!(["shop", "shop-secret"]),
        // As many members as there are keys, in their order.
        json!([
            "shop",
            "shop-secret",
            null,
            null,
            true,
            null,
            null,
            null,
            null,
            null
        ]),
    ] {
        let answer = create(&mock, &body);
        assert_eq!(answer.status, 400, "{body}: {}", answer.text());
    }
    let answer = shop::admin(&mock, "PUT", CLOCK, &json!([null, 1, null]));
    assert_eq!(answer.status, 400, "{}", answer.text());
    let answer = shop::admin(&mock, "GET", "/merchants/shop", &Value::Null);
    assert_eq!(answer.status, 404);
}

#[test]
fn a_password_alone_belongs_to_the_user_of_the_merchants_name() {
    let mock = server("documented");
    let answer = create(&mock, &json!({"password": "p"}));
    assert_eq!(answer.status, 201, "{}", answer.text());
    let made = answer.json();
    assert_eq!(made["username"], made["client_id"]);
    assert_eq!(made["password"], "p");
    let (id, secret) = (text(&made, "client_id"), text(&made, "client_secret"));
    let user = [
        ("grant_type", "password"),
        ("username", &id),
        ("password", "p"),
    ];
    tokens_of(&mock, &token_call(&id, &secret, &user));
}

#[test]
fn head_is_answered_as_get_without_a_body() {
    let mock = server("documented");
    for path in ["/__admin/health", "/__admin/requests"] {
        let answer = Call::new("HEAD", path).send(mock.address());
        assert_eq!(answer.status, 200, "{path}");
        assert!(answer.body.is_empty(), "{path}");
    }
}

#[test]
fn a_merchant_made_lenient_is_read_leniently_from_its_first_request() {
    let mock = server("documented");
    let made = create(&mock, &json!({"dialect": "lenient"})).json();
    let json_token = |keys: &Value| {
        Call::post(TOKEN)
            .header("x-reference-id", REFERENCE)
            .json(keys)
            .send(mock.address())
    };
    let keys = |id: &str, secret: &str| json!({"client_id": id, "client_secret": secret, GRANT.0: GRANT.1});
    let (id, secret) = (text(&made, "client_id"), text(&made, "client_secret"));
    let answer = json_token(&keys(&id, &secret));
    assert_eq!(answer.status, 200, "{}", answer.text());
    // To the merchant that is not, the server is as strict as before.
    let answer = json_token(&keys(CLIENT, shop::SECRET));
    assert_eq!(answer.refusal(), (400, "invalid_request".into()));
}

#[test]
fn an_empty_list_of_php_counts_as_an_object_where_one_is_expected() {
    let mock = server("documented");
    for (method, path, body, status) in [
        ("POST", "merchants", "[]", 201),
        // As `{}` would be.
        ("PUT", "merchants/flexitidemo/clock", "[]", 422),
        ("POST", "requests/verify", r#"{"match":[],"times":0}"#, 200),
        (
            "POST",
            "requests/verify",
            r#"{"match":{"params":[],"headers":[]},"in_order":[],"times":0}"#,
            200,
        ),
        (
            "PUT",
            "merchants/flexitidemo/faults",
            r#"{"faults":[{"match":[],"action":{"type":"status","status":503,"headers":[]}}]}"#,
            200,
        ),
        (
            "PUT",
            "merchants/flexitidemo/faults",
            r#"{"faults":[]}"#,
            200,
        ),
        // A list that is not empty is none.
        ("POST", "merchants", "[1]", 400),
        ("POST", "merchants", r#"{"client_id":[]}"#, 400),
    ] {
        let answer = Call::new(method, &format!("/__admin/{path}"))
            .header("content-type", "application/json")
            .body(body)
            .send(mock.address());
        assert_eq!(answer.status, status, "{path} {body}: {:?}", answer.json());
    }
}
