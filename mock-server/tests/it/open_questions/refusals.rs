//! Refusals: their status, their words, and the shape of their body.

use crate::knobs;
use crate::shop::{APPLY, INIT, TOKEN, admin, demo_token_call, init_call, opens, token};
use crate::wire::{Answer, Call};
use flexiti_mock::Mock;
use serde_json::json;

/// An init request that is refused for two parameters.
fn two_wrong(mock: &Mock) -> Answer {
    let form = [("lang", "klingon"), APPLY[1], ("amount_requested", "-1")];
    init_call(INIT, &token(mock))
        .form(&form)
        .send(mock.address())
}

fn names(answer: &Answer) -> Vec<String> {
    let body = answer.json();
    body.as_object().unwrap().keys().cloned().collect()
}

#[test]
fn a_refusal_has_the_status_and_the_word_that_the_dialect_gives_it() {
    let mock = knobs::documented(&[
        (
            "error_statuses",
            json!({"wrong_inputs": 422, "not_found": 400, "insufficient_scope": 401}),
        ),
        ("error_words", json!({"wrong_inputs": "wrong_input"})),
    ]);
    let refused = two_wrong(&mock);
    assert_eq!(refused.refusal(), (422, "wrong_input".into()));
    assert_eq!(refused.json()["code"], 422);
    let nowhere = Call::get("/nowhere").send(mock.address());
    assert_eq!(nowhere.refusal(), (400, "not_found".into()));
    // Each 401 is challenged, also where the row has no challenge.
    let customer = demo_token_call(&[("scope", "customer")]).send(mock.address());
    let customer = customer.json()["access_token"].as_str().unwrap().to_owned();
    let forbidden = opens(&mock, &customer);
    assert_eq!(forbidden.refusal(), (401, "insufficient_scope".into()));
    let challenge = forbidden.header("www-authenticate").unwrap();
    assert!(challenge.starts_with("Bearer"), "{challenge}");
}

#[test]
fn a_clause_has_the_msg_that_the_dialect_gives_it() {
    let mock = knobs::documented(&[(
        "msg_words",
        json!({"init.lang.values": "type", "init.parameters.repeated": "length"}),
    )]);
    let fields = ["lang type", "amount_requested invalid"];
    assert_eq!(two_wrong(&mock).fields(), fields);
    let twice = [APPLY[0], APPLY[0], APPLY[1], APPLY[2]];
    let answer = init_call(INIT, &token(&mock)).form(&twice);
    assert_eq!(answer.send(mock.address()).fields(), ["lang length"]);
}

#[test]
fn the_list_of_parameters_has_the_dialects_name_and_length() {
    let mock = knobs::documented(&[
        ("field_errors_name", json!("error_fields")),
        ("field_errors_listed", json!("first")),
    ]);
    let body = two_wrong(&mock).json();
    assert!(body.get("field_errors").is_none(), "{body}");
    let row = json!([{"param": "lang", "msg": "invalid", "value": "klingon"}]);
    assert_eq!(body["error_fields"], row);
}

#[test]
fn a_refusal_of_the_shape_oauth2_has_two_members_and_names_the_parameters() {
    let mock = knobs::documented(&[("error_shape", json!("oauth2"))]);
    let refused = two_wrong(&mock);
    assert_eq!(names(&refused), ["error", "error_description"]);
    let sentence = "Some inputs are wrong! lang: invalid, amount_requested: invalid";
    assert_eq!(refused.json()["error_description"], sentence);
}

#[test]
fn the_page_of_an_unknown_path_is_the_dialects() {
    let mock = knobs::documented(&[("unknown_path_body", json!("html"))]);
    for (method, path) in [("GET", "/flexiti/a&b"), ("POST", "/oauth/token")] {
        let answer = Call::new(method, path).send(mock.address());
        assert_eq!(answer.status, 404);
        let media = answer.header("content-type").unwrap();
        assert!(media.starts_with("text/html"), "{media}");
        let page = answer.text();
        assert!(page.contains(&format!("<pre>Cannot {method} /")), "{page}");
        assert!(!page.contains("a&b"), "{page}");
    }
    // What the API refuses itself is JSON.
    assert_eq!(Call::get(TOKEN).send(mock.address()).refusal().0, 405);
}

