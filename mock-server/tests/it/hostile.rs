//! Whatever arrives is answered, never with a 5xx, and the server goes on.

use crate::shop::{
    self, APPLY, INIT, INIT_V2, KEYS, TOKEN, assert_well, demo_token_call, init_call, server, token,
};
use crate::wire::{Answer, Call};

const LIMIT: usize = 64 * 1024;

/// A refusal that says what it is: a 4xx, and JSON with the error word.
fn assert_refused(answer: &Answer, what: &str) {
    assert!(
        (400..500).contains(&answer.status),
        "{what}: {}",
        answer.status
    );
    let body = answer.json();
    for key in ["error", "message"] {
        assert!(body[key].is_string(), "{what}: {body}");
    }
}

#[test]
fn unknown_paths_are_not_found() {
    let mock = server("documented");
    for path in [
        "//",
        "/flexiti/online-api",
        "/flexiti/online-api/",
        "/oauth/token",
        "/flexiti/online-api/oauth/token/",
        "/flexiti/online-api/oauth//token",
        "/flexiti/online-api/OAUTH/token",
        "/flexiti/online-api/online/v3/client-id/flexitidemo/systems/init",
        "/flexiti/online-api/online/client-id//systems/init",
        "/flexiti/online-api/online/client-id/a/b/systems/init",
        "/flexiti/online-api/../../etc/passwd",
        "/%00",
        "/checkout",
        "/%ff%fe",
    ] {
        for method in ["GET", "POST"] {
            let answer = Call::new(method, path).send(mock.address());
            assert_eq!(
                answer.refusal(),
                (404, "not_found".into()),
                "{method} {path}"
            );
            assert_refused(&answer, path);
            assert_eq!(answer.json()["url"], path, "{path}");
        }
    }
    assert_well(&mock);
}

#[test]
fn wrong_methods_are_told_the_right_one() {
    let mock = server("documented");
    for path in [TOKEN, INIT, INIT_V2] {
        for method in ["GET", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"] {
            let answer = Call::new(method, path).send(mock.address());
            assert_eq!(
                answer.refusal(),
                (405, "method_not_allowed".into()),
                "{method}"
            );
            assert_eq!(answer.header("allow"), Some("POST"), "{method} {path}");
        }
        let answer = Call::new("HEAD", path).send(mock.address());
        assert_eq!(answer.status, 405, "HEAD {path}");
        assert_eq!(answer.header("allow"), Some("POST"), "HEAD {path}");
    }
    assert_well(&mock);
}

/// A token request whose body has exactly `length` bytes.
fn of_length(length: usize) -> Call {
    let padding = "x".repeat(length - KEYS.len() - "&padding=".len());
    let body = format!("{KEYS}&padding={padding}");
    assert_eq!(body.len(), length);
    let call = demo_token_call(&[]).without("content-type");
    call.header("content-type", "application/x-www-form-urlencoded")
        .body(body)
}

#[test]
fn a_body_of_64_kib_is_read_and_one_byte_more_is_not() {
    let mock = server("documented");
    let answer = of_length(LIMIT).send(mock.address());
    assert_eq!(answer.status, 200, "{}", answer.text());
    for length in [LIMIT + 1, 2 * LIMIT] {
        let answer = of_length(length).send(mock.address());
        assert_eq!(
            answer.refusal(),
            (413, "payload_too_large".into()),
            "{length}"
        );
        assert_refused(&answer, "too large");
    }
    // Before anything else is looked at: there is no token here.
    let answer = Call::post(INIT)
        .body(vec![b'x'; LIMIT + 1])
        .send(mock.address());
    assert_eq!(answer.status, 413);
}

#[test]
fn a_body_of_5_mib_gets_its_answer_and_no_reset() {
    let mock = server("documented");
    let answer = of_length(5 * 1024 * 1024).send(mock.address());
    assert_eq!(answer.refusal(), (413, "payload_too_large".into()));
    // The same in chunks, which announce no length.
    let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
    let body = format!("{}0\r\n\r\n", chunk.repeat(80));
    let answer = Call::post(TOKEN)
        .header("transfer-encoding", "chunked")
        .body(body)
        .send(mock.address());
    assert_eq!(answer.status, 413);
    assert_well(&mock);
}

#[test]
fn text_that_is_not_utf_8_is_refused() {
    let mock = server("documented");
    let token = token(&mock);
    for body in [
        b"lang=\xff".as_slice(),
        b"lang=%ff",
        b"%c3=1",
        b"lang=fr&\xc3\x28=1",
    ] {
        for call in [init_call(INIT, &token), demo_token_call(&[])] {
            let answer = call
                .without("content-type")
                .header("content-type", "application/x-www-form-urlencoded")
                .body(body)
                .send(mock.address());
            assert_eq!(
                answer.refusal(),
                (400, "invalid_request".into()),
                "{body:?}"
            );
            assert_refused(&answer, "not UTF-8");
        }
    }
    let answer = init_call(INIT, &token)
        .header("content-type", "application/json")
        .body(b"{\"lang\":\"\xff\"}".as_slice())
        .send(mock.address());
    assert_eq!(answer.refusal(), (400, "invalid_request".into()));
    assert_well(&mock);
}

