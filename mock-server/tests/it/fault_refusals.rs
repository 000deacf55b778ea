//! Plans that are refused: each mistake by its place, and the plan from before as it was.

use crate::faults::{FAULTS, plan};
use crate::orders_desk::freeze;
use crate::shop::{admin, demo_token_call, server, text};
use flexiti_mock::Mock;
use flexiti_mock::embed::admin::FaultPlan;
use serde_json::{Value, json};

const NOW: &str = "2026-03-01T12:00:00Z";

/// A server whose plan has struck once, and that plan as it is shown.
fn planned(dialect: &str) -> (Mock, Value) {
    let mock = server(dialect);
    freeze(&mock, NOW);
    plan(
        &mock,
        &json!([{"match": {"endpoint": "token"}, "times": 3, "action": oops()}]),
    );
    assert_eq!(demo_token_call(&[]).send(mock.address()).status, 500);
    let shown = admin(&mock, "GET", FAULTS, &Value::Null).json();
    assert_eq!(shown["faults"][0]["consumed_by"], json!([1]));
    (mock, shown)
}

fn oops() -> Value {
    json!({"type": "status", "status": 500})
}

/// Each of these faults is refused, with words of which the first begins the message.
fn refused(dialect: &str, cases: &[(Value, &[&str])]) {
    let (mock, before) = planned(dialect);
    for (faults, words) in cases {
        let answer = admin(&mock, "PUT", FAULTS, &json!({"faults": faults}));
        let short: String = faults.to_string().chars().take(300).collect();
        assert_eq!(answer.status, 422, "{short}");
        let message = text(&answer.json(), "error");
        assert!(message.starts_with(words[0]), "{short}: {message}");
        for word in *words {
            assert!(message.contains(word), "{word}: {message}");
        }
        assert!(message.len() < 2_000, "{message}");
        let after = admin(&mock, "GET", FAULTS, &Value::Null).json();
        assert_eq!(after, before, "{short}");
        // Rust's way is no other.
        let wrong = match serde_json::from_value::<FaultPlan>(json!({"faults": faults})) {
            Ok(plan) => mock.admin().plan_faults("flexitidemo", plan).unwrap_err(),
            Err(_) => continue,
        };
        assert_eq!((wrong.status.as_u16(), wrong.message), (422, message));
    }
    // The plan from before still strikes.
    assert_eq!(demo_token_call(&[]).send(mock.address()).status, 500);
}

/// A fault that is well, before one with this action.
fn second(action: &Value) -> Value {
    json!([{"action": oops()}, {"action": action}])
}

fn matching(matching: &Value) -> Value {
    json!([{"match": matching, "action": {"type": "empty"}}])
}

#[test]
fn a_bad_plan_is_refused_whole_and_says_where() {
    let window = json!({"type": "maintenance", "from": "2027-01-02T00:00:00Z", "until": "2027-01-01T00:00:00Z"});
    let uniform = json!({"type": "delay_uniform", "min_ms": 5, "max_ms": 1});
    let lognormal = json!({"type": "delay_lognormal", "median_ms": 5, "sigma": 9.0});
    let status = |key: &str, value: Value| {
        let mut action = oops();
        action[key] = value;
        second(&action)
    };
    refused(
        "documented",
        &[
            (
                second(&json!({"type": "dela"})),
                &["faults[1]", "dela", "delay", "lost_response", "no_callback"],
            ),
            (second(&json!({"type": "delay"})), &["faults[1]", "ms"]),
            (
                second(&json!({"type": "delay", "ms": 900_000})),
                &["faults[1].action.ms", "600000"],
            ),
            (
                second(&json!({"type": "delay", "ms": 5, "jitter": 1})),
                &["faults[1]", "jitter"],
            ),
            (second(&uniform), &["faults[1].action.min_ms"]),
            (second(&lognormal), &["faults[1].action.sigma", "3"]),
            (
                status("status", json!(200)),
                &["faults[1].action.status", "400 to 599"],
            ),
            (
                status("headers", json!({"a b": "c"})),
                &["faults[1].action.headers", "a b"],
            ),
            (
                status("headers", json!({"a": "b\r\nc: d"})),
                &["faults[1].action.headers", "`a`"],
            ),
            (
                status("headers", json!({"Content-Length": "7"})),
                &["faults[1].action.headers", "Content-Length", "truncate"],
            ),
            (
                second(&json!({"type": "dribble", "bytes": 0})),
                &["faults[1].action.bytes"],
            ),
            (second(&window), &["faults[1].action.until", "from"]),
            (
                matching(&json!({"endpoint": "tokens"})),
                &["faults[0].match.endpoint", "tokens", "notification"],
            ),
            (matching(&json!({"nth": 0})), &["faults[0].match.nth", "1"]),
            (
                matching(&json!({"probability": 0})),
                &["faults[0].match.probability", "above 0"],
            ),
            (
                matching(&json!({"probability": 1.5})),
                &["faults[0].match.probability", "at most 1"],
            ),
            (
                matching(&json!({"path": "/"})),
                &["faults[0].match", "path", "endpoint"],
            ),
        ],
    );
}

