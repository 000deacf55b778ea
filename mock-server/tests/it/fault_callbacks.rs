//! Callbacks that the mock brings to the shop: as exchanges of the journal, and with faults.

use crate::faults::{FAULTS, consumed, plan};
use crate::orders_desk::{complete, complete_with, open, open_with, shown, told, try_complete};
use crate::shop::{self, CLIENT, admin, path_of, start, text};
use crate::wire::{Call, connect};
use flexiti_mock::embed::admin::{Complete, Wanted};
use flexiti_mock::{MerchantConfig, Mock, Settings};
use serde_json::{Value, json};
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpListener;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

const FOLLOW: &str = r#"{"outcome": "approved", "follow": true}"#;
const OK: &str = "HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n";

/// A server of this dialect, whose demo merchant is sent customers to a shop; and that shop.
fn with_shop(dialect: &str) -> (Mock, TcpListener, String) {
    let shop = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/back", shop.local_addr().unwrap());
    let mock = start(&Settings {
        dialect: dialect.to_owned(),
        merchants: vec![MerchantConfig {
            success_url: Some(url.clone()),
            error_url: Some(url.clone()),
            ..MerchantConfig::demo()
        }],
        ..Settings::default()
    });
    (mock, shop, url)
}

/// Serves so many requests, each after `before`; gives their targets.
fn serving(
    shop: TcpListener,
    count: usize,
    mut before: impl FnMut() + Send + 'static,
) -> JoinHandle<Vec<String>> {
    std::thread::spawn(move || {
        let mut serve = |_| {
            let (mut stream, _) = shop.accept().unwrap();
            let mut head = [0; 2_048];
            let read = stream.read(&mut head).unwrap();
            before();
            // Whoever asked may have gone.
            let _ = stream.write_all(OK.as_bytes());
            let line = String::from_utf8_lossy(&head[..read]).into_owned();
            line.split(' ').nth(1).unwrap().to_owned()
        };
        (0..count).map(&mut serve).collect()
    })
}

fn follow() -> Value {
    serde_json::from_str(FOLLOW).unwrap()
}

fn rows(mock: &Mock, query: &str) -> Vec<Value> {
    let listed = admin(mock, "GET", &format!("/requests{query}"), &Value::Null);
    assert_eq!(listed.status, 200, "{}", listed.text());
    listed.json()["requests"].as_array().unwrap().clone()
}

fn callbacks(mock: &Mock) -> Vec<Value> {
    rows(mock, "?endpoint=callback")
}

fn faults(mock: &Mock) -> Value {
    admin(mock, "GET", FAULTS, &Value::Null).json()["faults"].clone()
}

/// Sends the customer's browser back from the pages of an order.
fn go_back(mock: &Mock, id: &str) -> crate::wire::Answer {
    let page = path_of(&text(&shown(mock, id), "redirection_url"));
    let page = page.split('?').next().unwrap();
    Call::get(&format!("{page}/return")).send(mock.address())
}

