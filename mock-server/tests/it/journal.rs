//! The journal: what came in and what was answered, and no secret in it.

use crate::shop::{
    self, APPLY, BASIC, CLIENT, INIT, INIT_V2, PASSWORD, REFERENCE, SECRET, TOKEN, demo_token_call,
    init_call, opens, order, path_of, server, start, text, token, token_call, tokens,
    two_merchants,
};
use crate::wire::{Answer, Call};
use flexiti_mock::{Mock, Settings};
use serde_json::{Value, json};

fn list(mock: &Mock, query: &str) -> Answer {
    shop::admin(mock, "GET", &format!("/requests{query}"), &Value::Null)
}

fn requests(mock: &Mock, query: &str) -> Vec<Value> {
    let answer = list(mock, query);
    assert_eq!(answer.status, 200, "{query}: {}", answer.text());
    answer.json()["requests"].as_array().unwrap().clone()
}

/// What a filter lets through, as ids.
fn ids(mock: &Mock, query: &str) -> Vec<u64> {
    let rows = requests(mock, query);
    rows.iter().map(|row| row["id"].as_u64().unwrap()).collect()
}

/// Text in which `***` alone stands for a secret.
fn without_hashes(text: &str) -> String {
    let mut parts = text.split("***");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + "***" + &part[12..])
}

#[test]
fn an_accepted_init_is_recorded_with_its_parameters_and_its_order() {
    let mock = server("documented");
    let token = token(&mock);
    let body = json!({
        "lang": "fr", "flow": "buy", "amount_requested": 12.5, "vcc": 1_070_015_210_367_982_u64,
        "billing_information": {
            "first_name": "Zoé", "last_name": "Côté", "address_1": "1", "address_2": "",
            "city": "Québec", "province": "QC", "postal_code": "G1A1A1",
        },
        "shipping_information": {
            "first_name": "Zoé", "last_name": "Côté", "address_1": "1", "address_2": "",
            "city": "Québec", "province": "QC", "postal_code": "G1A1A1",
        },
    });
    let answer = init_call(INIT_V2, &token).json(&body).send(mock.address());
    assert_eq!(answer.status, 200, "{}", answer.text());
    let rows = requests(&mock, "");
    let row = rows.last().unwrap();
    assert_eq!(row["id"], 2);
    assert_eq!(row["client_id"], CLIENT);
    assert_eq!(row["endpoint"], "init_v2");
    assert_eq!(row["method"], "POST");
    assert_eq!(row["path"], INIT_V2);
    assert_eq!(row["status"], 200);
    assert_eq!(row["order_id"], answer.json()["online_order_id"]);
    assert_eq!(row["violations"], json!([]));
    assert_eq!(row["fault"], Value::Null);
    assert_eq!(row["headers"]["x-reference-id"], REFERENCE);
    assert_eq!(row["headers"]["content-type"], "application/json");
    assert!(row["duration_us"].is_u64(), "{row}");
    let at = text(row, "at");
    assert!(at.ends_with('Z') && at.contains('T'), "{at}");
    // Flat, dotted and as text, whatever the encoding.
    let params = &row["params"];
    assert_eq!(params["amount_requested"], "12.5");
    assert_eq!(params["vcc"], "1070015210367982");
    assert_eq!(params["billing_information.city"], "Québec");
    assert_eq!(params["shipping_information.address_2"], "");
}

#[test]
fn a_refused_request_is_recorded_with_the_clauses_it_broke() {
    let mock = server("documented");
    let token = token(&mock);
    let pairs = [("flow", "apply"), ("amount_requested", "10,50")];
    init_call(INIT, &token).form(&pairs).send(mock.address());
    demo_token_call(&[("client_id", CLIENT)]).send(mock.address());
    init_call(INIT, "unknown").form(&APPLY).send(mock.address());
    Call::get("/nothing").send(mock.address());
    let rows = requests(&mock, "?after=1");
    assert_eq!(
        rows[0]["violations"],
        json!([
            {
                "clause": "init.plain.lang.required", "param": "lang", "msg": "required",
                "remedy": "Send `lang`: `en` or `fr`, alone or with a region such as `fr-CA`.",
            },
            {
                "clause": "init.amount_requested.separator",
                "param": "amount_requested", "msg": "invalid",
                "remedy": "Send a period before the cents and no other separator, for example `499.99`.",
            },
        ])
    );
    assert_eq!(rows[0]["order_id"], Value::Null);
    for (row, clause) in rows[1..].iter().zip([
        "token.parameters.repeated",
        "auth.token.known",
        "http.path.known",
    ]) {
        let broken = &row["violations"][0];
        assert_eq!(broken["clause"], clause);
        assert_eq!(
            (&broken["param"], &broken["msg"]),
            (&Value::Null, &Value::Null)
        );
        assert!(
            broken["remedy"]
                .as_str()
                .is_some_and(|remedy| !remedy.is_empty())
        );
        assert_eq!(row["violations"].as_array().map(Vec::len), Some(1));
    }
    assert_eq!(rows[3]["endpoint"], Value::Null);
    assert_eq!(rows[3]["client_id"], Value::Null);
}

