//! `POST /oauth/token`: how tokens are given, renewed and refused.

use crate::shop::{
    self, BASIC, CLIENT, GRANT, LIFE, PASSWORD, REFERENCE, SECRET, TOKEN, advance, demo_token_call,
    opens, refresh, server, start, text, token_call, tokens, tokens_of, two_merchants,
};
use crate::wire::Call;
use flexiti_mock::Settings;
use serde_json::Value;

const INVALID_GRANT: &str = "invalid_grant";

fn is_token(text: &str) -> bool {
    text.len() == 40 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

#[test]
fn the_answer_is_the_documented_one_and_may_not_be_stored() {
    let mock = server("documented");
    let answer = demo_token_call(&[]).send(mock.address());
    assert_eq!(answer.status, 200);
    let keys: Vec<String> = answer.json().as_object().unwrap().keys().cloned().collect();
    let expected = [
        "token_type",
        "access_token",
        "expires_in",
        "refresh_token",
        "scope",
    ];
    assert_eq!(keys, expected);
    let body = answer.json();
    assert_eq!(body["token_type"], "bearer");
    assert_eq!(body["expires_in"], 1200);
    assert_eq!(body["scope"], "merchant");
    assert!(is_token(&text(&body, "access_token")), "{body}");
    assert!(is_token(&text(&body, "refresh_token")), "{body}");
    assert_ne!(body["access_token"], body["refresh_token"]);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("pragma"), Some("no-cache"));
    let media = answer.header("content-type").unwrap();
    assert!(media.starts_with("application/json"), "{media}");
}

#[test]
fn every_answer_has_a_new_pair_and_the_old_token_lives_on() {
    let mock = server("documented");
    let (first, second) = (tokens(&mock), tokens(&mock));
    assert_ne!(first["access_token"], second["access_token"]);
    assert_ne!(first["refresh_token"], second["refresh_token"]);
    for pair in [first, second] {
        assert_eq!(opens(&mock, &text(&pair, "access_token")).status, 200);
    }
}

#[test]
fn a_token_is_renewed_until_the_moment_it_expires() {
    let mock = server("documented");
    // Stopped, so that no time passes but what the test lets pass.
    freeze(&mock);
    let first = tokens(&mock);
    advance(&mock, CLIENT, LIFE - 1);
    assert_eq!(opens(&mock, &text(&first, "access_token")).status, 200);
    let second = refresh(&mock, &text(&first, "refresh_token"));
    assert_eq!(second.status, 200, "{}", second.text());
    let second = second.json();
    assert_ne!(second["access_token"], first["access_token"]);
    assert_eq!(second["expires_in"], 1200);
    assert_eq!(opens(&mock, &text(&second, "access_token")).status, 200);

    advance(&mock, CLIENT, 1);
    let late = opens(&mock, &text(&first, "access_token"));
    assert_eq!(late.refusal(), (401, "invalid_token".into()));
    assert_eq!(opens(&mock, &text(&second, "access_token")).status, 200);
    advance(&mock, CLIENT, LIFE - 1);
    let late = refresh(&mock, &text(&second, "refresh_token"));
    assert_eq!(late.refusal(), (400, INVALID_GRANT.into()));
    assert!(text(&late.json(), "message").contains("expired"));
}

fn freeze(mock: &flexiti_mock::Mock) {
    let path = format!("/merchants/{CLIENT}/clock");
    let frozen = serde_json::json!({"frozen": true});
    assert_eq!(shop::admin(mock, "PUT", &path, &frozen).status, 200);
}

#[test]
fn a_lenient_server_renews_an_expired_token_until_the_refresh_token_ends_too() {
    let mock = server("lenient");
    let fortnight = 14 * 24 * 3_600 * 1_000;
    freeze(&mock);
    let pair = tokens(&mock);
    advance(&mock, CLIENT, fortnight - 1);
    assert_eq!(refresh(&mock, &text(&pair, "refresh_token")).status, 200);
    advance(&mock, CLIENT, 1);
    let late = refresh(&mock, &text(&pair, "refresh_token"));
    assert_eq!(late.refusal(), (400, INVALID_GRANT.into()));
}

#[test]
fn a_refresh_token_works_once_and_the_next_one_goes_on() {
    let mock = server("documented");
    let first = text(&tokens(&mock), "refresh_token");
    let second = refresh(&mock, &first).json();
    let again = refresh(&mock, &first);
    assert_eq!(again.refusal(), (400, INVALID_GRANT.into()));
    let third = refresh(&mock, &text(&second, "refresh_token"));
    assert_eq!(third.status, 200, "{}", third.text());
}