#[test]
fn broken_percent_escapes_are_refused() {
    let mock = server("documented");
    for tail in ["%", "%4", "%zz", "100% sure", "%%20", "%u00e9"] {
        let answer = demo_token_call(&[])
            .body(format!("{KEYS}&note={tail}"))
            .send(mock.address());
        assert_eq!(answer.refusal(), (400, "invalid_request".into()), "{tail}");
    }
    let answer = demo_token_call(&[]).body(format!("{KEYS}&note=100%25+sure"));
    assert_eq!(answer.send(mock.address()).status, 200);
}

#[test]
fn json_that_cannot_be_read_is_refused() {
    let mock = server("documented");
    let token = token(&mock);
    let deep_list = format!("{{\"lang\":{}{}}}", "[".repeat(20_000), "]".repeat(20_000));
    let deep_object = format!("{}1{}", "{\"a\":".repeat(10_000), "}".repeat(10_000));
    for body in [
        "",
        "{",
        "nonsense",
        "[]",
        "null",
        "7",
        r#""text""#,
        r#"{"lang": "fr"} {"lang": "fr"}"#,
        r#"{"lang": "fr",}"#,
        r#"{lang: "fr"}"#,
        r#"{"lang": "\ud800"}"#,
        r#"{"amount_requested": 1e999}"#,
        "{\"lang\": \"a\u{0}b\"}",
        &deep_list,
        &deep_object,
    ] {
        let answer = init_call(INIT, &token)
            .header("content-type", "application/json")
            .body(body)
            .send(mock.address());
        let start: String = body.chars().take(40).collect();
        assert_eq!(answer.refusal(), (400, "invalid_request".into()), "{start}");
        assert_refused(&answer, &start);
    }
    assert_well(&mock);
}

#[test]
fn strange_values_are_refused_as_wrong_inputs_or_taken_as_text() {
    let mock = server("documented");
    let token = token(&mock);
    let long = "9".repeat(10_000);
    for (name, value, status) in [
        ("fname", "a\u{0}b", 200),
        ("fname", "\u{202e}abc\r\n\t", 200),
        ("lang", "fr\u{0}", 409),
        ("amount_requested", long.as_str(), 409),
        ("amount_requested", "٣", 409),
        ("dob", "2000-02-30", 409),
        ("dob", "99999-01-01", 409),
        ("customer_id", "-1", 409),
    ] {
        let pairs = APPLY.iter().filter(|(n, _)| *n != name).copied();
        let pairs: Vec<(&str, &str)> = pairs.chain([(name, value)]).collect();
        let answer = init_call(INIT, &token).form(&pairs).send(mock.address());
        assert_eq!(answer.status, status, "{name}: {}", answer.text());
    }
    let many: Vec<(String, &str)> = (0..5_000).map(|n| (format!("x{n}"), "")).collect();
    let answer = init_call(INIT, &token).form(&many).send(mock.address());
    assert_eq!(
        answer.fields(),
        [
            "lang required",
            "flow required",
            "amount_requested required"
        ]
    );
    assert_well(&mock);
}

#[test]
fn no_dialect_answers_garbage_with_a_5xx() {
    for dialect in ["documented", "lenient", "strict", "hyperswitch"] {
        let mock = server(dialect);
        let token = shop::token(&mock);
        for media in [
            "application/x-www-form-urlencoded",
            "application/json",
            "",
            "\u{ff}",
        ] {
            for body in [
                b"\xff\xfe=%&[]=&".as_slice(),
                b"{\"a\":",
                b"[[[",
                b"\0\0",
                b"a[b]=1&a[b=2",
            ] {
                for path in [TOKEN, INIT, INIT_V2] {
                    let answer = init_call(path, &token)
                        .header("content-type", media)
                        .body(body)
                        .send(mock.address());
                    // A form of unknown names is, to a lenient server, an empty one.
                    let empty = dialect == "lenient" && path == INIT && answer.status == 200;
                    assert!(
                        (400..500).contains(&answer.status) || empty,
                        "{dialect} {path} {body:?}"
                    );
                }
            }
        }
        assert_eq!(
            demo_token_call(&[shop::GRANT]).send(mock.address()).status,
            200
        );
    }
}

#[test]
fn a_flow_of_the_wrong_type_is_one_mistake_and_hides_no_other() {
    let mock = server("documented");
    let token = token(&mock);
    let init = |body| {
        let call = init_call(INIT_V2, &token).header("content-type", "application/json");
        call.body(body).send(mock.address())
    };
    let answer = init(r#"{"lang":"en","flow":5,"amount_requested":5}"#);
    assert_eq!(answer.refusal(), (409, "wrong_inputs".into()));
    assert_eq!(answer.fields(), ["flow type"]);
    assert_eq!(answer.json()["field_errors"][0]["value"], 5);
    // The journal knows of no other either.
    let journal = shop::admin(&mock, "GET", "/requests?after=1", &serde_json::Value::Null);
    let violations = &journal.json()["requests"][0]["violations"];
    assert_eq!(violations.as_array().map(Vec::len), Some(1), "{violations}");
    let answer = init(r#"{"flow":5,"amount_requested":0}"#);
    assert_eq!(
        answer.fields(),
        ["lang required", "flow type", "amount_requested invalid"]
    );
}
