//! Planned faults: each kind as the client sees it, and the account of what became of it.

use crate::orders_desk::{complete, open_with, told};
use crate::shop::{
    self, APPLY, CLIENT, INIT, SECRET, admin, demo_token_call, init_call, server, token,
    token_call, two_merchants,
};
use crate::wire::{Answer, Call, connect, exchange};
use flexiti_mock::Mock;
use serde_json::{Value, json};
use std::io::{ErrorKind, Read as _, Write as _};

pub const FAULTS: &str = "/merchants/flexitidemo/faults";

/// Puts a plan, which must be accepted.
pub fn plan(mock: &Mock, faults: &Value) {
    let answer = admin(mock, "PUT", FAULTS, &json!({"faults": faults}));
    assert_eq!(answer.status, 200, "{}", answer.text());
}

/// How many requests each fault of the plan has struck, of those that were recorded.
pub fn consumed(mock: &Mock) -> Vec<usize> {
    let plan = admin(mock, "GET", FAULTS, &Value::Null).json();
    let faults = plan["faults"].as_array().cloned().unwrap_or_default();
    let struck = |fault: &Value| fault["consumed_by"].as_array().map_or(0, Vec::len);
    faults.iter().map(struck).collect()
}

pub fn token_request() -> Call {
    demo_token_call(&[shop::GRANT])
}

/// The bytes that come for a request, and how the connection ended.
fn raw(mock: &Mock, call: &Call) -> (Vec<u8>, Option<ErrorKind>) {
    let mut stream = connect(mock.address());
    stream.write_all(&call.bytes(mock.address())).unwrap();
    let mut bytes = Vec::new();
    let ended = stream.read_to_end(&mut bytes).err();
    (bytes, ended.map(|error| error.kind()))
}

fn head_and_body(bytes: &[u8]) -> (String, Vec<u8>) {
    let end = bytes.windows(4).position(|b| b == b"\r\n\r\n").unwrap();
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    (head, bytes[end + 4..].to_vec())
}

#[test]
fn a_status_comes_in_place_of_the_answer_as_often_as_planned() {
    let mock = server("documented");
    plan(
        &mock,
        &json!([{"match": {"endpoint": "token"}, "times": 2,
                 "action": {"type": "status", "status": 503, "headers": {"Retry-After": "7"}}}]),
    );
    for _ in 0..2 {
        let answer = token_request().send(mock.address());
        assert_eq!(answer.refusal(), (503, "service_unavailable".into()));
        assert_eq!(answer.header("retry-after"), Some("7"));
        // In the shape that clients of this dialect know.
        assert_eq!(answer.json()["code"], 503);
        assert!(answer.json()["message"].is_string());
    }
    assert_eq!(token_request().send(mock.address()).status, 200);
    assert_eq!(consumed(&mock), [2]);
}

#[test]
fn the_firewall_the_gateway_and_any_body_can_be_played() {
    let mock = server("documented");
    let status = |status: u16, body: Value| {
        let mut action = json!({"type": "status", "status": status});
        if !body.is_null() {
            action["body"] = body;
        }
        json!({"action": action})
    };
    plan(
        &mock,
        &json!([
            status(465, Value::Null),
            status(504, Value::Null),
            status(429, json!({"slow": "down"})),
            status(500, json!("<h1>oops</h1>")),
        ]),
    );
    let answers: Vec<Answer> = (0..5)
        .map(|_| token_request().send(mock.address()))
        .collect();
    let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses, [465, 504, 429, 500, 200]);
    assert_eq!(answers[1].refusal().1, "GATEWAY_TIMEOUT");
    assert_eq!(answers[2].json(), json!({"slow": "down"}));
    assert_eq!(answers[3].text(), "<h1>oops</h1>");
    assert_eq!(consumed(&mock), [1, 1, 1, 1]);
}

#[test]
fn the_journal_names_the_fault_and_the_plan_names_the_request() {
    let mock = server("documented");
    token(&mock);
    plan(
        &mock,
        &json!([{"action": {"type": "status", "status": 500}}]),
    );
    token_request().send(mock.address());
    let rows = admin(&mock, "GET", "/requests", &Value::Null).json();
    let rows = rows["requests"].as_array().unwrap();
    assert_eq!(rows[0]["fault"], Value::Null);
    assert_eq!(rows[1]["fault"], "status");
    assert_eq!(rows[1]["status"], 500);
    let plan = admin(&mock, "GET", FAULTS, &Value::Null).json();
    assert_eq!(plan["faults"][0]["consumed_by"], json!([rows[1]["id"]]));
}

