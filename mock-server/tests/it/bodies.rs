//! Bodies that are compressed, in another charset or marked, paths beside listed ones, and whose a
//! request is.

use crate::shop::{
    self, APPLY, BASE, CLIENT, INIT, TOKEN, demo_token_call, init_call, server, text, token,
    two_merchants,
};
use crate::wire::Call;
use flexiti_mock::Mock;
use serde_json::{Value, json};

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";

fn rows(mock: &Mock, query: &str) -> Vec<Value> {
    let found = mock.admin().requests(query).unwrap();
    let row = |row| serde_json::to_value(row).unwrap();
    found.requests.iter().map(row).collect()
}

fn last(mock: &Mock) -> Value {
    rows(mock, "limit=1").remove(0)
}

#[test]
fn a_body_that_cannot_be_read_as_it_is_is_refused_by_the_name_of_its_coding() {
    let mock = server("documented");
    let token = token(&mock);
    let utf16: Vec<u8> = "{}".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let odd = [
        ("content-encoding", ""),
        ("content-type", "application/json; charset=utf-16"),
    ];
    for (kind, coding, body, word) in [
        (FORM, "gzip", &b"\x1f\x8b\x08\0"[..], "gzip"),
        (JSON, "br", b"abc", "br"),
        (odd[1].1, "", &utf16, "utf-16"),
        ("application/json; charset=\"UTF-7\"", "", b"{}", "utf-7"),
        (
            "application/x-www-form-urlencoded; charset=iso-8859-1",
            "",
            b"lang=\xe9",
            "iso-8859-1",
        ),
    ] {
        let mut call = init_call(INIT, &token)
            .header("content-type", kind)
            .body(body);
        if !coding.is_empty() {
            call = call.header("content-encoding", coding);
        }
        let answer = call.send(mock.address());
        assert_eq!(answer.status, 415, "{word}: {}", answer.text());
        assert!(answer.text().contains(word), "{word}: {}", answer.text());
        assert_eq!(answer.header("accept-encoding"), Some("identity"));
        let remedy = text(&last(&mock)["violations"][0], "remedy");
        assert!(remedy.contains(word), "{remedy}");
    }
    // These are read as they are.
    for kind in [
        "application/x-www-form-urlencoded; charset=ISO-8859-1",
        FORM,
    ] {
        let call = init_call(INIT, &token)
            .header("content-type", kind)
            .header("content-encoding", "identity")
            .form(&APPLY);
        assert_eq!(call.send(mock.address()).status, 200, "{kind}");
    }
    let call = Call::post("/__admin/merchants")
        .header("content-encoding", "gzip")
        .body("x");
    let answer = call.send(mock.address());
    assert_eq!(answer.status, 415);
    assert!(answer.text().contains("gzip"));
}

#[test]
fn a_byte_order_mark_swallows_nothing() {
    let mock = server("documented");
    let token = token(&mock);
    let form = "\u{feff}merchant_orderid=A1&lang=fr&flow=apply&amount_requested=10";
    let call = init_call(INIT, &token)
        .header("content-type", FORM)
        .body(form);
    assert_eq!(call.send(mock.address()).status, 200);
    assert_eq!(last(&mock)["params"]["merchant_orderid"], "A1");
    let json = "\u{feff}{\"lang\":\"fr\",\"flow\":\"apply\",\"amount_requested\":10}";
    let call = init_call(INIT, &token)
        .header("content-type", JSON)
        .body(json);
    assert_eq!(call.send(mock.address()).status, 200);
    let call = Call::post("/__admin/merchants").body("\u{feff}{\"client_id\":\"bom\"}");
    assert_eq!(call.send(mock.address()).status, 201);
}

#[test]
fn a_path_beside_a_listed_one_is_its_merchants_and_is_told_what_it_comes_near() {
    let mock = server("documented");
    let listed = format!("{BASE}/online/client-id/{CLIENT}/notifications/order-id/1");
    for (path, what) in [
        (format!("{listed}/"), "without the trailing slash"),
        (
            listed.replace("/online/client-id", "//online/client-id"),
            "empty parts",
        ),
        (
            listed.replace("notifications", "Notifications"),
            "lower case",
        ),
        (listed.replace(BASE, ""), "base path"),
    ] {
        assert_eq!(Call::get(&path).send(mock.address()).status, 404, "{path}");
        let row = rows(&mock, &format!("client_id={CLIENT}&limit=1")).remove(0);
        assert_eq!(row["path"], path);
        assert_eq!(row["violations"][0]["clause"], "http.path.known");
        let remedy = text(&row["violations"][0], "remedy");
        assert!(
            remedy.contains(&listed) && remedy.contains(what),
            "{remedy}"
        );
    }
}

