//! `POST requests/verify`: whether a shop sent what its test expects, and what it sent instead.

use crate::shop::{
    self, APPLY, BASE, CLIENT, INIT, INIT_V2, PASSWORD, REFERENCE, SECRET, TOKEN, demo_token_call,
    init_call, text, token, token_call, two_merchants,
};
use crate::wire::{Answer, Call};
use flexiti_mock::Mock;
use serde_json::{Value, json};

fn verify(mock: &Mock, body: &Value) -> Answer {
    shop::admin(mock, "POST", "/requests/verify", body)
}

/// A token (1), a refused init in English (2), an init (3), another merchant's token (4).
fn exchanges() -> (Mock, String) {
    let mock = two_merchants();
    let token = token(&mock);
    let call = init_call(INIT, &token).form(&APPLY[..2]);
    assert_eq!(call.send(mock.address()).status, 409);
    let call = init_call(INIT_V2, &token)
        .header("X-Shop", "one")
        .form(&APPLY);
    assert_eq!(call.send(mock.address()).status, 200);
    token_call("other", "other-secret", &[]).send(mock.address());
    (mock, token)
}

fn init_call_get(path: &str, token: &str) -> Call {
    Call::get(path).header("authorization", &format!("Bearer {token}"))
}

#[test]
fn what_came_is_counted() {
    let (mock, token) = exchanges();
    let bearer = format!("Bearer {token}");
    for (body, matched) in [
        (json!({}), 4),
        (json!({"client_id": CLIENT}), 3),
        (json!({"client_id": "other", "times": 1}), 1),
        (
            json!({"match": {"endpoint": "init"}, "times": {"min": 2, "max": 2}}),
            2,
        ),
        (json!({"match": {"endpoint": "init_v2", "status": 200}}), 1),
        (
            json!({"match": {"params": {"lang": "en", "flow": "apply"}}}),
            2,
        ),
        (
            json!({"match": {"params": {"amount_requested": 499.99}}}),
            1,
        ),
        (
            json!({"match": {"params": {"lang": "en", "amount_requested": null}}}),
            1,
        ),
        (json!({"match": {"headers": {"x-sHOP": "one"}}}), 1),
        (
            json!({"match": {"headers": {"authorization": bearer}}, "times": 2}),
            2,
        ),
        (
            json!({"match": {"params": {"client_secret": SECRET}}, "times": 1}),
            1,
        ),
        (
            json!({"match": {"method": "post", "path": TOKEN}, "times": 2}),
            2,
        ),
        (
            json!({"match": {"endpoint": "notification"}, "times": 0}),
            0,
        ),
        (json!({"match": {"status": 404}, "times": {"max": 2}}), 0),
        (
            json!({"in_order": [{"endpoint": "token"}, {"status": 200, "endpoint": "init"}]}),
            2,
        ),
    ] {
        let answer = verify(&mock, &body);
        assert_eq!(answer.status, 200, "{body}: {}", answer.text());
        assert_eq!(answer.json(), json!({"matched": matched}), "{body}");
    }
}

#[test]
fn what_did_not_come_is_told_with_what_is_nearest() {
    let (mock, _) = exchanges();
    let answer = verify(
        &mock,
        &json!({
            "client_id": CLIENT,
            "match": {
                "endpoint": "init",
                "params": {"lang": "fr", "flow": "apply", "amount_requested": "499.99"},
                "headers": {"X-Shop": "one"},
                "status": 200,
            },
        }),
    );
    assert_eq!(answer.status, 422);
    let body = answer.json();
    assert_eq!(body["matched"], 0);
    assert_eq!(
        body["near_misses"],
        json!([
            {"id": 3, "reasons": ["params.lang: expected `fr`, was `en`"]},
            {"id": 2, "reasons": [
                "status: expected `200`, was `409`",
                "params.lang: expected `fr`, was `en`",
                "params.amount_requested: expected `499.99`, was absent",
                "headers.x-shop: expected `one`, was absent",
            ]},
            {"id": 1, "reasons": [
                "endpoint: expected `init`, was `token`",
                "params.lang: expected `fr`, was absent",
                "params.flow: expected `apply`, was absent",
                "params.amount_requested: expected `499.99`, was absent",
                "headers.x-shop: expected `one`, was absent",
            ]},
        ])
    );
    let message = text(&body, "message");
    let start = format!(
        "expected at least 1 request with client_id `flexitidemo`, endpoint `init`, \
         status `200`, params.lang `fr`, params.flow `apply`, params.amount_requested `499.99`, \
         headers.x-shop `one`\n0 of 3 matched\nnearest:\n  request 3: POST {INIT_V2} → 200\n    \
         params.lang: expected `fr`, was `en`\n  request 2: "
    );
    assert!(message.starts_with(&start), "{message}");
}