#[test]
fn connections_end_without_an_answer_closed_or_reset() {
    let mock = server("documented");
    let actions = ["empty", "reset", "lost_response"];
    let faults =
        actions.map(|action| json!({"match": {"endpoint": "init"}, "action": {"type": action}}));
    plan(&mock, &json!(faults));
    let call = init_call(INIT, &token(&mock)).form(&APPLY);
    assert_eq!(raw(&mock, &call), (vec![], None));
    assert_eq!(
        raw(&mock, &call),
        (vec![], Some(ErrorKind::ConnectionReset))
    );
    let orders = |mock: &Mock| {
        let listed = admin(mock, "GET", "/orders", &Value::Null).json();
        listed["orders"].as_array().map_or(0, Vec::len)
    };
    assert_eq!(orders(&mock), 0, "nothing else happened");
    assert_eq!(raw(&mock, &call), (vec![], None));
    assert_eq!(orders(&mock), 1, "only the answer was lost");
    assert_eq!(consumed(&mock), [1, 1, 1]);
    shop::assert_well(&mock);
}

#[test]
fn answers_break_off_dribble_or_are_framed_wrongly() {
    let mock = server("documented");
    let call = init_call(INIT, &token(&mock)).form(&APPLY);
    let whole = call.send(mock.address()).body.len();
    plan(
        &mock,
        &json!([
            {"action": {"type": "truncate"}},
            {"action": {"type": "truncate", "bytes": 5}},
            {"action": {"type": "dribble", "bytes": 7, "every_ms": 1}},
            {"action": {"type": "malformed_chunking"}},
        ]),
    );
    for kept in [whole / 2, 5] {
        let (head, body) = head_and_body(&raw(&mock, &call).0);
        assert!(head.starts_with("HTTP/1.1 200 OK"), "{head}");
        assert!(head.contains(&format!("content-length: {whole}")), "{head}");
        assert_eq!(body.len(), kept);
    }
    let dribbled = call.send(mock.address());
    assert!(dribbled.json()["online_order_id"].is_u64());
    let (head, body) = head_and_body(&raw(&mock, &call).0);
    assert!(head.contains("transfer-encoding: chunked"), "{head}");
    assert!(body.starts_with(b"zz\r\n{"), "{body:?}");
    assert_eq!(consumed(&mock), [1, 1, 1, 1]);
}

#[test]
fn bodies_are_broken_or_something_else() {
    let mock = server("documented");
    plan(
        &mock,
        &json!([{"action": {"type": "malformed"}}, {"action": {"type": "wrong_type"}}]),
    );
    let broken = token_request().send(mock.address());
    assert_eq!(broken.status, 200);
    assert!(
        broken
            .header("content-type")
            .unwrap()
            .starts_with("application/json")
    );
    assert!(serde_json::from_slice::<Value>(&broken.body).is_err());
    let page = token_request().send(mock.address());
    assert!(
        page.header("content-type")
            .unwrap()
            .starts_with("text/html")
    );
    assert!(page.text().starts_with("<!doctype html>"));
}

#[test]
fn delays_hold_the_answer_back_and_nothing_else() {
    let mock = server("documented");
    plan(
        &mock,
        &json!([
            {"action": {"type": "delay", "ms": 30}},
            {"action": {"type": "delay_uniform", "min_ms": 1, "max_ms": 20}},
            {"action": {"type": "delay_lognormal", "median_ms": 5, "sigma": 0.5}},
        ]),
    );
    let started = std::time::Instant::now();
    assert_eq!(token_request().send(mock.address()).status, 200);
    // A lower bound: it cannot come before.
    assert!(started.elapsed().as_millis() >= 30);
    for _ in 0..2 {
        assert_eq!(token_request().send(mock.address()).status, 200);
    }
    assert_eq!(consumed(&mock), [1, 1, 1]);
}

#[test]
fn a_token_ends_before_its_time() {
    let mock = server("documented");
    let first = token(&mock);
    plan(
        &mock,
        &json!([{"match": {"endpoint": "init"}, "action": {"type": "expire_token"}}]),
    );
    let refused = init_call(INIT, &first).form(&APPLY).send(mock.address());
    assert_eq!(refused.refusal(), (401, "invalid_token".into()));
    // The token is dead, not only this call; another one works.
    assert_eq!(shop::opens(&mock, &first).status, 401);
    assert_eq!(shop::opens(&mock, &token(&mock)).status, 200);
}