#[test]
fn filters_let_through_what_they_name() {
    let mock = two_merchants();
    let token = token(&mock); // 1
    token_call("other", "other-secret", &[]).send(mock.address()); // 2
    let order = init_call(INIT, &token).form(&APPLY).send(mock.address()); // 3
    init_call(INIT_V2, &token).form(&APPLY).send(mock.address()); // 4
    token_call("other", "guess", &[]).send(mock.address()); // 5
    Call::get("/nothing").send(mock.address()); // 6
    let order = &order.json()["online_order_id"];
    for (query, expected) in [
        (String::new(), vec![1, 2, 3, 4, 5, 6]),
        ("?client_id=other".into(), vec![2, 5]),
        ("?client_id=flexitidemo".into(), vec![1, 3, 4]),
        ("?client_id=nobody".into(), vec![]),
        ("?endpoint=token".into(), vec![1, 2, 5]),
        ("?endpoint=init_plain".into(), vec![3]),
        ("?status=200".into(), vec![1, 2, 3, 4]),
        ("?status=404".into(), vec![6]),
        (format!("?order_id={order}"), vec![3]),
        ("?order_id=1".into(), vec![]),
        ("?after=4".into(), vec![5, 6]),
        ("?after=99".into(), vec![]),
        ("?client_id=other&status=400&after=1".into(), vec![5]),
        ("?endpoint=init".into(), vec![3, 4]),
        ("?endpoint=notification".into(), vec![]),
        ("?method=get".into(), vec![6]),
        ("?path=/flexiti/online-api/oauth".into(), vec![1, 2, 5]),
        ("?before=3".into(), vec![1, 2]),
        ("?after=1&before=4".into(), vec![2, 3]),
        // The latest, unless those after an id are asked for.
        ("?limit=2".into(), vec![5, 6]),
        ("?limit=2&before=5".into(), vec![3, 4]),
        ("?limit=2&after=1".into(), vec![2, 3]),
        ("?limit=0".into(), vec![]),
        (
            "?client_id=flexiti%64emo&endpoint=init%5Fv2".into(),
            vec![4],
        ),
    ] {
        assert_eq!(ids(&mock, &query), expected, "{query}");
    }
}

#[test]
fn filters_that_cannot_be_read_are_refused_by_name() {
    let mock = server("documented");
    for (query, names) in [
        (
            "?colour=blue",
            vec!["colour", "client_id", "order_id", "after"],
        ),
        (
            "?endpoint=checkout",
            vec!["endpoint", "checkout", "token", "init_v2"],
        ),
        ("?status=ok", vec!["status", "ok"]),
        // No status has so many digits; it is none that never came.
        ("?status=70000", vec!["status", "70000"]),
        ("?order_id=-1", vec!["order_id", "-1"]),
        ("?after=1.5", vec!["after", "1.5"]),
        ("?before=x", vec!["before", "x"]),
        ("?limit=-1", vec!["limit", "-1"]),
        ("?path=oauth", vec!["path", "oauth", "slash"]),
        ("?method=", vec!["method", "POST"]),
    ] {
        let answer = list(&mock, query);
        assert_eq!(answer.status, 422, "{query}");
        for name in names {
            assert!(answer.text().contains(name), "{query}: {}", answer.text());
        }
    }
}

