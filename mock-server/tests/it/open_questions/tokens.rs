//! The token endpoint: what is read, in which words it refuses, and what tokens look like.

use crate::knobs;
use crate::shop::{
    self, CLIENT, GRANT, KEYS, REFERENCE, SECRET, TOKEN, admin, demo_token_call, opens, text,
    token_call, tokens, two_merchants,
};
use crate::wire::{Answer, Call};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flexiti_mock::{MerchantConfig, Mock, Settings};
use serde_json::{Value, json};

/// A client whose secret has signs that a form escapes.
const ODD: &str = "a+b/c==";

fn with_odd_client(encoding: &str) -> Mock {
    let odd = MerchantConfig {
        client_secret: ODD.to_owned(),
        ..shop::merchant("odd")
    };
    let settings = Settings {
        merchants: vec![MerchantConfig::demo(), odd],
        ..Settings::default()
    };
    knobs::with(
        &settings,
        "documented",
        &[("basic_encoding", json!(encoding))],
    )
}

fn by_basic(mock: &Mock, secret: &str) -> Answer {
    let keys = STANDARD.encode(format!("odd:{secret}"));
    Call::post(TOKEN)
        .header("x-reference-id", REFERENCE)
        .header("authorization", &format!("Basic {keys}"))
        .form(&[GRANT])
        .send(mock.address())
}

/// What the journal says of the last request beside its refusal.
fn remedy(mock: &Mock) -> String {
    let list = admin(mock, "GET", "/requests", &Value::Null).json();
    let row = list["requests"].as_array().unwrap().last();
    let id = row.unwrap()["id"].to_string();
    admin(mock, "GET", &format!("/requests/{id}"), &Value::Null).text()
}

#[test]
fn basic_credentials_are_form_decoded_as_the_dialect_says() {
    const ENCODED: &str = "a%2Bb%2Fc%3D%3D";
    for (encoding, raw, decoded) in [("raw", 200, 400), ("form", 400, 200), ("either", 200, 200)] {
        let mock = with_odd_client(encoding);
        for (secret, status) in [(ODD, raw), (ENCODED, decoded)] {
            let answer = by_basic(&mock, secret);
            assert_eq!(answer.status, status, "{encoding} {secret}");
            let challenge = answer.header("www-authenticate");
            let expected = (status == 400).then_some("Basic realm=\"Service\"");
            assert_eq!(challenge, expected, "{encoding} {secret}");
        }
    }
    let mock = with_odd_client("raw");
    let refused = by_basic(&mock, ENCODED);
    assert!(
        !refused.text().contains("form-decoded"),
        "the answer is the usual one"
    );
    let journal = remedy(&mock);
    assert!(
        journal.contains("right once it is form-decoded"),
        "{journal}"
    );
    let mock = with_odd_client("form");
    by_basic(&mock, ODD);
    let journal = remedy(&mock);
    assert!(journal.contains("right as it is"), "{journal}");
    // A wrong secret is just wrong.
    by_basic(&mock, "guess");
    assert!(!remedy(&mock).contains("right as it is"));
}

#[test]
fn a_repeated_parameter_of_token_is_refused_or_read_as_the_dialect_says() {
    let twice = [GRANT, ("scope", "customer"), ("scope", "merchant")];
    for (answer, scope) in [
        ("refuse", None),
        ("first", Some("customer")),
        ("last", Some("merchant")),
    ] {
        let mock = knobs::documented(&[("token_repeated_parameters", json!(answer))]);
        let answered = demo_token_call(&twice).send(mock.address());
        assert_eq!(answered.json()["scope"].as_str(), scope, "{answer}");
        assert_eq!(answered.status, if scope.is_some() { 200 } else { 400 });
    }
}

