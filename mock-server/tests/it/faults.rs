//! Planned faults: each kind as the client sees it, and the account of what became of it.

use crate::shop::{
    self, APPLY, CLIENT, INIT, INIT_V2, SECRET, admin, demo_token_call, init_call, order, server,
    start, text, token, token_call, two_merchants,
};
use crate::wire::{Answer, Call, connect, exchange};
use flexiti_mock::{Mock, Settings};
use serde_json::{Value, json};
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpListener;

const FAULTS: &str = "/merchants/flexitidemo/faults";

fn plan(mock: &Mock, faults: &Value) {
    let answer = admin(mock, "PUT", FAULTS, &json!({"faults": faults}));
    assert_eq!(answer.status, 200, "{}", answer.text());
}

/// How many requests each fault of the plan has struck.
fn consumed(mock: &Mock) -> Vec<usize> {
    let plan = admin(mock, "GET", FAULTS, &Value::Null).json();
    let faults = plan["faults"].as_array().cloned().unwrap_or_default();
    let struck = |fault: &Value| fault["consumed_by"].as_array().map_or(0, Vec::len);
    faults.iter().map(struck).collect()
}

fn token_request() -> Call {
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
fn a_match_chooses_by_endpoint_parameters_and_number() {
    let mock = server("documented");
    plan(
        &mock,
        &json!([
            {"match": {"endpoint": "init", "params": {"lang": "fr"}, "nth": 2},
             "action": {"type": "status", "status": 500}},
            {"match": {"endpoint": "init_v2"}, "action": {"type": "status", "status": 502}},
        ]),
    );
    let token = token(&mock);
    let init = |path: &str, lang: &str| {
        let pairs = [("lang", lang), APPLY[1], APPLY[2]];
        let call = init_call(path, &token).form(&pairs);
        call.send(mock.address()).status
    };
    let came = [
        init(INIT, "fr"),
        init(INIT, "en"),
        init(INIT, "fr"),
        init(INIT, "fr"),
        init(INIT_V2, "fr"),
        init(INIT_V2, "fr"),
    ];
    assert_eq!(came, [200, 200, 500, 200, 502, 200]);
    // Parameters of nested JSON are matched by their dotted names.
    plan(
        &mock,
        &json!([{"match": {"params": {"billing_information.city": "Laval"}}, "action": {"type": "status", "status": 500}}]),
    );
    let nested = json!({"lang": "fr", "flow": "apply", "amount_requested": 5, "billing_information": {"city": "Laval"}});
    let call = init_call(INIT, &token).json(&nested);
    assert_eq!(call.send(mock.address()).status, 500);
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
fn maintenance_goes_by_the_merchants_clock() {
    let mock = server("documented");
    let clock = |change: Value| {
        let path = "/merchants/flexitidemo/clock";
        assert_eq!(admin(&mock, "PUT", path, &change).status, 200);
    };
    plan(
        &mock,
        &json!([{"times": 0, "action": {"type": "maintenance",
            "from": "2026-01-05T09:00:00Z", "until": "2026-01-05T11:00:00Z"}}]),
    );
    for (at, status, retry) in [
        ("2026-01-05T08:59:59Z", 200, None),
        ("2026-01-05T09:00:00Z", 503, Some("7201")),
        ("2026-01-05T10:59:59Z", 503, Some("2")),
        ("2026-01-05T11:00:00Z", 200, None),
    ] {
        clock(json!({"set": at, "frozen": true}));
        let answer = token_request().send(mock.address());
        assert_eq!(answer.status, status, "{at}");
        assert_eq!(answer.header("retry-after"), retry, "{at}");
    }
}

#[test]
fn a_notification_comes_late_and_a_callback_twice() {
    let shop = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/back", shop.local_addr().unwrap());
    let visits = std::thread::spawn(move || {
        let mut paths = Vec::new();
        for _ in 0..2 {
            let (mut stream, _) = shop.accept().unwrap();
            let mut head = [0; 1024];
            let read = stream.read(&mut head).unwrap();
            let line = String::from_utf8_lossy(&head[..read]).into_owned();
            paths.push(line.split(' ').nth(1).unwrap().to_owned());
            stream
                .write_all(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n")
                .unwrap();
        }
        paths
    });
    let mock = start(&Settings {
        merchants: vec![flexiti_mock::MerchantConfig {
            success_url: Some(url),
            ..flexiti_mock::MerchantConfig::demo()
        }],
        ..Settings::default()
    });
    plan(
        &mock,
        &json!([
            {"action": {"type": "duplicate_callback"}},
            {"times": 2, "action": {"type": "late_notification"}},
        ]),
    );
    let order = order(&mock, &APPLY)["online_order_id"].clone();
    let wish = json!({"outcome": "approved", "follow": true});
    let done = admin(&mock, "POST", &format!("/orders/{order}/complete"), &wish).json();
    assert_eq!(done["followed"]["status"], 204, "{done}");
    assert_eq!(visits.join().unwrap(), ["/back", "/back"]);
    let path =
        format!("/flexiti/online-api/online/client-id/{CLIENT}/notifications/order-id/{order}");
    let token = token(&mock);
    let told: Vec<bool> = (0..3)
        .map(|_| {
            let call = Call::get(&path).header("authorization", &format!("Bearer {token}"));
            let answer = call.send(mock.address()).json();
            answer["apply"]["apply_status"] == "SUCCESS"
        })
        .collect();
    assert_eq!(told, [false, false, true]);
    assert_eq!(consumed(&mock), [1, 2]);
}

#[test]
fn a_browsers_way_back_brings_the_callback_twice() {
    let shop = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/back", shop.local_addr().unwrap());
    let visited = std::thread::spawn(move || {
        let (mut stream, _) = shop.accept().unwrap();
        let mut head = [0; 1024];
        let _ = stream.read(&mut head).unwrap();
        stream
            .write_all(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n")
            .unwrap();
    });
    let mock = start(&Settings {
        merchants: vec![flexiti_mock::MerchantConfig {
            success_url: Some(url.clone()),
            ..flexiti_mock::MerchantConfig::demo()
        }],
        ..Settings::default()
    });
    plan(&mock, &json!([{"action": {"type": "duplicate_callback"}}]));
    let order = order(&mock, &APPLY);
    let id = &order["online_order_id"];
    let wish = json!({"outcome": "approved"});
    admin(&mock, "POST", &format!("/orders/{id}/complete"), &wish);
    let path = shop::path_of(&text(&order, "redirection_url"));
    let page = path.split('?').next().unwrap();
    let back = Call::get(&format!("{page}/return")).send(mock.address());
    visited.join().unwrap();
    assert_eq!(back.status, 303);
    assert_eq!(back.header("location"), Some(url.as_str()));
    assert_eq!(consumed(&mock), [1]);
}

#[test]
fn chance_follows_the_seed_and_merchants_do_not_disturb_each_other() {
    let run = |noise: bool| -> Vec<u16> {
        let mock = start(&Settings {
            seed: Some(7),
            merchants: vec![
                flexiti_mock::MerchantConfig::demo(),
                shop::merchant("other"),
            ],
            ..Settings::default()
        });
        let half = json!([{"match": {"probability": 0.5}, "times": 0, "action": {"type": "status", "status": 500}}]);
        plan(&mock, &half);
        if noise {
            let put = admin(
                &mock,
                "PUT",
                "/merchants/other/faults",
                &json!({"faults": half}),
            );
            assert_eq!(put.status, 200);
        }
        (0..40)
            .map(|_| {
                if noise {
                    token_call("other", "other-secret", &[]).send(mock.address());
                }
                token_request().send(mock.address()).status
            })
            .collect()
    };
    let quiet = run(false);
    assert!(quiet.contains(&200) && quiet.contains(&500), "{quiet:?}");
    assert_eq!(quiet, run(false));
    assert_eq!(quiet, run(true));
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
fn a_bad_plan_is_refused_whole_and_says_where() {
    let mock = server("documented");
    let good = json!([{"action": {"type": "status", "status": 500}}]);
    plan(&mock, &good);
    for (wrong, said) in [
        (
            json!({"type": "dela"}),
            vec!["faults[1]", "dela", "delay", "lost_response"],
        ),
        (json!({"type": "delay"}), vec!["faults[1]", "ms"]),
        (
            json!({"type": "delay", "ms": 900_000}),
            vec!["faults[1].action.ms", "600000"],
        ),
        (
            json!({"type": "delay", "ms": 5, "jitter": 1}),
            vec!["faults[1]", "jitter"],
        ),
        (
            json!({"type": "delay_uniform", "min_ms": 5, "max_ms": 1}),
            vec!["faults[1].action.min_ms"],
        ),
        (
            json!({"type": "delay_lognormal", "median_ms": 5, "sigma": 9.0}),
            vec!["faults[1].action.sigma", "3"],
        ),
        (
            json!({"type": "status", "status": 200}),
            vec!["faults[1].action.status", "400 to 599"],
        ),
        (
            json!({"type": "status", "status": 500, "headers": {"a b": "c"}}),
            vec!["faults[1].action.headers", "a b"],
        ),
        (
            json!({"type": "dribble", "bytes": 0}),
            vec!["faults[1].action.bytes"],
        ),
        (
            json!({"type": "maintenance", "from": "2026-01-02T00:00:00Z", "until": "2026-01-01T00:00:00Z"}),
            vec!["faults[1].action.until"],
        ),
    ] {
        let body = json!({"faults": [good[0], {"action": wrong}]});
        let answer = admin(&mock, "PUT", FAULTS, &body);
        assert_eq!(answer.status, 422, "{body}");
        let message = text(&answer.json(), "error");
        for word in said {
            assert!(message.contains(word), "{word}: {message}");
        }
    }
    for (wrong, said) in [
        (
            json!({"endpoint": "tokens"}),
            vec!["faults[0].match.endpoint", "tokens", "notification"],
        ),
        (json!({"nth": 0}), vec!["faults[0].match.nth"]),
        (
            json!({"probability": 0}),
            vec!["faults[0].match.probability"],
        ),
        (
            json!({"probability": 1.5}),
            vec!["faults[0].match.probability"],
        ),
        (
            json!({"path": "/"}),
            vec!["faults[0].match", "path", "endpoint"],
        ),
        (
            json!({"endpoint": "callback"}),
            vec!["faults[0].match.endpoint", "duplicate_callback"],
        ),
    ] {
        let body = json!({"faults": [{"match": wrong, "action": {"type": "empty"}}]});
        let answer = admin(&mock, "PUT", FAULTS, &body);
        assert_eq!(answer.status, 422, "{body}: {}", answer.text());
        let message = text(&answer.json(), "error");
        for word in said {
            assert!(message.contains(word), "{word}: {message}");
        }
    }
    // The plan from before stands.
    assert_eq!(token_request().send(mock.address()).status, 500);
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