#[test]
fn too_many_are_named() {
    let (mock, _) = exchanges();
    let answer = verify(
        &mock,
        &json!({"match": {"endpoint": "init"}, "times": {"max": 1}}),
    );
    assert_eq!(answer.status, 422);
    let body = answer.json();
    assert_eq!(body["matched"], 2);
    assert_eq!(body["expected"], "0 to 1 request with endpoint `init`");
    assert!(text(&body, "message").contains("requests 2, 3"), "{body}");
}

#[test]
fn the_first_that_did_not_come_in_order_is_named() {
    let (mock, _) = exchanges();
    let steps = [
        json!({"endpoint": "token"}),
        json!({"endpoint": "init_v2"}),
        json!({"endpoint": "init_plain"}),
    ];
    let answer = verify(&mock, &json!({"client_id": CLIENT, "in_order": steps}));
    assert_eq!(answer.status, 422);
    let body = answer.json();
    assert_eq!(body["matched"], 2);
    let expected = text(&body, "expected");
    assert!(expected.starts_with("in_order[2]: "), "{expected}");
    assert!(
        expected.ends_with("endpoint `init_plain` after request 3"),
        "{expected}"
    );
    // Both must hold, the count and the order.
    let answer = verify(
        &mock,
        &json!({"times": 9, "in_order": [{"endpoint": "token"}]}),
    );
    assert_eq!(answer.status, 422, "{}", answer.text());
}

#[test]
fn a_failure_tells_no_secret() {
    let (mock, token) = exchanges();
    demo_token_call(&[("grant_type", "password"), ("password", PASSWORD)]).send(mock.address());
    for expected in [
        json!({"params": {"client_secret": "wrong-guess", "password": "x", "scope": SECRET}}),
        json!({"headers": {"authorization": "Bearer wrong-guess", "x": SECRET}, "path": SECRET}),
        json!({"method": SECRET, "params": {"refresh_token": token}}),
    ] {
        let answer = verify(&mock, &json!({"match": expected}));
        assert_eq!(answer.status, 422);
        let shown = answer.text();
        assert!(shown.contains("***"), "{shown}");
        for secret in [SECRET, PASSWORD, &token, "wrong-guess"] {
            assert!(!shown.contains(secret), "{secret}: {shown}");
        }
    }
}

#[test]
fn a_request_is_matched_by_what_the_client_sent_whoever_answered() {
    let mock = shop::server("documented");
    let plan = json!({"faults": [
        {"match": {"endpoint": "init"}, "action": {"type": "status", "status": 503}},
        {"match": {"endpoint": "notification"}, "action": {"type": "status", "status": 503}},
    ]});
    shop::admin(&mock, "PUT", "/merchants/flexitidemo/faults", &plan);
    let token = token(&mock);
    let city = ("billing_information[city]", "Laval");
    let form = [APPLY[0], APPLY[1], APPLY[2], city];
    let nested = json!({"lang": "en", "flow": "apply", "amount_requested": 499.99, "billing_information": {"city": "Laval"}});
    let call = init_call(INIT, &token);
    // Answered by a fault, by the endpoint, and by a refusal of the token.
    assert_eq!(call.clone().form(&form).send(mock.address()).status, 503);
    assert_eq!(call.json(&nested).send(mock.address()).status, 200);
    let stranger = init_call(INIT, "unknown").form(&form);
    assert_eq!(stranger.send(mock.address()).status, 401);
    let asked = format!("{BASE}/online/client-id/{CLIENT}/notifications/order-id/7");
    assert_eq!(
        init_call_get(&asked, &token).send(mock.address()).status,
        503
    );
    for (matching, count) in [
        (
            json!({"endpoint": "init", "params": {"amount_requested": "499.99"}}),
            3,
        ),
        (json!({"params": {"billing_information.city": "Laval"}}), 3),
        (json!({"params": {"billing_information[city]": "Laval"}}), 3),
        (
            json!({"endpoint": "init", "params": {"billing_information[city]": null}}),
            0,
        ),
        (json!({"status": 503, "params": {"lang": "en"}}), 1),
        (
            json!({"endpoint": "notification", "params": {"orderId": "7"}}),
            1,
        ),
        (
            json!({"endpoint": "init", "params": {"x-reference-id": REFERENCE}, "status": 503}),
            1,
        ),
    ] {
        let body = json!({"match": matching, "times": count});
        let answer = verify(&mock, &body);
        assert_eq!(answer.status, 200, "{body}: {}", answer.text());
    }
}

