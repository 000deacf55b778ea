//! The admin API: merchants, clocks, reset, and who may use it.

use crate::shop::{
    self, APPLY, CLIENT, INIT, LIFE, advance, init_call, opens, server, start, text, token,
    token_call, tokens_of, two_merchants,
};
use crate::wire::{Answer, Call};
use flexiti_mock::{Mock, Settings};
use serde_json::{Value, json};

fn call(mock: &Mock, method: &str, path: &str, body: &Value) -> Answer {
    shop::admin(mock, method, path, body)
}

fn get(mock: &Mock, path: &str) -> Answer {
    call(mock, "GET", path, &Value::Null)
}

fn create(mock: &Mock, body: &Value) -> Answer {
    call(mock, "POST", "/merchants", body)
}

/// The sentence of a refusal.
fn problem(answer: &Answer) -> String {
    text(&answer.json(), "error")
}

#[test]
fn health_says_what_runs() {
    let mock = server("documented");
    let answer = get(&mock, "/health");
    assert_eq!(answer.status, 200);
    let body = answer.json();
    assert_eq!(body["status"], "ok");
    assert_eq!(body["version"], env!("CARGO_PKG_VERSION"));
    assert!(body["contract"]["clauses"].as_u64().unwrap() > 0, "{body}");
}

#[test]
fn json_ends_its_line_for_those_who_read_it_in_a_terminal() {
    let mock = server("documented");
    for (path, status) in [("/health", 200), ("/merchants", 200), ("/nothing", 404)] {
        let answer = get(&mock, path);
        assert_eq!(answer.status, status);
        assert!(answer.text().ends_with("}\n"), "{path}: {}", answer.text());
    }
}

#[test]
fn a_merchant_made_of_nothing_can_call_at_once() {
    let mock = server("documented");
    let answer = create(&mock, &json!({}));
    assert_eq!(answer.status, 201, "{}", answer.text());
    let merchant = answer.json();
    assert_eq!(text(&merchant, "base_url"), mock.base_url());
    assert_eq!(merchant["provisioned"], true);
    assert_eq!(merchant["dialect"], "documented");
    let (id, secret) = (
        text(&merchant, "client_id"),
        text(&merchant, "client_secret"),
    );
    let pair = tokens_of(&mock, &token_call(&id, &secret, &[]));
    let path = INIT.replace(CLIENT, &id);
    let answer = init_call(&path, &text(&pair, "access_token"))
        .form(&APPLY)
        .send(mock.address());
    assert_eq!(answer.status, 200, "{}", answer.text());
    let user = [
        ("grant_type", "password"),
        ("username", merchant["username"].as_str().unwrap()),
        ("password", merchant["password"].as_str().unwrap()),
    ];
    tokens_of(&mock, &token_call(&id, &secret, &user));
    // Another one is another one, and no body is an empty one.
    let another = call(&mock, "POST", "/merchants", &Value::Null);
    assert_eq!(another.status, 201, "{}", another.text());
    assert_ne!(text(&another.json(), "client_id"), id);
    assert_ne!(text(&another.json(), "client_secret"), secret);
}

#[test]
fn a_merchant_is_what_it_was_made_as_until_it_is_deleted() {
    let mock = server("documented");
    let wishes = json!({
        "client_id": "shop-1", "client_secret": "s3cret", "username": "u", "password": "p",
        "provisioned": false, "trust_url": "https://shop.example", "lang": "fr",
        "success_url": "https://shop.example/ok", "error_url": "https://shop.example/no?a=b",
        "dialect": "lenient",
    });
    let made = create(&mock, &wishes);
    assert_eq!(made.status, 201, "{}", made.text());
    for (key, value) in wishes.as_object().unwrap() {
        assert_eq!(&made.json()[key], value, "{key}");
    }
    let seen = get(&mock, "/merchants/shop-1");
    assert_eq!((seen.status, seen.json()), (200, made.json()));
    let patched = call(
        &mock,
        "PATCH",
        "/merchants/shop-1",
        &json!({"provisioned": true}),
    );
    assert_eq!(
        (patched.status, &patched.json()["provisioned"]),
        (200, &json!(true))
    );
    assert_eq!(get(&mock, "/merchants/shop-1").json()["provisioned"], true);

    tokens_of(&mock, &token_call("shop-1", "s3cret", &[]));
    let deleted = call(&mock, "DELETE", "/merchants/shop-1", &Value::Null);
    assert_eq!((deleted.status, deleted.text()), (204, String::new()));
    let gone = token_call("shop-1", "s3cret", &[]).send(mock.address());
    assert_eq!(gone.refusal(), (400, "invalid_client".into()));
    for (method, path) in [
        ("GET", "/merchants/shop-1"),
        ("DELETE", "/merchants/shop-1"),
        ("PATCH", "/merchants/shop-1"),
        ("POST", "/merchants/shop-1/reset"),
        ("GET", "/merchants/shop-1/clock"),
    ] {
        let answer = call(&mock, method, path, &Value::Null);
        assert_eq!(answer.status, 404, "{method} {path}");
        assert!(problem(&answer).contains("shop-1"), "{method} {path}");
    }
    let clock = call(
        &mock,
        "PUT",
        "/merchants/shop-1/clock",
        &json!({"advance_ms": 1}),
    );
    assert_eq!(clock.status, 404);
}