#[test]
fn a_refused_refresh_does_not_use_the_token_up() {
    let mock = two_merchants();
    let mine = text(&tokens(&mock), "refresh_token");
    let grant = [
        ("grant_type", "refresh_token"),
        ("refresh_token", mine.as_str()),
    ];
    for thief in [
        token_call("other", "other-secret", &grant),
        token_call(CLIENT, "guess", &grant),
    ] {
        let answer = thief.send(mock.address());
        assert_eq!(answer.status, 400, "{}", answer.text());
    }
    assert_eq!(refresh(&mock, &mine).status, 200);
}

#[test]
fn a_lenient_server_takes_a_refresh_token_twice() {
    let mock = server("lenient");
    let token = text(&tokens(&mock), "refresh_token");
    for _ in 0..2 {
        assert_eq!(refresh(&mock, &token).status, 200);
    }
}

#[test]
fn only_a_strict_server_ends_the_access_token_that_was_renewed() {
    for (dialect, status) in [("documented", 200), ("strict", 401)] {
        let mock = server(dialect);
        let pair = tokens(&mock);
        assert_eq!(opens(&mock, &text(&pair, "access_token")).status, 200);
        assert_eq!(refresh(&mock, &text(&pair, "refresh_token")).status, 200);
        let answer = opens(&mock, &text(&pair, "access_token"));
        assert_eq!(answer.status, status, "{dialect}");
    }
}

#[test]
fn access_tokens_and_foreign_tokens_are_no_refresh_tokens() {
    let mock = two_merchants();
    let mine = tokens(&mock);
    let other = tokens_of(&mock, &token_call("other", "other-secret", &[]));
    for token in [
        text(&mine, "access_token"),
        text(&other, "refresh_token"),
        text(&other, "access_token"),
        text(&mine, "refresh_token").to_ascii_uppercase(),
        format!("{}0", text(&mine, "refresh_token")),
    ] {
        let answer = refresh(&mock, &token);
        assert_eq!(answer.refusal(), (400, INVALID_GRANT.into()), "{token}");
        assert!(!answer.text().contains(&token), "the token is repeated");
    }
}

#[test]
fn a_refresh_keeps_the_scope() {
    let mock = server("documented");
    let customer = tokens_of(&mock, &demo_token_call(&[("scope", "customer")]));
    assert_eq!(customer["scope"], "customer");
    let renewed = refresh(&mock, &text(&customer, "refresh_token")).json();
    assert_eq!(renewed["scope"], "customer");
    let answer = opens(&mock, &text(&renewed, "access_token"));
    assert_eq!(answer.refusal(), (403, "insufficient_scope".into()));
}

#[test]
fn an_unknown_client_and_a_wrong_secret_get_the_same_answer() {
    let mock = server("documented");
    let answers = [
        token_call("nobody", SECRET, &[]),
        token_call(CLIENT, "guess", &[]),
        token_call(CLIENT, "flexitidemo-secre", &[]),
        token_call("FLEXITIDEMO", SECRET, &[]),
    ]
    .map(|call| {
        let mut answer = call.send(mock.address());
        answer.headers.retain(|(name, _)| name != "date");
        (answer.status, answer.headers.clone(), answer.text())
    });
    assert_eq!(answers[0].0, 400);
    assert!(answers[0].2.contains("invalid_client"));
    for answer in &answers[1..] {
        assert_eq!(answer, &answers[0]);
    }
}

#[test]
fn a_parameter_may_stand_once_only_in_every_dialect() {
    for dialect in ["documented", "lenient", "strict", "hyperswitch"] {
        let mock = server(dialect);
        assert_eq!(demo_token_call(&[GRANT]).send(mock.address()).status, 200);
        for twice in [GRANT, ("client_id", CLIENT), ("client_secret", "guess")] {
            let answer = demo_token_call(&[GRANT, twice]).send(mock.address());
            let refusal = answer.refusal();
            assert_eq!(
                refusal,
                (400, "invalid_request".into()),
                "{dialect} {twice:?}"
            );
            assert!(answer.text().contains(twice.0), "{dialect} {twice:?}");
            assert!(!answer.text().contains("guess"), "{dialect}");
        }
    }
}

#[test]
fn the_query_string_is_not_read() {
    let mock = server("documented");
    let keys = format!("client_id={CLIENT}&client_secret={SECRET}");
    let call = Call::post(&format!("{TOKEN}?{keys}")).header("x-reference-id", REFERENCE);
    let answer = call.form::<&str, &str>(&[]).send(mock.address());
    assert_eq!(answer.refusal(), (400, "invalid_client".into()));
    // Nor does it disturb what the body says.
    let call = Call::post(&format!("{TOKEN}?scope=customer&client_id=nobody"))
        .header("x-reference-id", REFERENCE)
        .form(&[("client_id", CLIENT), ("client_secret", SECRET)]);
    assert_eq!(tokens_of(&mock, &call)["scope"], "merchant");
}