/// Nobody waits for the shop's answer.
fn assert_unasked(shop: &TcpListener) {
    shop.set_nonblocking(true).unwrap();
    assert_eq!(shop.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
}

#[test]
fn each_callback_is_an_exchange_of_the_journal_whoever_asks_for_it() {
    let (mock, shop, url) = with_shop("documented");
    let served = serving(shop, 2, || ());
    let orders = [open(&mock, "apply"), open(&mock, "apply")];
    complete_with(&mock, &orders[0], &follow());
    let wish = Complete {
        outcome: Wanted::Approved,
        follow: true,
        settle_after: None,
    };
    let id = orders[1].parse().unwrap();
    let done = mock.admin().complete(id, &wish).unwrap();
    assert_eq!(done.followed.unwrap().status, Some(204));
    assert_eq!(served.join().unwrap(), ["/back", "/back"]);
    let found = callbacks(&mock);
    assert_eq!(found.len(), 2);
    for (row, order) in found.iter().zip(&orders) {
        assert_eq!(row["endpoint"], "callback");
        assert_eq!(row["method"], "GET");
        assert_eq!(row["path"], url.as_str());
        assert_eq!(row["status"], 204);
        assert_eq!(row.get("error"), None);
        assert_eq!(row["order_id"].to_string(), *order);
        assert_eq!(row["client_id"], CLIENT);
        assert!(row["clock"].is_string(), "{row}");
        assert_eq!(row["fault"], Value::Null);
    }
    // Two tokens, two orders, two callbacks, in the order in which they were recorded.
    let ids = |rows: &[Value]| -> Vec<Value> { rows.iter().map(|row| row["id"].clone()).collect() };
    assert_eq!(ids(&rows(&mock, "")), [1, 2, 3, 4, 5, 6]);
    assert_eq!(ids(&found), [5, 6]);
    let order = &orders[1];
    assert_eq!(ids(&rows(&mock, &format!("?order_id={order}"))), [4, 6]);
    assert_eq!(ids(&rows(&mock, &format!("?path={url}"))), [5, 6]);
    assert_eq!(ids(&rows(&mock, "?endpoint=init&limit=9")), [2, 4]);

    let expected =
        json!({"match": {"endpoint": "callback", "path": url, "status": 204}, "times": 2});
    let verified = admin(&mock, "POST", "/requests/verify", &expected);
    assert_eq!(verified.json(), json!({"matched": 2}));
    let wrong = json!({"match": {"endpoint": "callback", "status": 500}});
    let failure = admin(&mock, "POST", "/requests/verify", &wrong).json();
    let line = format!("request 6: GET {url} → 204");
    assert!(text(&failure, "message").contains(&line), "{failure}");

    let archive = Call::get("/__admin/requests?endpoint=callback")
        .header("accept", "application/har+json")
        .send(mock.address())
        .json();
    let entry = &archive["log"]["entries"][0];
    assert_eq!(entry["request"]["url"], url.as_str());
    assert_eq!(entry["response"]["status"], 204);
    let one = admin(&mock, "GET", "/requests/5", &Value::Null).json();
    let curl = text(&one, "curl");
    assert_eq!(curl, format!("curl -si -X GET '{url}'"));
    let metrics = admin(&mock, "GET", "/metrics", &Value::Null).text();
    let line = r#"flexiti_mock_requests_total{endpoint="callback",status="204"} 2"#;
    assert!(metrics.contains(line), "{metrics}");
}

#[test]
fn the_url_of_a_callback_is_shown_without_its_secrets() {
    let (mock, shop, url) = with_shop("lenient");
    let served = serving(shop, 1, || ());
    let token = shop::token(&mock);
    let order = shop::init_call(shop::INIT, &token)
        .form(&shop::APPLY)
        .send(mock.address())
        .json()["online_order_id"]
        .to_string()
        .replace('"', "");
    complete_with(&mock, &order, &follow());
    assert_eq!(
        served.join().unwrap(),
        [format!("/back?orderId={order}&auth_token={token}")]
    );
    let row = &callbacks(&mock)[0];
    let start = format!("{url}?orderId={order}&auth_token=***");
    assert!(text(row, "path").starts_with(&start), "{row}");
    let all = Call::get("/__admin/requests").header("accept", "application/har+json");
    for shown in [
        row.to_string(),
        admin(
            &mock,
            "GET",
            &format!("/requests/{}", row["id"]),
            &Value::Null,
        )
        .text(),
        all.send(mock.address()).text(),
    ] {
        assert!(shown.contains("auth_token"), "{shown}");
        assert!(!shown.contains(&token), "{shown}");
    }
}

#[test]
fn a_callback_without_an_answer_is_recorded_with_the_reason() {
    let (mock, shop, url) = with_shop("documented");
    drop(shop);
    let order = open(&mock, "apply");
    plan(
        &mock,
        &json!([{"match": {"endpoint": "callback"}, "action": {"type": "delay", "ms": 1}}]),
    );
    let done = complete_with(&mock, &order, &follow());
    let row = &callbacks(&mock)[0];
    assert_eq!((&row["path"], &row["status"]), (&json!(url), &json!(0)));
    assert_eq!(row["error"], done["followed"]["error"]);
    assert!(text(row, "error").contains("refused"), "{row}");
    // It was struck all the same.
    assert_eq!(row["fault"], "delay");
    assert_eq!(faults(&mock)[0]["consumed_by"], json!([row["id"]]));
    let archive = Call::get("/__admin/requests?status=0")
        .header("accept", "application/har+json")
        .send(mock.address())
        .json();
    let entry = &archive["log"]["entries"][0];
    assert_eq!(entry["response"]["status"], 0);
    assert!(text(entry, "comment").contains("refused"), "{entry}");
}

#[test]
fn a_callback_comes_twice_and_the_second_is_the_faults() {
    let (mock, shop, _) = with_shop("documented");
    let served = serving(shop, 5, || ());
    let orders = [(); 3].map(|()| open(&mock, "apply"));
    plan(
        &mock,
        &json!([{"times": 2, "action": {"type": "duplicate_callback"}}]),
    );
    let done = complete_with(&mock, &orders[0], &follow());
    assert_eq!(done["followed"]["status"], 204, "{done}");
    let wish = serde_json::from_value(follow()).unwrap();
    mock.admin()
        .complete(orders[1].parse().unwrap(), &wish)
        .unwrap();
    complete_with(&mock, &orders[2], &follow());
    assert_eq!(served.join().unwrap(), ["/back"; 5]);
    let found = callbacks(&mock);
    let struck: Vec<&Value> = found.iter().map(|row| &row["fault"]).collect();
    let twice = "duplicate_callback";
    assert_eq!(json!(struck), json!([null, twice, null, twice, null]));
    let fault = &faults(&mock)[0];
    assert_eq!(fault["struck"], 2);
    assert_eq!(
        fault["consumed_by"],
        json!([found[1]["id"], found[3]["id"]])
    );
}

#[test]
fn a_browsers_way_back_brings_the_callback_twice() {
    let (mock, shop, url) = with_shop("documented");
    let served = serving(shop, 1, || ());
    plan(&mock, &json!([{"action": {"type": "duplicate_callback"}}]));
    let order = open(&mock, "apply");
    complete(&mock, &order, "approved");
    let back = go_back(&mock, &order);
    assert_eq!(served.join().unwrap(), ["/back"]);
    assert_eq!(back.status, 303);
    assert_eq!(back.header("location"), Some(url.as_str()));
    assert_eq!(back.header("cache-control"), Some("no-store"));
    let row = &callbacks(&mock)[0];
    assert_eq!(row["fault"], "duplicate_callback");
    assert_eq!(row["order_id"].to_string(), order);
    assert_eq!(faults(&mock)[0]["consumed_by"], json!([row["id"]]));
}

#[test]
fn a_lost_callback_is_accounted_for_and_the_shop_never_asked() {
    let (mock, shop, url) = with_shop("documented");
    let orders = [(); 3].map(|()| open(&mock, "apply"));
    plan(
        &mock,
        &json!([{"times": 3, "action": {"type": "no_callback"}}]),
    );
    let done = complete_with(&mock, &orders[0], &follow());
    assert!(
        text(&done["followed"], "error").contains("no_callback"),
        "{done}"
    );
    assert_eq!(done["callback_url"], url.as_str());
    let wish = serde_json::from_value(follow()).unwrap();
    let typed = mock.admin().complete(orders[1].parse().unwrap(), &wish);
    assert!(typed.unwrap().followed.unwrap().error.is_some());
    assert_eq!(callbacks(&mock), [Value::Null; 0]);
    assert_eq!(faults(&mock)[0]["struck"], 2);
    assert_eq!(faults(&mock)[0]["consumed_by"], json!([]));
    // The outcome is there for a shop that asks.
    assert_eq!(told(&mock, &orders[0])["apply"]["apply_status"], "SUCCESS");

    let id = &orders[2];
    cancel(&mock, id);
    assert_eq!(shown(&mock, id)["stage"], "cancelled");
    let back = go_back(&mock, id);
    assert_eq!((back.status, back.text()), (204, String::new()));
    assert_eq!(back.header("location"), None);
    assert_eq!(shown(&mock, id)["stage"], "cancelled", "nobody went back");
    let row = rows(&mock, "?status=204").remove(0);
    assert_eq!(row["fault"], "no_callback");
    let fault = &faults(&mock)[0];
    assert_eq!(fault["struck"], 3);
    assert_eq!(fault["consumed_by"], json!([row["id"]]));
    let metrics = admin(&mock, "GET", "/metrics", &Value::Null).text();
    let line = r#"flexiti_mock_faults_total{type="no_callback"} 3"#;
    assert!(metrics.contains(line), "{metrics}");
    // The fault is used up: the customer tries again.
    assert_eq!(go_back(&mock, id).status, 303);
    assert_eq!(shown(&mock, id)["stage"], "returned");
    assert_unasked(&shop);
}

/// Gives up on the pages of an order, as a customer does.
fn cancel(mock: &Mock, id: &str) {
    let page = path_of(&text(&shown(mock, id), "redirection_url"));
    let page = page.split('?').next().unwrap().to_owned();
    let seen = Call::get(&page).send(mock.address()).text();
    let hidden = ["order", "turn"].map(|name| {
        let rest = seen.split(&format!("name=\"{name}\" value=\"")).nth(1);
        (name, rest.unwrap().split('"').next().unwrap())
    });
    let left = Call::post(&format!("{page}/cancel"))
        .form(&hidden)
        .send(mock.address());
    assert_eq!(left.status, 303, "{}", left.text());
}

#[test]
fn a_delayed_callback_comes_when_the_outcome_can_be_read_already() {
    let (mock, shop, _) = with_shop("documented");
    let order = open(&mock, "apply");
    plan(
        &mock,
        &json!([{"match": {"endpoint": "callback"}, "times": 2, "action": {"type": "delay", "ms": 30}}]),
    );
    let served = serving(shop, 1, || ());
    let started = Instant::now();
    complete_with(&mock, &order, &follow());
    // A lower bound: it cannot come before.
    assert!(started.elapsed() >= Duration::from_millis(30));
    served.join().unwrap();
    let row = callbacks(&mock).remove(0);
    assert_eq!(row["fault"], "delay");
    let started = Instant::now();
    assert_eq!(go_back(&mock, &order).status, 303);
    assert!(started.elapsed() >= Duration::from_millis(30));
    let back = rows(&mock, "?status=303").remove(0);
    assert_eq!(back["fault"], "delay");
    let both = json!([row["id"], back["id"]]);
    assert_eq!(faults(&mock)[0]["consumed_by"], both);
}

#[test]
fn a_callback_comes_before_the_outcome_or_after_it() {
    for (settle, shows) in [(json!(null), true), (json!({"polls": 1}), false)] {
        let (mock, shop, _) = with_shop("documented");
        let order = open(&mock, "apply");
        let token = shop::token(&mock);
        let path =
            format!("/flexiti/online-api/online/client-id/{CLIENT}/notifications/order-id/{order}");
        let address = mock.address();
        plan(
            &mock,
            &json!([{"match": {"endpoint": "callback"}, "action": {"type": "delay", "ms": 1}}]),
        );
        let (tell, told) = std::sync::mpsc::channel();
        // As a careful shop does: it asks when it is called back.
        let served = serving(shop, 1, move || {
            let bearer = format!("Bearer {token}");
            let asked = Call::get(&path).header("authorization", &bearer);
            tell.send(asked.send(address).json()).unwrap();
        });
        let mut wish = follow();
        if !settle.is_null() {
            wish["settle_after"] = settle;
        }
        complete_with(&mock, &order, &wish);
        served.join().unwrap();
        let seen = told.recv().unwrap();
        assert_eq!(seen["apply"]["apply_status"] == "SUCCESS", shows, "{seen}");
    }
}

#[test]
fn the_callback_of_one_order_is_chosen_by_its_ids() {
    let (mock, shop, _) = with_shop("documented");
    let served = serving(shop, 1, || ());
    let first = open_with(&mock, "apply", &[("merchant_orderid", "m1")]);
    let second = open_with(&mock, "apply", &[("merchant_orderid", "m2")]);
    let third = open_with(&mock, "apply", &[("merchant_orderid", "m3")]);
    plan(
        &mock,
        &json!([
            {"match": {"endpoint": "callback", "params": {"orderId": second}}, "action": {"type": "no_callback"}},
            {"match": {"params": {"merchantOrderId": "m3"}}, "action": {"type": "no_callback"}},
        ]),
    );
    for order in [&first, &second, &third] {
        complete_with(&mock, order, &follow());
    }
    served.join().unwrap();
    assert_eq!(callbacks(&mock).len(), 1);
    assert_eq!(callbacks(&mock)[0]["order_id"].to_string(), first);
    assert_eq!(
        (&faults(&mock)[0]["struck"], &faults(&mock)[1]["struck"]),
        (&json!(1), &json!(1))
    );
}

#[test]
fn a_plan_put_while_the_shop_answers_is_not_charged_for_the_old_one() {
    let (mock, shop, _) = with_shop("documented");
    let order = open(&mock, "apply");
    let delay = json!({"faults": [{"match": {"endpoint": "callback"}, "action": {"type": "delay", "ms": 1}}]});
    assert_eq!(admin(&mock, "PUT", FAULTS, &delay).status, 200);
    let address = mock.address();
    let put = Call::new("PUT", &format!("/__admin{FAULTS}")).json(&delay);
    let served = serving(shop, 1, move || {
        assert_eq!(put.send(address).status, 200);
    });
    complete_with(&mock, &order, &follow());
    served.join().unwrap();
    assert_eq!(callbacks(&mock)[0]["fault"], "delay");
    assert_eq!(faults(&mock)[0]["struck"], 0);
    assert_eq!(consumed(&mock), [0]);
}

#[test]
fn nothing_is_recorded_for_a_merchant_that_has_gone_meanwhile() {
    for (method, path) in [
        ("DELETE", format!("/__admin/merchants/{CLIENT}")),
        ("POST", format!("/__admin/merchants/{CLIENT}/reset")),
        ("POST", "/__admin/reset".to_owned()),
    ] {
        let (mock, shop, _) = with_shop("documented");
        let order = open(&mock, "apply");
        let address = mock.address();
        let call = Call::new(method, &path);
        let served = serving(shop, 1, move || {
            assert_eq!(call.send(address).status, 204);
        });
        let done = complete_with(&mock, &order, &follow());
        served.join().unwrap();
        assert_eq!(done["followed"]["status"], 204);
        assert_eq!(rows(&mock, ""), [Value::Null; 0], "{path}");
    }
}

#[test]
fn a_callback_is_recorded_though_whoever_asked_for_it_has_gone() {
    let (mock, shop, _) = with_shop("documented");
    let order = open(&mock, "apply");
    let (asked, has_asked) = std::sync::mpsc::channel();
    let (gone, has_gone) = std::sync::mpsc::channel::<()>();
    let served = serving(shop, 1, move || {
        asked.send(()).unwrap();
        has_gone.recv().unwrap();
    });
    let call = Call::post(&format!("/__admin/orders/{order}/complete")).json(&follow());
    let mut stream = connect(mock.address());
    stream.write_all(&call.bytes(mock.address())).unwrap();
    has_asked.recv().unwrap();
    drop(stream);
    // A call of its own, so that the server has seen the other one's end.
    assert_eq!(try_complete(&mock, &order, &follow()).status, 409);
    gone.send(()).unwrap();
    served.join().unwrap();
    let recorded = (0..1_000).find_map(|_| {
        std::thread::sleep(Duration::from_millis(10));
        callbacks(&mock).into_iter().next()
    });
    assert_eq!(recorded.expect("a callback in the journal")["status"], 204);
}