#[test]
fn a_merchant_that_cannot_be_is_refused_with_the_key_at_fault() {
    let mock = server("documented");
    for (body, status, names) in [
        (
            json!({"colour": "blue"}),
            400,
            vec!["colour", "client_id", "trust_url", "dialect"],
        ),
        (json!({"client_id": 7}), 400, vec!["7", "string"]),
        (
            json!({"provisioned": "yes"}),
            400,
            vec!["yes", "true or false"],
        ),
        (json!({"client_id": ""}), 422, vec!["client_id", "100"]),
        (
            json!({"client_id": "x".repeat(101)}),
            422,
            vec!["client_id", "100"],
        ),
        (
            json!({"client_secret": ""}),
            422,
            vec!["client_secret", "100"],
        ),
        (json!({"client_id": CLIENT}), 409, vec!["client_id", CLIENT]),
        (
            json!({"trust_url": "https://shop.example/"}),
            422,
            vec!["trust_url", "slash"],
        ),
        (
            json!({"trust_url": "shop.example"}),
            422,
            vec!["trust_url", "http"],
        ),
        (
            json!({"success_url": "/relative"}),
            422,
            vec!["success_url", "http"],
        ),
        (
            json!({"error_url": "javascript:alert(1)"}),
            422,
            vec!["error_url"],
        ),
        (json!({"lang": "de"}), 422, vec!["lang", "de", "en", "fr"]),
        (
            json!({"dialect": "nonsense"}),
            422,
            vec!["dialect", "nonsense", "documented", "strict"],
        ),
        (json!({"dialect": "/etc/passwd"}), 422, vec!["dialect"]),
        (
            json!({"dialect": "../dialects/strict.json"}),
            422,
            vec!["dialect"],
        ),
    ] {
        let answer = create(&mock, &body);
        assert_eq!(answer.status, status, "{body}: {}", answer.text());
        let problem = problem(&answer);
        for name in names {
            assert!(
                problem.contains(name),
                "{body}: {name} is not in: {problem}"
            );
        }
        assert!(!problem.contains("root:"), "{problem}");
    }
}

#[test]
fn bodies_that_cannot_be_read_are_refused() {
    let mock = server("documented");
    for body in ["{", "nonsense", "7", "null", "\u{0}"] {
        let answer = Call::post("/__admin/merchants")
            .body(body)
            .send(mock.address());
        assert_eq!(answer.status, 400, "{body}: {}", answer.text());
    }
    let answer = Call::post("/__admin/merchants").body(vec![b' '; 2 * 1024 * 1024]);
    assert_eq!(answer.send(mock.address()).status, 413);
    for (method, path, key) in [
        ("PATCH", "/merchants/flexitidemo", "provisioned"),
        ("PUT", "/merchants/flexitidemo/clock", "advance_ms"),
    ] {
        let answer = call(&mock, method, path, &json!({"colour": "blue"}));
        assert_eq!(answer.status, 400, "{path}");
        let problem = problem(&answer);
        assert!(
            problem.contains("colour") && problem.contains(key),
            "{problem}"
        );
    }
}

#[test]
fn unknown_calls_are_refused_and_wrong_methods_are_told_the_right_ones() {
    let mock = server("documented");
    for path in [
        "//",
        "/nothing",
        "/health/",
        "/merchants/a/b",
        "/../__admin/health",
    ] {
        assert_eq!(get(&mock, path).status, 404, "{path}");
    }
    for (method, path, allow) in [
        ("POST", "/", "GET"),
        ("POST", "/health", "GET"),
        ("POST", "/requests", "GET"),
        ("POST", "/openapi.json", "GET"),
        ("GET", "/reset", "POST"),
        ("PUT", "/merchants", "GET, POST"),
        ("PUT", "/merchants/flexitidemo", "GET, PATCH, DELETE"),
        ("GET", "/merchants/flexitidemo/reset", "POST"),
        ("DELETE", "/merchants/flexitidemo/clock", "GET, PUT"),
    ] {
        let answer = call(&mock, method, path, &Value::Null);
        assert_eq!(answer.status, 405, "{method} {path}");
        assert_eq!(answer.header("allow"), Some(allow), "{method} {path}");
    }
}

#[test]
fn the_openapi_document_describes_this_server() {
    let mock = server("documented");
    let body = get(&mock, "/openapi.json").json();
    assert_eq!(body["openapi"], "3.1.0");
    assert_eq!(body["servers"][0]["url"], mock.base_url());
    assert!(body["paths"]["/oauth/token"]["post"].is_object());
}