#[test]
fn a_seed_repeats_the_tokens_and_no_seed_does_not() {
    let pairs = |seed| -> [Value; 2] {
        let mock = start(&Settings {
            seed,
            ..Settings::default()
        });
        [tokens(&mock), tokens(&mock)]
    };
    assert_eq!(pairs(Some(7)), pairs(Some(7)));
    assert_ne!(pairs(Some(7)), pairs(Some(8)));
    assert_ne!(pairs(None), pairs(None));
}

#[test]
fn the_password_grant_takes_the_client_keys_from_form_or_basic_header() {
    let mock = server("documented");
    let user = [
        ("grant_type", "password"),
        ("username", CLIENT),
        ("password", PASSWORD),
    ];
    let basic = Call::post(TOKEN)
        .header("x-reference-id", REFERENCE)
        .header("authorization", BASIC)
        .form(&user);
    for call in [demo_token_call(&user), basic.clone()] {
        let pair = tokens_of(&mock, &call);
        assert_eq!(opens(&mock, &text(&pair, "access_token")).status, 200);
        assert_eq!(refresh(&mock, &text(&pair, "refresh_token")).status, 200);
    }
    let wrong_user = [user[0], user[1], ("password", "guess")];
    let answer = basic.clone().form(&wrong_user).send(mock.address());
    assert_eq!(answer.refusal(), (400, INVALID_GRANT.into()));
    // The right user with a wrong client secret: `flexitidemo:guess`.
    let answer = basic
        .without("authorization")
        .header("authorization", "Basic ZmxleGl0aWRlbW86Z3Vlc3M=")
        .send(mock.address());
    assert_eq!(answer.refusal(), (400, "invalid_client".into()));
}

#[test]
fn a_broken_basic_header_counts_as_none() {
    let mock = server("documented");
    // No base64; no colon (`flexitidemo`); not UTF-8; another scheme; no value at all.
    for header in [
        "Basic ***",
        "Basic ZmxleGl0aWRlbW8=",
        "Basic //86//8=",
        "Digest x",
        "Basic",
    ] {
        let answer = Call::post(TOKEN)
            .header("x-reference-id", REFERENCE)
            .header("authorization", header)
            .form(&[GRANT])
            .send(mock.address());
        assert_eq!(answer.refusal(), (400, "invalid_client".into()), "{header}");
    }
}

#[test]
fn a_merchant_without_a_portal_user_has_no_password_grant() {
    let mock = two_merchants();
    for user in [("", ""), ("other", "other-secret"), (CLIENT, PASSWORD)] {
        let grant = [
            ("grant_type", "password"),
            ("username", user.0),
            ("password", user.1),
        ];
        let answer = token_call("other", "other-secret", &grant).send(mock.address());
        assert_eq!(answer.status, 400, "{user:?}");
    }
}

#[test]
fn refusals_do_not_repeat_secrets() {
    let mock = server("documented");
    let long = "s".repeat(101);
    let answer = token_call(CLIENT, &long, &[]).send(mock.address());
    assert_eq!(answer.fields(), ["client_secret length"]);
    assert!(!answer.text().contains(&long));
    let grant = [
        ("grant_type", "password"),
        ("username", CLIENT),
        ("password", "hush-hush"),
    ];
    let answer = demo_token_call(&grant).send(mock.address());
    assert_eq!(answer.status, 400);
    assert!(!answer.text().contains("hush-hush"));
    assert!(!answer.text().contains(SECRET));
}

#[test]
fn the_content_type_may_have_parameters_and_any_case() {
    let mock = server("documented");
    for (media, status) in [
        ("application/x-www-form-urlencoded; charset=utf-8", 200),
        ("Application/X-WWW-Form-URLEncoded", 200),
        ("multipart/form-data; boundary=x", 400),
        ("application/json", 400),
        ("application/x-www-form-urlencodedx", 400),
    ] {
        let answer = demo_token_call(&[])
            .without("content-type")
            .header("content-type", media)
            .send(mock.address());
        assert_eq!(answer.status, status, "{media}: {}", answer.text());
    }
    let answer = demo_token_call(&[])
        .without("content-type")
        .send(mock.address());
    assert_eq!(answer.refusal(), (400, "invalid_request".into()));
}

#[test]
fn a_secret_sent_as_reference_id_is_not_sent_back() {
    let mock = server("documented");
    let bearer = shop::token(&mock);
    for (id, value) in [
        (SECRET, Value::Null),
        (PASSWORD, Value::Null),
        ("no GUID", "no GUID".into()),
    ] {
        for call in [
            demo_token_call(&[]),
            shop::init_call(shop::INIT, &bearer).form(&shop::APPLY),
        ] {
            let call = call.without("x-reference-id").header("x-reference-id", id);
            let answer = call.send(mock.address());
            assert_eq!(answer.refusal(), (409, "wrong_inputs".into()));
            assert_eq!(answer.fields(), ["x-reference-id invalid"]);
            assert_eq!(answer.json()["field_errors"][0]["value"], value);
            assert!(
                value == id || !answer.text().contains(id),
                "{}",
                answer.text()
            );
        }
    }
}