#[test]
fn a_request_belongs_to_the_merchant_that_it_authenticates_as() {
    let mock = two_merchants();
    let plan = json!({"faults": [{"match": {"endpoint": "token"}, "times": 0, "action": {"type": "status", "status": 503}}]});
    shop::admin(&mock, "PUT", "/merchants/flexitidemo/faults", &plan);
    // The header names one, the body the other with its secret.
    let call = shop::token_call("other", "other-secret", &[]).header("authorization", shop::BASIC);
    let answer = call.send(mock.address());
    let row = last(&mock);
    let owner = text(&row, "client_id");
    match answer.status {
        200 => assert_eq!(owner, "other"),
        status => panic!("{status}: {}", answer.text()),
    }
    assert_eq!(demo_token_call(&[]).send(mock.address()).status, 503);
}

#[test]
fn a_page_of_another_origin_reads_every_answer_and_may_send_any_header() {
    let mock = server("documented");
    for path in [TOKEN, "/flexiti/online-api/oauth/tokens"] {
        let call = Call::post(path).header("origin", "https://shop.example");
        let answer = call.send(mock.address());
        assert_eq!(
            answer.header("access-control-allow-origin"),
            Some("*"),
            "{path}"
        );
        let ask = Call::new("OPTIONS", path)
            .header("origin", "https://shop.example")
            .header("access-control-request-method", "POST")
            .header(
                "access-control-request-headers",
                "authorization,traceparent",
            );
        let answer = ask.send(mock.address());
        assert_eq!(answer.status, 204, "{path}");
        let allowed = answer.header("access-control-allow-headers").unwrap();
        let allowed: Vec<&str> = allowed.split(',').map(str::trim).collect();
        for name in [
            "authorization",
            "content-type",
            "x-reference-id",
            "traceparent",
        ] {
            assert!(allowed.contains(&name), "{path}: {allowed:?}");
        }
    }
}

#[test]
fn a_member_that_is_given_twice_is_refused_by_name() {
    let mock = server("documented");
    for body in [
        "{\"client_id\":\"a\",\"client_id\":\"b\"}",
        "{\"faults\":[{\"action\":{\"type\":\"empty\",\"type\":\"reset\"}}]}",
    ] {
        let path = if body.contains("faults") {
            Call::new("PUT", "/__admin/merchants/flexitidemo/faults")
        } else {
            Call::post("/__admin/merchants")
        };
        let answer = path.body(body).send(mock.address());
        assert_eq!(answer.status, 400, "{}", answer.text());
        assert!(
            answer.text().contains("duplicate member"),
            "{}",
            answer.text()
        );
    }
}

#[test]
fn a_url_goes_out_as_a_browser_would_send_it() {
    let mock = server("documented");
    let account = json!({"client_id": "accents", "client_secret": "secret", "success_url": "http://127.0.0.1:9/commande/r\u{e9}ussie"});
    let answer = shop::admin(&mock, "POST", "/merchants", &account);
    assert_eq!(answer.status, 201, "{}", answer.text());
    let token = text(
        &shop::token_call("accents", "secret", &[])
            .send(mock.address())
            .json(),
        "access_token",
    );
    let init = INIT.replace(CLIENT, "accents");
    let order = init_call(&init, &token)
        .form(&APPLY)
        .send(mock.address())
        .json();
    let path = format!("/orders/{}/complete", order["online_order_id"]);
    let done = shop::admin(&mock, "POST", &path, &json!({"outcome": "approved"})).json();
    let url = text(&done, "callback_url");
    assert!(url.contains("/commande/r%C3%A9ussie"), "{url}");
    for url in ["http://shop.example:99999/", "http://shop.example:x/"] {
        let account = json!({"success_url": url});
        let answer = shop::admin(&mock, "POST", "/merchants", &account);
        assert_eq!(answer.status, 422, "{url}");
        assert!(answer.text().contains("port"), "{}", answer.text());
    }
}

#[test]
fn the_mock_never_calls_itself() {
    let mock = server("documented");
    let url = format!("http://{}/checkout/x", mock.address());
    let account = json!({"client_id": "loop", "client_secret": "secret", "success_url": url});
    shop::admin(&mock, "POST", "/merchants", &account);
    let token = text(
        &shop::token_call("loop", "secret", &[])
            .send(mock.address())
            .json(),
        "access_token",
    );
    let init = INIT.replace(CLIENT, "loop");
    let order = init_call(&init, &token)
        .form(&APPLY)
        .send(mock.address())
        .json();
    let path = format!("/orders/{}/complete", order["online_order_id"]);
    let done = shop::admin(
        &mock,
        "POST",
        &path,
        &json!({"outcome": "approved", "follow": true}),
    )
    .json();
    let why = text(&done["followed"], "error");
    assert!(why.contains("this mock itself"), "{why}");
}