#[test]
fn the_clock_is_moved_set_and_stopped() {
    let mock = server("documented");
    let path = "/merchants/flexitidemo/clock";
    let put = |body: Value| {
        let answer = call(&mock, "PUT", path, &body);
        assert_eq!(answer.status, 200, "{body}: {}", answer.text());
        assert_eq!(answer.json().as_object().unwrap().len(), 2, "{body}");
        answer.json()
    };
    let start = get(&mock, path).json();
    assert_eq!(start["frozen"], false);
    let frozen = put(json!({"frozen": true, "set": "2026-01-01T00:00:00Z"}));
    assert_eq!(
        frozen,
        json!({"now": "2026-01-01T00:00:00Z", "frozen": true})
    );
    assert_eq!(get(&mock, path).json(), frozen);
    let moved = put(json!({"advance_ms": 86_400_000}));
    assert_eq!(moved["now"], "2026-01-02T00:00:00Z");
    // A time with an offset is the same moment in UTC.
    let set = put(json!({"set": "2026-01-01T00:00:00-05:00"}));
    assert_eq!(set["now"], "2026-01-01T05:00:00Z");
    assert_eq!(put(json!({"frozen": false}))["frozen"], false);
}

#[test]
fn a_clock_can_be_set_back_and_a_token_lives_again() {
    let mock = server("documented");
    let token = token(&mock);
    let path = "/merchants/flexitidemo/clock";
    let now = text(&get(&mock, path).json(), "now");
    advance(&mock, CLIENT, 2 * LIFE);
    assert_eq!(opens(&mock, &token).status, 401);
    let answer = call(&mock, "PUT", path, &json!({"set": now}));
    assert_eq!(answer.status, 200);
    assert_eq!(opens(&mock, &token).status, 200);
}

#[test]
fn impossible_times_are_refused_and_change_nothing() {
    let mock = server("documented");
    let path = "/merchants/flexitidemo/clock";
    let put = |body: &Value| call(&mock, "PUT", path, body);
    let before = put(&json!({"frozen": true, "set": "2026-01-01T00:00:00Z"})).json();
    for (body, status) in [
        (json!({}), 422),
        (json!({"advance_ms": -1}), 400),
        (json!({"advance_ms": 1.5}), 400),
        (json!({"advance_ms": "1000"}), 400),
        // 300,000,000 years.
        (json!({"advance_ms": 9_467_280_000_000_000_000_u64}), 422),
        (
            json!({"advance_ms": 400_000_000_000_000_u64, "frozen": false}),
            422,
        ),
        (json!({"set": "yesterday"}), 400),
        (json!({"set": "2026-02-30T00:00:00Z"}), 400),
        (json!({"set": 1_767_225_600}), 400),
        (json!({"frozen": "no"}), 400),
    ] {
        let answer = put(&body);
        assert_eq!(answer.status, status, "{body}: {}", answer.text());
        assert_eq!(get(&mock, path).json(), before, "{body}");
    }
}

#[test]
fn merchants_do_not_share_clock_or_reset() {
    let mock = two_merchants();
    let mine = token(&mock);
    let other = tokens_of(&mock, &token_call("other", "other-secret", &[]));
    let other_opens = || {
        let path = INIT.replace(CLIENT, "other");
        let call = init_call(&path, &text(&other, "access_token")).form(&APPLY);
        call.send(mock.address()).status
    };
    advance(&mock, CLIENT, LIFE);
    assert_eq!(opens(&mock, &mine).status, 401);
    assert_eq!(other_opens(), 200);
    // A reset brings the clock back, but not the tokens.
    let answer = call(&mock, "POST", "/merchants/flexitidemo/reset", &Value::Null);
    assert_eq!(answer.status, 204);
    let answer = opens(&mock, &mine);
    assert_eq!(answer.refusal(), (401, "invalid_token".into()));
    assert!(text(&answer.json(), "message").contains("invalid"));
    let fresh = token(&mock);
    assert_eq!(opens(&mock, &fresh).status, 200);
    assert_eq!(other_opens(), 200);
    let seen = get(&mock, "/requests?client_id=other").json();
    assert_eq!(seen["requests"].as_array().unwrap().len(), 3, "{seen}");
}

#[test]
fn a_reset_goes_back_to_the_start() {
    let mock = start(&Settings {
        seed: Some(11),
        ..Settings::default()
    });
    let first = token(&mock);
    let order = shop::order(&mock, &APPLY);
    create(&mock, &json!({"client_id": "guest"}));
    call(&mock, "DELETE", "/merchants/flexitidemo", &Value::Null);
    assert_eq!(call(&mock, "POST", "/reset", &Value::Null).status, 204);

    assert_eq!(get(&mock, "/merchants/guest").status, 404);
    assert_eq!(
        get(&mock, "/requests").json(),
        json!({"requests": [], "dropped": 0})
    );
    let page = Call::get(&shop::path_of(&text(&order, "redirection_url"))).send(mock.address());
    assert_eq!(page.status, 404);
    assert_eq!(opens(&mock, &first).status, 401);
    // The seed begins again, too.
    assert_eq!(token(&mock), first);
    assert_eq!(
        shop::order(&mock, &APPLY)["online_order_id"],
        order["online_order_id"]
    );
}