#[test]
fn maintenance_goes_by_the_merchants_clock_and_counts_where_told_to() {
    let mock = server("documented");
    let clock = |at: &str| {
        let path = "/merchants/flexitidemo/clock";
        let change = json!({"set": at, "frozen": true});
        assert_eq!(admin(&mock, "PUT", path, &change).status, 200);
    };
    let asked = || {
        let answer = token_request().send(mock.address());
        let retry = answer.header("retry-after").map(str::to_owned);
        (answer.status, retry)
    };
    let window = |times: Value| {
        let mut fault = json!({"action": {"type": "maintenance",
            "from": "2026-01-05T09:00:00Z", "until": "2026-01-05T11:00:00Z"}});
        if !times.is_null() {
            fault["times"] = times;
        }
        plan(&mock, &json!([fault]));
    };
    for (times, shown) in [(Value::Null, 0), (json!(0), 0), (json!(2), 2)] {
        clock("2026-01-05T08:59:59Z");
        window(times);
        assert_eq!(asked(), (200, None), "{shown}");
        clock("2026-01-05T09:00:00Z");
        assert_eq!(asked(), (503, Some("7201".into())), "{shown}");
        clock("2026-01-05T10:59:59Z");
        assert_eq!(asked(), (503, Some("2".into())), "{shown}");
        let third = if shown == 2 { 200 } else { 503 };
        assert_eq!(asked().0, third, "{shown}");
        clock("2026-01-05T11:00:00Z");
        assert_eq!(asked(), (200, None), "{shown}");
        let fault = admin(&mock, "GET", FAULTS, &Value::Null).json()["faults"][0].clone();
        let struck = if shown == 2 { 2 } else { 3 };
        assert_eq!(fault["times"], shown);
        assert_eq!(fault["struck"], struck, "{fault}");
        assert_eq!(consumed(&mock), [struck], "{fault}");
    }
}

#[test]
fn every_status_of_the_api_can_be_played_with_and_without_retry_after() {
    let mock = server("documented");
    for status in [
        400, 401, 402, 403, 404, 409, 429, 465, 466, 467, 500, 502, 503, 504,
    ] {
        let action = json!({"type": "status", "status": status});
        let mut later = action.clone();
        later["headers"] = json!({"Retry-After": "120"});
        plan(&mock, &json!([{"action": action}, {"action": later}]));
        for retry in [None, Some("120")] {
            let answer = token_request().send(mock.address());
            assert_eq!(answer.status, status);
            // It is optional (RFC 9110, RFC 6585): nothing is there that was not planned.
            assert_eq!(answer.header("retry-after"), retry, "{status}");
            let body = answer.json();
            assert_eq!(body["code"], status);
            assert!(body["error"].is_string() && body["message"].is_string());
        }
        assert_eq!(consumed(&mock), [1, 1]);
    }
    let page = json!({"type": "status", "status": 502, "headers": {"Content-Type": "text/html"}, "body": "<h1>Bad Gateway</h1>"});
    plan(&mock, &json!([{"action": page}]));
    let answer = token_request().send(mock.address());
    assert_eq!(answer.header("content-type"), Some("text/html"));
    assert_eq!(answer.text(), "<h1>Bad Gateway</h1>");
}

#[test]
fn a_notification_comes_late() {
    let mock = server("documented");
    plan(
        &mock,
        &json!([{"times": 2, "action": {"type": "late_notification"}}]),
    );
    let order = open_with(&mock, "apply", &[]);
    complete(&mock, &order, "approved");
    let shows = |_| told(&mock, &order)["apply"]["apply_status"] == "SUCCESS";
    assert_eq!([0, 1, 2].map(shows), [false, false, true]);
    assert_eq!(consumed(&mock), [2]);
}

#[test]
fn a_plan_is_for_one_merchant_and_goes_with_reset_and_delete() {
    let mock = two_merchants();
    let every = json!([{"times": 0, "action": {"type": "status", "status": 500}}]);
    plan(&mock, &every);
    let others = || {
        token_call("other", "other-secret", &[])
            .send(mock.address())
            .status
    };
    assert_eq!(
        (token_request().send(mock.address()).status, others()),
        (500, 200)
    );
    assert_eq!(admin(&mock, "DELETE", FAULTS, &Value::Null).status, 204);
    assert_eq!(token_request().send(mock.address()).status, 200);
    plan(&mock, &every);
    let reset = format!("/merchants/{CLIENT}/reset");
    assert_eq!(admin(&mock, "POST", &reset, &Value::Null).status, 204);
    assert_eq!(token_request().send(mock.address()).status, 200);
    assert_eq!(
        admin(&mock, "GET", FAULTS, &Value::Null).json(),
        json!({"faults": []})
    );
    for method in ["GET", "PUT", "DELETE"] {
        let body = if method == "PUT" {
            json!({"faults": []})
        } else {
            Value::Null
        };
        assert_eq!(
            admin(&mock, method, "/merchants/nobody/faults", &body).status,
            404,
            "{method}"
        );
    }
    assert_eq!(
        admin(&mock, "POST", FAULTS, &json!({})).header("allow"),
        Some("GET, PUT, PATCH, DELETE")
    );
}

#[test]
fn whatever_the_fault_no_secret_is_told_and_the_server_stays_well() {
    let mock = server("documented");
    let plan_of = json!([{"times": 0, "match": {"probability": 0.9}, "action": {"type": "status", "status": 599}}]);
    plan(&mock, &plan_of);
    for _ in 0..20 {
        let answer = exchange(mock.address(), &token_request().bytes(mock.address()));
        assert!(!String::from_utf8_lossy(&answer).contains(SECRET));
    }
    admin(&mock, "DELETE", FAULTS, &Value::Null);
    shop::assert_well(&mock);
}