#[test]
fn a_parameter_that_no_request_has_is_refused_and_the_others_are_listed() {
    let at = |endpoint: &str, name: &str| json!([{"action": {"type": "empty"}}, {"match": {"endpoint": endpoint, "params": {name: "x"}}, "action": oops()}]);
    refused(
        "documented",
        &[
            (
                at("init", "lnag"),
                &[
                    "faults[1].match.params.lnag",
                    "lang",
                    "billing_information.city",
                ],
            ),
            (
                at("token", "lang"),
                &["faults[1].match.params.lang", "client_id", "x-reference-id"],
            ),
            (
                at("notification_order", "merchantOrderId"),
                &["faults[1].match.params.merchantOrderId", "orderId"],
            ),
            (
                at("notification", "order_id"),
                &[
                    "faults[1].match.params.order_id",
                    "orderId, merchantOrderId",
                ],
            ),
            (
                at("init", "billing_information"),
                &[
                    "faults[1].match.params.billing_information",
                    "billing_information.first_name",
                ],
            ),
            (
                at("init", "billing_information[city]"),
                &[
                    "faults[1].match.params.billing_information[city]",
                    "billing_information.city",
                ],
            ),
            (
                at("init", "clientId"),
                &["faults[1].match.params.clientId", "one merchant"],
            ),
            (
                json!([{"match": {"params": {"lnag": "fr"}}, "action": oops()}]),
                &["faults[0].match.params.lnag", "lang", "price", "orderId"],
            ),
            (
                json!([{"match": {"params": {"price": "5", "flow": "buy"}}, "action": {"type": "late_notification"}}]),
                &["faults[0].match.params.flow", "orderId"],
            ),
            (
                json!([{"match": {"params": {"lang": "fr"}}, "action": {"type": "no_callback"}}]),
                &[
                    "faults[0].match.params.lang",
                    "callback",
                    "orderId, merchantOrderId",
                ],
            ),
            (
                json!([{"match": {"params": {"client_id": "a", "price": "5"}}, "action": {"type": "expire_token"}}]),
                &["faults[0].match.params.client_id", "price"],
            ),
            (
                json!([{"match": {"params": {"flow": "buy", "price": "5"}}, "action": oops()}]),
                &["faults[0].match.params", "all of these"],
            ),
        ],
    );
}

#[test]
fn an_endpoint_that_the_dialect_does_not_serve_is_refused() {
    let at = |endpoint: &str| json!([{"match": {"endpoint": endpoint}, "action": oops()}]);
    for (dialect, endpoints) in [
        ("documented", &["learn_more", "notification_old"][..]),
        ("strict", &["learn_more", "notification_old"]),
    ] {
        for endpoint in endpoints {
            let words = [
                "faults[0].match.endpoint",
                dialect,
                endpoint,
                "token, init_v2",
            ];
            refused(dialect, &[(at(endpoint), &words)]);
        }
    }
    let mock = server("lenient");
    plan(&mock, &at("notification_old"));
    // One of them is enough.
    let mock = server("documented");
    plan(&mock, &at("notification"));
}

#[test]
fn an_action_that_means_nothing_at_an_endpoint_is_refused() {
    let at = |endpoint: &str, action: Value| json!([{"match": {"endpoint": endpoint}, "action": action}]);
    let plain = |word: &str| json!({"type": word});
    let mut cases: Vec<(Value, &[&str])> = vec![
        (
            at("init", plain("duplicate_callback")),
            &["faults[0].match.endpoint", "`callback`"],
        ),
        (
            at("token", plain("no_callback")),
            &["faults[0].match.endpoint", "`callback`"],
        ),
        (
            at("init", plain("late_notification")),
            &["faults[0].match.endpoint", "notification"],
        ),
        (
            at("token", plain("expire_token")),
            &["faults[0].match.endpoint", "access token"],
        ),
    ];
    let window = json!({"type": "maintenance", "from": NOW, "until": "2026-03-02T00:00:00Z"});
    let others = [
        "empty",
        "reset",
        "truncate",
        "dribble",
        "malformed",
        "malformed_chunking",
    ];
    let more = ["wrong_type", "expire_token", "lost_response"];
    for action in others
        .iter()
        .chain(&more)
        .map(|word| plain(word))
        .chain([oops(), window])
    {
        let words = &[
            "faults[0].match.endpoint",
            "delay",
            "duplicate_callback",
            "no_callback",
        ];
        cases.push((at("callback", action), words));
    }
    refused("documented", &cases);
}

