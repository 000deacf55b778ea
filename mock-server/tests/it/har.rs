//! The journal as an HTTP archive.

use crate::shop::{
    APPLY, INIT, REFERENCE, SECRET, TOKEN, demo_token_call, init_call, order, path_of, server,
    text, token,
};
use crate::wire::{Answer, Call};
use flexiti_mock::Mock;
use serde_json::{Value, json};

const SCHEMA: &str = include_str!("har.schema.json");

fn har(mock: &Mock, query: &str) -> Answer {
    let call = Call::get(&format!("/__admin/requests{query}"));
    call.header("accept", "application/har+json")
        .send(mock.address())
}

/// The entries, once the archive as a whole was found to be one.
fn entries(mock: &Mock, query: &str) -> Vec<Value> {
    let answer = har(mock, query);
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("content-type"), Some("application/har+json"));
    let archive = answer.json();
    let schema = serde_json::from_str(SCHEMA).unwrap();
    let errors: Vec<String> = jsonschema::validator_for(&schema)
        .unwrap()
        .iter_errors(&archive)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert_eq!(errors, [""; 0]);
    archive["log"]["entries"].as_array().unwrap().clone()
}

#[test]
fn every_exchange_is_in_the_archive() {
    let mock = server("documented");
    assert_eq!(entries(&mock, ""), [Value::Null; 0]);
    let order = order(&mock, &APPLY); // 1 and 2
    let page = path_of(&text(&order, "redirection_url"));
    Call::get(&page).send(mock.address()); // 3
    Call::post("/nothing?a=1%202&client_secret=guess&a=&%ff=%")
        .header("content-type", "text/plain")
        .body(b"\xff\x00".as_slice())
        .send(mock.address()); // 4
    Call::new("BREW", INIT).send(mock.address()); // 5
    Call::post("/nothing")
        .body("x".repeat(70_000))
        .send(mock.address()); // 6
    let all = entries(&mock, "");
    assert_eq!(all.len(), 6);

    let init = &all[1];
    let request = &init["request"];
    assert_eq!(request["method"], "POST");
    assert_eq!(request["url"], format!("http://{}{INIT}", mock.address()));
    let form = "lang=en&flow=apply&amount%5Frequested=499%2E99";
    let kind = "application/x-www-form-urlencoded";
    assert_eq!(
        request["postData"],
        json!({"mimeType": kind, "params": [], "text": form})
    );
    assert_eq!(request["bodySize"], form.len());
    let sent = request["headers"].as_array().unwrap();
    assert!(sent.contains(&json!({"name": "x-reference-id", "value": REFERENCE})));
    let response = &init["response"];
    assert_eq!(response["status"], 200);
    assert_eq!(response["statusText"], "OK");
    let content: Value = serde_json::from_str(&text(&response["content"], "text")).unwrap();
    assert_eq!(content["online_order_id"], order["online_order_id"]);
    assert!(text(&content, "redirection_url").contains("/checkout/***"));
    assert_eq!(init["time"], init["timings"]["wait"]);

    let odd = &all[3]["request"];
    let pairs = odd["queryString"].as_array().unwrap();
    assert_eq!(pairs[0], json!({"name": "a", "value": "1 2"}));
    assert!(text(&pairs[1], "value").starts_with("***"), "{odd}");
    assert_eq!(pairs.len(), 4);
    assert!(!text(odd, "url").contains("guess"), "{odd}");
    assert_eq!(all[4]["request"]["method"], "BREW");
    assert_eq!(all[4]["request"].get("postData"), None);
    assert_eq!(all[5]["request"]["bodySize"], -1);
}

#[test]
fn filters_hold_for_the_archive_too() {
    let mock = server("documented");
    let token = token(&mock);
    init_call(INIT, &token).form(&APPLY).send(mock.address());
    let found = entries(&mock, "?endpoint=init");
    assert_eq!(found.len(), 1);
    assert_eq!(found[0]["comment"], "request 2");
    assert_eq!(har(&mock, "?colour=blue").status, 422);
}

#[test]
fn the_archive_has_no_secret_in_requests_or_answers() {
    let mock = server("documented");
    let pair = demo_token_call(&[]).send(mock.address()).json();
    let found = entries(&mock, "");
    assert_eq!(
        found[0]["request"]["url"],
        format!("http://{}{TOKEN}", mock.address())
    );
    let body = text(&found[0]["response"]["content"], "text");
    assert!(body.contains("\"access_token\":\"***"), "{body}");
    let all = har(&mock, "").text();
    for secret in [
        SECRET,
        &text(&pair, "access_token"),
        &text(&pair, "refresh_token"),
    ] {
        assert!(!all.contains(secret), "{secret} is in {all}");
    }
}