#[test]
fn parameters_of_the_query_are_read_or_ignored() {
    let sent = |answer: &str, query: &str| {
        let mock = knobs::documented(&[("token_query", json!(answer))]);
        Call::post(&format!("{TOKEN}?{query}"))
            .header("x-reference-id", REFERENCE)
            .form(&[GRANT])
            .send(mock.address())
    };
    assert_eq!(sent("read", KEYS).status, 200);
    assert_eq!(
        sent("ignored", KEYS).refusal(),
        (400, "invalid_client".into())
    );
    let twice = sent("read", &format!("{KEYS}&grant_type=client_credentials"));
    assert_eq!(twice.refusal(), (400, "invalid_request".into()));
}

#[test]
fn an_unknown_client_is_told_apart_from_a_wrong_secret_or_not() {
    let message = |mock: &Mock, id: &str, secret: &str| {
        let refused = token_call(id, secret, &[GRANT]).send(mock.address());
        assert_eq!(refused.refusal(), (400, "invalid_client".into()));
        text(&refused.json(), "message")
    };
    let wrong = "Client credentials are invalid";
    for (answer, unknown) in [
        ("same", wrong),
        ("told_apart", "Invalid or missing client_id parameter"),
    ] {
        let mock = knobs::documented(&[("unknown_client", json!(answer))]);
        assert_eq!(message(&mock, "nobody", SECRET), unknown);
        assert_eq!(message(&mock, CLIENT, "guess"), wrong);
    }
}

#[test]
fn opaque_tokens_work_like_the_others_and_are_hidden_like_them() {
    let mock = knobs::documented(&[("token_shape", json!("opaque"))]);
    let pair = tokens(&mock);
    for name in ["access_token", "refresh_token"] {
        let token = text(&pair, name);
        let is_digit = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        assert!(token.len() == 40 && token.bytes().all(is_digit), "{token}");
    }
    let access = text(&pair, "access_token");
    assert_eq!(opens(&mock, &access).status, 200);
    let next = shop::refresh(&mock, &text(&pair, "refresh_token"));
    assert_eq!(next.status, 200, "{}", next.text());
    // Wherever a client puts it.
    Call::get(&format!("/flexiti/{access}?a={access}")).send(mock.address());
    let shown = admin(&mock, "GET", "/requests", &Value::Null).text();
    assert!(!shown.contains(&access), "{shown}");
}

#[test]
fn a_token_answer_forbids_storing_it_or_not() {
    for (answer, header) in [(true, Some("no-store")), (false, None)] {
        let mock = knobs::documented(&[("no_store", json!(answer))]);
        let given = demo_token_call(&[GRANT]).send(mock.address());
        assert_eq!(given.status, 200);
        assert_eq!(given.header("cache-control"), header);
    }
}

#[test]
fn a_foreign_token_opens_an_order_of_the_paths_client_where_it_is_accepted() {
    let settings = Settings {
        merchants: vec![MerchantConfig::demo(), shop::merchant("other")],
        ..Settings::default()
    };
    let accepted = [("foreign_token_error", json!("accepted"))];
    let mock = knobs::with(&settings, "documented", &accepted);
    let mine = shop::token(&mock);
    let path = shop::INIT.replace(CLIENT, "other");
    let opened = shop::init_call(&path, &mine).form(&shop::APPLY);
    let opened = opened.send(mock.address());
    assert_eq!(opened.status, 200, "{}", opened.text());
    let id = opened.json()["online_order_id"].clone();
    let order = admin(&mock, "GET", &format!("/orders/{id}"), &Value::Null).json();
    assert_eq!(order["client_id"], "other", "{order}");
    let nobody = shop::INIT.replace(CLIENT, "nobody");
    let refused = shop::init_call(&nobody, &mine).form(&shop::APPLY);
    assert_eq!(refused.send(mock.address()).status, 404);
    // The default refuses it.
    let mock = two_merchants();
    let call = shop::init_call(&path, &shop::token(&mock)).form(&shop::APPLY);
    assert_eq!(call.send(mock.address()).status, 401);
}
