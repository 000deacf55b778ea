//! What a refusal says to send, and the API reference that the mock serves.

use crate::process::Running;
use crate::shop::{CLIENT, INIT, admin, init_call, server, start, text, token};
use crate::wire::{Answer, Call};
use flexiti_mock::{Mock, Settings};
use serde_json::{Value, json};

fn reference(mock: &Mock, query: &str) -> Answer {
    Call::get(&format!("/__admin/reference{query}")).send(mock.address())
}

const WRONG: [(&str, &str); 3] = [
    ("lang", "de"),
    ("flow", "apply"),
    ("amount_requested", "1,5"),
];

#[test]
fn the_journal_says_what_to_send_for_each_broken_clause() {
    let mock = server("documented");
    let answer = init_call(INIT, &token(&mock))
        .form(&WRONG)
        .send(mock.address());
    assert_eq!(answer.status, 409);
    assert!(
        !answer.text().contains("remedy"),
        "Flexiti says nothing of it"
    );
    let rows = admin(&mock, "GET", "/requests?status=409", &Value::Null).json();
    let broken = rows["requests"][0]["violations"].as_array().unwrap();
    let remedies: Vec<(&str, &str)> = broken
        .iter()
        .map(|row| {
            (
                row["param"].as_str().unwrap(),
                row["remedy"].as_str().unwrap(),
            )
        })
        .collect();
    let [(lang, send_lang), (amount, send_amount)] = remedies[..] else {
        panic!("two clauses: {remedies:?}");
    };
    assert_eq!((lang, amount), ("lang", "amount_requested"));
    assert!(send_lang.contains("`en` or `fr`"), "{send_lang}");
    assert!(send_amount.contains("period"), "{send_amount}");
}

#[test]
fn a_remedy_is_that_of_the_merchants_dialect_and_stays_so() {
    let mock = server("documented");
    let path = format!("/__admin/merchants/{CLIENT}/dialect");
    init_call(INIT, &token(&mock))
        .form(&WRONG)
        .send(mock.address());
    let put = Call::new("PUT", &path).json(&json!({"name": "strict"}));
    assert_eq!(put.send(mock.address()).status, 200);
    init_call(INIT, &token(&mock))
        .form(&WRONG)
        .send(mock.address());
    let rows = admin(&mock, "GET", "/requests?status=409", &Value::Null).json();
    let remedy = |at: usize| rows["requests"][at]["violations"][0]["remedy"].clone();
    assert!(remedy(0).as_str().unwrap().contains("region"), "{rows}");
    assert!(remedy(1).as_str().unwrap().contains("`En-CA`"), "{rows}");
}

#[test]
fn the_log_says_what_to_send() {
    let running = Running::start(&["--log-format", "json"]);
    Call::get("/flexiti/online-api/oauth/token").send(running.address());
    let log = running.stopped();
    let line = log
        .lines()
        .find(|line| line.contains("http.method.allowed"));
    let line: Value = serde_json::from_str(line.expect("a refusal")).unwrap();
    assert!(
        line["remedy"].as_str().unwrap().contains("`Allow`"),
        "{line}"
    );
}

#[test]
fn the_reference_is_in_the_dialect_that_is_asked_for() {
    let mock = server("documented");
    let made = json!({"client_id": "exact", "dialect": "strict"});
    let made = admin(&mock, "POST", "/merchants", &made).json();
    let own = reference(&mock, "");
    assert_eq!(own.status, 200);
    assert_eq!(own.header("content-type"), Some("text/html; charset=utf-8"));
    let policy = own.header("content-security-policy").unwrap();
    assert!(policy.contains("default-src 'none'"), "{policy}");
    for anchor in [
        "clause-init.lang.values",
        "init-lang",
        "init_v2",
        "source-R-cur",
    ] {
        assert!(own.text().contains(&format!("id=\"{anchor}\"")), "{anchor}");
    }
    assert_eq!(reference(&mock, "?dialect=documented").text(), own.text());
    let strict = reference(&mock, "?dialect=strict").text();
    assert_ne!(strict, own.text());
    let exact = reference(&mock, "?client_id=exact").text();
    assert!(exact.contains("client-id/exact/") && !exact.contains(&text(&made, "client_secret")));
    assert_eq!(
        exact.replace("exact", "YOUR_CLIENT_ID"),
        strict.replace("exact", "YOUR_CLIENT_ID")
    );
}

#[test]
fn a_reference_that_is_not_there_is_refused_in_words() {
    let mock = server("documented");
    for (query, status, words) in [
        (
            "?dialect=nothing",
            404,
            "documented, lenient, strict, hyperswitch",
        ),
        ("?client_id=nobody", 404, "nobody"),
        ("?colour=blue", 422, "client_id or dialect"),
        ("?dialect=strict&client_id=flexitidemo", 422, "one of them"),
    ] {
        let answer = reference(&mock, query);
        assert_eq!(answer.status, status, "{query}");
        assert!(answer.text().contains(words), "{query}: {}", answer.text());
    }
}

#[test]
fn the_token_is_asked_for_only_where_a_merchant_is_named() {
    let mock = start(&Settings {
        admin_token: Some("a-token".to_owned()),
        ..Settings::default()
    });
    assert_eq!(reference(&mock, "").status, 200);
    assert_eq!(reference(&mock, "?dialect=lenient").status, 200);
    for id in [CLIENT, "nobody"] {
        let path = format!("/__admin/reference?client_id={id}");
        assert_eq!(Call::get(&path).send(mock.address()).status, 401, "{id}");
    }
    let path = format!("/__admin/reference?client_id={CLIENT}");
    let with_token = Call::get(&path).header("authorization", "Bearer a-token");
    assert_eq!(with_token.send(mock.address()).status, 200);
}

#[test]
fn the_first_page_leads_to_dashboard_and_reference_and_is_no_part_of_the_api() {
    let mock = server("documented");
    let page = Call::get("/").send(mock.address());
    assert_eq!(page.status, 200);
    for link in ["/__admin/", "/__admin/reference", "/__admin/openapi.json"] {
        // Relative, whatever a proxy has put before the path.
        let href = format!("href=\"{}\"", &link[1..]);
        assert!(page.text().contains(&href), "{link}");
        assert_eq!(Call::get(link).send(mock.address()).status, 200, "{link}");
    }
    let rows = admin(&mock, "GET", "/requests", &Value::Null).json();
    assert_eq!(rows["requests"], json!([]), "it is not recorded");
    for (method, path) in [("POST", "/"), ("GET", "//"), ("GET", "/index.html")] {
        let answer = Call::new(method, path).send(mock.address());
        assert_eq!(
            answer.refusal(),
            (404, "not_found".to_owned()),
            "{method} {path}"
        );
    }
}