#[test]
fn an_expectation_asks_for_parameters_that_exist_and_for_so_many() {
    let (mock, _) = exchanges();
    let many: serde_json::Map<String, Value> = (0..2_000)
        .map(|number| (format!("p{number}"), json!("x")))
        .collect();
    let steps = vec![json!({}); 101];
    for (body, names) in [
        (
            json!({"match": {"params": {"langg": "en"}}}),
            vec!["match.params.langg", "no such"],
        ),
        (
            json!({"in_order": [{}, {"endpoint": "token", "params": {"lang": "en"}}]}),
            vec!["in_order[1].params.lang", "client_id"],
        ),
        (
            json!({"match": {"params": {"billing_information": "x"}}}),
            vec!["billing_information.", "name one"],
        ),
        (
            json!({"match": {"params": many}}),
            vec!["match.params", "2000", "100"],
        ),
        (json!({"in_order": steps}), vec!["in_order", "101", "100"]),
    ] {
        let answer = verify(&mock, &body);
        assert_eq!(answer.status, 400, "{}", answer.text());
        let error = text(&answer.json(), "error");
        for name in names {
            assert!(error.contains(name), "{error}");
        }
    }
    let answer = verify(&mock, &json!({"match": {"params": {(PASSWORD): "x"}}}));
    assert_eq!(answer.status, 400);
    assert!(!answer.text().contains(PASSWORD), "{}", answer.text());
}

#[test]
fn expectations_that_cannot_be_read_are_refused_by_place() {
    let (mock, _) = exchanges();
    for (body, names) in [
        (
            json!({"colour": 1}),
            vec!["colour", "client_id", "in_order"],
        ),
        (json!({"client_id": "nobody"}), vec!["client_id", "nobody"]),
        (
            json!({"match": {"lang": "en"}}),
            vec!["match", "lang", "params"],
        ),
        (
            json!({"match": {"endpoint": "checkout"}}),
            vec!["match.endpoint", "checkout", "init_v2", "notification"],
        ),
        (
            json!({"in_order": [{}, {"status": "ok"}]}),
            vec!["in_order[1].status", "ok"],
        ),
        (json!({"times": "once"}), vec!["times", "once", "min"]),
        (json!({"times": -1}), vec!["times", "-1"]),
        (
            json!({"times": {"least": 1}}),
            vec!["times", "least", "max"],
        ),
        (json!({"times": {"min": 2, "max": 1}}), vec!["times", "max"]),
        (json!([1]), vec!["object"]),
    ] {
        let answer = verify(&mock, &body);
        assert_eq!(answer.status, 400, "{body}: {}", answer.text());
        let error = text(&answer.json(), "error");
        for name in names {
            assert!(error.contains(name), "{body}: {error}");
        }
    }
    let answer = Call::post("/__admin/requests/verify")
        .body("{")
        .send(mock.address());
    assert_eq!(answer.status, 400);
    let answer = Call::get("/__admin/requests/verify").send(mock.address());
    assert_eq!((answer.status, answer.header("allow")), (405, Some("POST")));
}