#[test]
fn a_full_journal_drops_the_oldest_and_counts_them() {
    let mock = start(&Settings {
        journal_limit: 3,
        ..Settings::default()
    });
    for n in 0..5 {
        Call::get(&format!("/nothing/{n}")).send(mock.address());
    }
    let body = list(&mock, "").json();
    assert_eq!(body["dropped"], 2);
    let paths: Vec<String> = requests(&mock, "")
        .iter()
        .map(|row| text(row, "path"))
        .collect();
    assert_eq!(paths, ["/nothing/2", "/nothing/3", "/nothing/4"]);
    assert_eq!(ids(&mock, ""), [3, 4, 5]);
    // A filter changes what is shown, not what was dropped.
    assert_eq!(list(&mock, "?after=4").json()["dropped"], 2);
    assert_eq!(ids(&mock, "?after=4"), [5]);
}

#[test]
fn a_journal_has_an_end_in_bytes_too() {
    let mock = start(&Settings {
        journal_bytes: 40_000,
        ..Settings::default()
    });
    let large = |n: usize| {
        let body = "x".repeat(n);
        Call::post("/nothing").body(body).send(mock.address());
    };
    for _ in 0..4 {
        large(6_000);
    }
    // Each counts about twice: as sent, and as read.
    assert_eq!(ids(&mock, ""), [2, 3, 4]);
    assert_eq!(list(&mock, "").json()["dropped"], 1);
    // One that is too large for all of it goes at once, and takes the others along.
    large(60_000);
    assert_eq!(ids(&mock, ""), [0; 0]);
    assert_eq!(list(&mock, "").json()["dropped"], 5);
    // What a merchant's reset gave back is free again.
    for _ in 0..3 {
        let call = demo_token_call(&[("x", &"x".repeat(6_000))]);
        call.send(mock.address());
    }
    assert_eq!(ids(&mock, ""), [6, 7, 8]);
    shop::admin(&mock, "POST", "/merchants/flexitidemo/reset", &Value::Null);
    large(6_000);
    large(6_000);
    large(6_000);
    assert_eq!(ids(&mock, ""), [9, 10, 11]);
    assert_eq!(list(&mock, "").json()["dropped"], 5);
}

#[test]
fn a_body_is_kept_as_it_was_sent() {
    let mock = server("documented");
    for body in [
        b"lang=en&&a=%C3%a9+x".as_slice(),
        b"{ \"a\" :1}",
        b"",
        b"a\xffb",
        &vec![b'y'; 64 * 1024],
        // Longer than what the API reads.
        &vec![b'y'; 64 * 1024 + 1],
    ] {
        Call::post("/nothing").body(body).send(mock.address());
    }
    let rows = requests(&mock, "");
    assert_eq!(rows[0]["body"], "lang=en&&a=%C3%a9+x");
    assert_eq!(rows[1]["body"], "{ \"a\" :1}");
    assert_eq!(rows[2]["body"], "");
    assert_eq!(rows[3]["body"], "a\u{fffd}b");
    assert_eq!(text(&rows[4], "body").len(), 64 * 1024);
    assert_eq!(rows[5]["body"], Value::Null);
}

#[test]
fn a_journal_of_nothing_holds_nothing() {
    let mock = start(&Settings {
        journal_limit: 0,
        ..Settings::default()
    });
    token(&mock);
    assert_eq!(
        list(&mock, "").json(),
        json!({"requests": [], "dropped": 1})
    );
}

#[test]
fn the_admin_api_and_the_resets_leave_no_trace_in_it() {
    let mock = two_merchants();
    token(&mock);
    token_call("other", "other-secret", &[]).send(mock.address());
    shop::admin(&mock, "GET", "/health", &Value::Null);
    list(&mock, "");
    assert_eq!(ids(&mock, ""), [1, 2]);
    shop::admin(&mock, "POST", "/merchants/flexitidemo/reset", &Value::Null);
    assert_eq!(ids(&mock, ""), [2]);
    shop::admin(&mock, "DELETE", "/merchants/other", &Value::Null);
    assert_eq!(ids(&mock, ""), [0; 0]);
    // Ids go on, so that `after` never shows an older request as a newer one.
    token(&mock);
    assert_eq!(ids(&mock, ""), [3]);
}

#[test]
fn a_page_is_recorded_without_its_session() {
    let mock = server("documented");
    let order = order(&mock, &APPLY);
    let path = path_of(&text(&order, "redirection_url"));
    Call::get(&path).send(mock.address());
    let rows = requests(&mock, "?after=2");
    let shown = text(&rows[0], "path");
    let hash = shown.strip_prefix("/checkout/***").unwrap();
    assert_eq!(hash.len(), 12, "{shown}");
    assert_eq!(rows[0]["status"], 200);
}