#[test]
fn a_fault_behind_one_that_takes_all_is_refused() {
    let always = |matching: Value| json!({"match": matching, "times": 0, "action": oops()});
    let once = |matching: Value| json!({"match": matching, "action": {"type": "empty"}});
    let window = |from: &str, until: &str| json!({"action": {"type": "maintenance", "from": from, "until": until}});
    let (march, april) = ("2026-03-02T00:00:00Z", "2026-04-02T00:00:00Z");
    let behind: &[&str] = &["faults[1]: ", "faults[0]", "never"];
    refused(
        "documented",
        &[
            (
                json!([always(json!({})), once(json!({"endpoint": "init"}))]),
                behind,
            ),
            (json!([always(json!({})), once(json!({}))]), behind),
            (
                json!([always(json!({"probability": 1})), once(json!({"nth": 2}))]),
                behind,
            ),
            (
                json!([
                    always(json!({"endpoint": "init"})),
                    once(json!({"endpoint": "init_v2", "params": {"lang": "fr"}})),
                ]),
                behind,
            ),
            (
                json!([
                    always(json!({"params": {"lang": "fr"}})),
                    once(json!({"endpoint": "init", "params": {"lang": "fr", "flow": "buy"}})),
                ]),
                behind,
            ),
            // The third notification endpoint is not served: these two take all there is.
            (
                json!([
                    always(json!({"endpoint": "notification_order"})),
                    always(json!({"endpoint": "notification_merchant_order"})),
                    {"action": {"type": "late_notification"}},
                ]),
                &["faults[2]: ", "faults[0] and faults[1]"],
            ),
            (
                json!([
                    {"times": 0, "action": {"type": "no_callback"}},
                    {"action": {"type": "duplicate_callback"}},
                ]),
                behind,
            ),
            (json!([window(NOW, april), window(march, april)]), behind),
        ],
    );
    let mock = server("documented");
    freeze(&mock, NOW);
    for faults in [
        json!([{"times": 5, "action": oops()}, once(json!({}))]),
        json!([once(json!({"nth": 2})), once(json!({}))]),
        json!([always(json!({"probability": 0.5})), once(json!({}))]),
        json!([
            always(json!({"params": {"lang": "fr"}})),
            once(json!({"endpoint": "init"}))
        ]),
        json!([
            always(json!({"params": {"lang": "fr"}})),
            once(json!({"params": {"lang": "en"}}))
        ]),
        json!([
            always(json!({"endpoint": "init_v2"})),
            once(json!({"endpoint": "init"}))
        ]),
        json!([always(json!({})), {"action": {"type": "duplicate_callback"}}]),
        json!([once(json!({"endpoint": "init"})), always(json!({}))]),
        json!([window(NOW, march), once(json!({}))]),
        json!([window(NOW, march), window(NOW, april)]),
    ] {
        plan(&mock, &faults);
    }
}

#[test]
fn what_does_not_go_together_or_is_over_is_refused() {
    let nth = |times: u32| json!([{"match": {"nth": 2}, "times": times, "action": oops()}]);
    let window = |until: &str| json!([{"action": {"type": "maintenance", "from": "2026-02-01T00:00:00Z", "until": until}}]);
    let over: &[&str] = &["faults[0].action.until", "over", "2026-03-01T12:00:00Z"];
    refused(
        "documented",
        &[
            (nth(2), &["faults[0].times", "nth", "only one"]),
            (nth(0), &["faults[0].times", "nth", "only one"]),
            (window("2026-02-02T00:00:00Z"), over),
            (window(NOW), over),
        ],
    );
    let mock = server("documented");
    plan(&mock, &nth(1));
    freeze(&mock, NOW);
    plan(&mock, &window("2026-03-01T12:00:00.001Z"));
}

#[test]
fn what_is_far_too_large_is_refused() {
    let long = "x".repeat(64 * 1024);
    let with = |key: &str, value: Value| {
        let mut action = oops();
        action[key] = value;
        json!([{"action": action}])
    };
    let param = |name: &str, value: &str| json!([{"match": {"endpoint": "availability", "params": {name: value}}, "action": oops()}]);
    let many = |count: usize| Value::from(vec![json!({"action": oops()}); count]);
    refused(
        "documented",
        &[
            (many(1_001), &["faults: 1001", "1000"]),
            (
                with("body", json!(format!("{long}x"))),
                &["faults[0].action.body", "65537", "65536"],
            ),
            (
                with("body", json!({"a": long})),
                &["faults[0].action.body", "65536"],
            ),
            (
                with("headers", json!({"a": long})),
                &["faults[0].action.headers", "65537", "65536"],
            ),
            (
                param(&"n".repeat(101), ""),
                &["faults[0].match.params: ", "101", "100"],
            ),
            (
                param("colour", &format!("{long}x")),
                &["faults[0].match.params.colour", "65537"],
            ),
        ],
    );
    let mock = server("documented");
    for faults in [
        many(1_000),
        with("body", json!(long)),
        param(&"n".repeat(100), &long),
    ] {
        plan(&mock, &faults);
    }
}
