//! Requests passed on, and what is seen of them here.

use super::{in_front_of, init, journal, latest, notification, token};
use crate::shop::{self, APPLY, SECRET, admin};
use crate::wire::Call;
use flexiti_mock::{Mock, Settings, UpstreamMode};
use serde_json::{Value, json};

#[test]
fn a_merchant_that_is_named_goes_on_and_all_of_it_is_real_traffic() {
    let real = shop::start(&Settings::default());
    let front = shop::start(&in_front_of(&real.base_url(), UpstreamMode::Proxy, None));
    let token = token(&front);
    let order = init(&front, &token);
    let id = &order["online_order_id"];
    assert_eq!(journal(&real, "flexitidemo").len(), 2);
    let theirs = admin(&real, "GET", &format!("/orders/{id}"), &Value::Null);
    assert_eq!(theirs.status, 200, "{}", theirs.text());
    let ours = admin(&front, "GET", &format!("/orders/{id}"), &Value::Null);
    assert_eq!(ours.status, 404);
    let done = admin(
        &real,
        "POST",
        &format!("/orders/{id}/complete"),
        &json!({"outcome": "approved"}),
    );
    assert_eq!(done.status, 200, "{}", done.text());
    let told = notification(&front, &token, id);
    assert_eq!(told.json()["apply"]["apply_status"], "SUCCESS");
    // A refusal is an answer like any other.
    // A reviewer objects to a secret in a URL.
    let path = format!("{}?client_secret={SECRET}", shop::INIT);
    let refused = shop::init_call(&path, &token)
        .form(&APPLY[1..])
        .send(front.address());
    assert_eq!(refused.status, 409, "{}", refused.text());
    assert_eq!(refused.json()["field_errors"][0]["param"], "lang");

    let rows = journal(&front, "flexitidemo");
    assert_eq!(rows.len(), 4);
    for row in &rows {
        let upstream = &row["upstream"];
        assert_eq!(
            upstream["server"],
            real.base_url()[..real.base_url().find("/f").unwrap()]
        );
        assert_eq!(upstream["mode"], "proxy");
        let text = row.to_string();
        assert!(!text.contains(SECRET) && !text.contains(&token), "{text}");
    }
    let places: Vec<&Value> = rows.iter().map(|row| &row["endpoint"]).collect();
    assert_eq!(
        places,
        ["token", "init_plain", "notification_order", "init_plain"]
    );
    assert_eq!(rows[1]["order_id"], *id);
    assert_eq!(rows[2]["order_id"], *id);
    assert_eq!(rows[1]["params"]["amount_requested"], "499.99");
    assert_eq!(
        rows[3]["violations"][0]["clause"],
        "init.plain.lang.required"
    );
    let whole = latest(&front, "flexitidemo");
    assert!(
        whole["response_body"]
            .as_str()
            .unwrap()
            .contains("field_errors")
    );
    // The reviewer, expectations and the archive see it.
    let matched = admin(
        &front,
        "POST",
        "/requests/verify",
        &json!({"client_id": "flexitidemo", "match": {"endpoint": "init_plain", "status": 200}, "times": 1}),
    );
    assert_eq!(matched.status, 200, "{}", matched.text());
    let lint = |mock: &Mock| {
        let lint = admin(mock, "GET", "/merchants/flexitidemo/lint", &Value::Null).json();
        let findings = lint["findings"].as_array().unwrap().iter();
        findings.map(|it| it["rule"].clone()).collect::<Vec<_>>()
    };
    // What the other one saw is what was seen here.
    assert_eq!(lint(&front), lint(&real));
    assert_ne!(lint(&front), [Value::Null; 0]);
    // The token is the other one's.
    assert_eq!(shop::opens(&real, &token).status, 200);
    let har = Call::get("/__admin/requests?client_id=flexitidemo")
        .header("accept", "application/har+json")
        .send(front.address());
    assert_eq!(har.json()["log"]["entries"].as_array().unwrap().len(), 4);
}

#[test]
fn others_stay_and_know_nothing_of_it() {
    let real = shop::start(&Settings::default());
    let front = shop::start(&in_front_of(&real.base_url(), UpstreamMode::Proxy, None));
    let answer = shop::token_call("local", "local-secret", &[shop::GRANT]).send(front.address());
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(journal(&front, "local")[0].get("upstream"), None);
    assert!(journal(&real, "flexitidemo").is_empty());
    // A merchant that is made later is nobody's but this server's.
    let made = admin(&front, "POST", "/merchants", &json!({"upstream": true}));
    assert_eq!(made.status, 400, "{}", made.text());
    // What belongs to no merchant stays as well.
    let unknown = Call::get("/flexiti/online-api/nothing").send(front.address());
    assert_eq!(unknown.status, 404);
    assert_eq!(unknown.header("x-flexiti-mock-upstream"), None);
}