#[test]
fn no_secret_is_in_the_journal() {
    let mock = server("documented");
    let pair = tokens(&mock);
    let (access, refresh_token) = (text(&pair, "access_token"), text(&pair, "refresh_token"));
    opens(&mock, &access);
    let renewed = shop::refresh(&mock, &refresh_token).json();
    let path = path_of(&text(&order(&mock, &APPLY), "redirection_url"));
    let session = path.split(['/', '?']).nth(2).unwrap().to_owned();
    Call::get(&path).send(mock.address());
    let user = [
        ("grant_type", "password"),
        ("username", CLIENT),
        ("password", PASSWORD),
    ];
    let basic = Call::post(TOKEN).header("authorization", BASIC).form(&user);
    basic.send(mock.address());
    demo_token_call(&[("grant_type", "password"), ("password", "guessed-password")])
        .send(mock.address());
    token_call(CLIENT, "guessed-secret", &[]).send(mock.address());
    token_call(CLIENT, &"long-secret".repeat(10), &[]).send(mock.address());
    // Where they do not belong: in the path, in the query, in other headers.
    for target in [
        format!("{TOKEN}?client_secret={SECRET}&token={access}"),
        INIT.replace(CLIENT, SECRET),
        INIT.replace(CLIENT, &access),
        INIT.replace(CLIENT, "flexitidemo%2Dsecret"),
        format!("/flexiti/online-api/{PASSWORD}"),
        format!("/{refresh_token}/{session}"),
    ] {
        Call::post(&target)
            .header("authorization", &format!("Bearer {access}"))
            .header("proxy-authorization", BASIC)
            .header("cookie", &format!("session={session}"))
            .body(format!("client_secret={SECRET}"))
            .send(mock.address());
    }
    let journal = list(&mock, "").text();
    assert!(journal.contains("***"), "{journal}");
    let renewed = [
        text(&renewed, "access_token"),
        text(&renewed, "refresh_token"),
    ];
    let basic = BASIC.strip_prefix("Basic ").unwrap();
    for secret in [
        SECRET,
        PASSWORD,
        basic,
        &access,
        &refresh_token,
        &renewed[0],
        &renewed[1],
        &session,
        "flexitidemo%2Dsecret",
        "guessed-password",
        "guessed-secret",
        "long-secret",
    ] {
        assert!(!journal.contains(secret), "{secret} is in {journal}");
    }
}

#[test]
fn no_secret_is_in_the_journal_whatever_the_header() {
    let mock = server("documented");
    let pair = tokens(&mock);
    let (access, refresh_token) = (text(&pair, "access_token"), text(&pair, "refresh_token"));
    let url = text(&order(&mock, &APPLY), "redirection_url");
    let session = path_of(&url).split(['/', '?']).nth(2).unwrap().to_owned();
    // Nobody's, but it looks like one.
    let foreign = "0123456789abcdef0123456789abcdef01234567";
    for call in [
        demo_token_call(&[]),
        init_call(INIT, &access).form(&APPLY),
        Call::get("/nothing"),
    ] {
        call.header("x-api-key", SECRET)
            .header("x-user", &format!("{CLIENT}:{PASSWORD}"))
            .header("x-access-token", &access)
            .header("x-auth", &format!("token={refresh_token}; other={foreign}"))
            .header("referer", &url)
            .send(mock.address());
    }
    let journal = list(&mock, "").text();
    for secret in [SECRET, PASSWORD, &access, &refresh_token, &session, foreign] {
        assert!(!journal.contains(secret), "{secret} is in {journal}");
    }
    // What stands around them is still there.
    for row in requests(&mock, "?after=3") {
        let headers = &row["headers"];
        assert_eq!(without_hashes(&text(headers, "x-api-key")), "***");
        assert_eq!(without_hashes(&text(headers, "x-user")), "flexitidemo:***");
        let auth = without_hashes(&text(headers, "x-auth"));
        assert_eq!(auth, "token=***; other=***");
        let referer = text(headers, "referer");
        assert!(referer.contains("/checkout/***"), "{referer}");
    }
}