#[test]
fn a_401_is_challenged_or_not() {
    for (answer, header) in [
        (
            true,
            Some("Bearer realm=\"Service\", error=\"invalid_token\""),
        ),
        (false, None),
    ] {
        let mock = knobs::documented(&[("challenge", json!(answer))]);
        let refused = opens(&mock, "unknown");
        assert_eq!(refused.status, 401);
        assert_eq!(refused.header("www-authenticate"), header);
    }
}

#[test]
fn a_repeated_parameter_of_init_is_refused_or_read_as_the_dialect_says() {
    let twice = [APPLY[0], ("lang", "klingon"), APPLY[1], APPLY[2]];
    let sent = |answer: &str| {
        let mock = knobs::documented(&[("repeated_parameters", json!(answer))]);
        let call = init_call(INIT, &token(&mock)).form(&twice);
        call.send(mock.address())
    };
    assert_eq!(sent("first").status, 200);
    let last = sent("last");
    assert_eq!(last.fields(), ["lang invalid"]);
    assert_eq!(last.json()["field_errors"][0]["value"], "klingon");
    let refused = sent("invalid_request");
    assert_eq!(refused.refusal(), (400, "invalid_request".into()));
    assert_eq!(refused.fields(), ["lang invalid"]);
    assert_eq!(sent("refuse").refusal(), (409, "wrong_inputs".into()));
}

#[test]
fn the_spelling_of_the_order_id_that_a_refusal_names_is_the_dialects() {
    let body =
        json!({"lang": "en", "flow": "apply", "amount_requested": 1, "merchant_order_id": ["a"]});
    for (answer, named) in [
        ("sent", "merchant_order_id type"),
        ("documented", "merchant_orderid type"),
    ] {
        let mock = knobs::documented(&[("merchant_order_id_named", json!(answer))]);
        let refused = init_call(INIT, &token(&mock)).json(&body);
        assert_eq!(refused.send(mock.address()).fields(), [named]);
    }
}

#[test]
fn a_buyer_without_identity_is_told_the_parameters_that_the_dialect_names() {
    for (answer, named) in [
        ("customer_id", vec!["customer_id required"]),
        ("vcc", vec!["vcc required"]),
        ("both", vec!["customer_id required", "vcc required"]),
    ] {
        let mock = knobs::documented(&[("buy_identity_named", json!(answer))]);
        let form = [APPLY[0], ("flow", "buy"), APPLY[2]];
        let refused = init_call(INIT, &token(&mock)).form(&form);
        let fields = refused.send(mock.address()).fields();
        let identity = fields.iter().filter(|row| !row.contains('.'));
        assert_eq!(identity.collect::<Vec<_>>(), named);
    }
}

#[test]
fn head_is_answered_wherever_get_is() {
    let mock = knobs::documented(&[]);
    let token = token(&mock);
    let order = init_call(INIT, &token).form(&APPLY).send(mock.address());
    let id = order.json()["online_order_id"].clone();
    let path = INIT.replace("systems/init", &format!("notifications/order-id/{id}"));
    let ask = |method: &str| {
        let call = Call::new(method, &path).header("authorization", &format!("Bearer {token}"));
        call.send(mock.address())
    };
    let (get, head) = (ask("GET"), ask("HEAD"));
    assert_eq!((get.status, head.status), (200, 200));
    assert_eq!(head.body, b"");
    for name in ["content-type", "content-length"] {
        assert_eq!(head.header(name), get.header(name), "{name}");
    }
    let post = ask("POST");
    assert_eq!(post.status, 405);
    assert_eq!(post.header("allow"), Some("GET, HEAD"));
    // A fault that takes the answer apart has no body to send either.
    let faults = json!([{"action": {"type": "dribble", "bytes": 7, "every_ms": 1}}]);
    let faults = json!({ "faults": faults });
    let planned = admin(&mock, "PUT", "/merchants/flexitidemo/faults", &faults);
    assert_eq!(planned.status, 200, "{}", planned.text());
    let dribbled = ask("HEAD");
    assert_eq!(dribbled.status, 200);
    assert_eq!(
        dribbled.header("content-length"),
        get.header("content-length")
    );
}
