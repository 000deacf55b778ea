//! Who may call init: the bearer token, whose it is, what it opens.

use crate::shop::{
    self, APPLY, CLIENT, INIT, INIT_V2, LIFE, REFERENCE, advance, demo_token_call, init_call,
    opens, server, start, text, token, token_call, tokens, tokens_of, two_merchants,
};
use crate::wire::{Answer, Call};
use flexiti_mock::{MerchantConfig, Mock, Settings};
use serde_json::json;

const UNKNOWN: &str = "0123456789abcdef0123456789abcdef01234567";

/// An init request with this authorization header, or with none.
fn with_header(mock: &Mock, header: Option<&str>) -> Answer {
    let call = Call::post(INIT).header("x-reference-id", REFERENCE);
    let call = match header {
        Some(header) => call.header("authorization", header),
        None => call,
    };
    call.form(&APPLY).send(mock.address())
}

fn assert_challenged(answer: &Answer, challenge: &str, message: &str) {
    assert_eq!(answer.refusal(), (401, "invalid_token".into()));
    assert_eq!(answer.header("www-authenticate"), Some(challenge));
    assert_eq!(text(&answer.json(), "message"), message);
}

const PLAIN: &str = r#"Bearer realm="Service""#;
const INVALID: &str = r#"Bearer realm="Service", error="invalid_token""#;

#[test]
fn a_fresh_token_opens_both_paths_and_is_not_used_up() {
    let mock = server("documented");
    let token = token(&mock);
    for path in [INIT, INIT_V2, INIT] {
        let answer = init_call(path, &token).form(&APPLY).send(mock.address());
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        assert_eq!(answer.header("www-authenticate"), None);
    }
}

#[test]
fn a_missing_token_is_asked_for_without_an_error_in_the_challenge() {
    let mock = server("documented");
    for header in [None, Some(""), Some("   ")] {
        let answer = with_header(&mock, header);
        assert_challenged(&answer, PLAIN, "The access token was not found");
    }
}

#[test]
fn a_malformed_header_is_refused_and_does_not_open_the_token_in_it() {
    let mock = server("documented");
    let token = token(&mock);
    for header in [
        token.clone(),
        "Bearer".to_owned(),
        format!("Bearer{token}"),
        format!("Token {token}"),
        format!("bearer {token}"),
        format!("BEARER {token}"),
        shop::BASIC.to_owned(),
    ] {
        let answer = with_header(&mock, Some(&header));
        assert_eq!(answer.refusal(), (401, "invalid_token".into()), "{header}");
        assert_eq!(answer.header("www-authenticate"), Some(PLAIN), "{header}");
        assert!(!answer.text().contains(&token), "the token is repeated");
    }
    // RFC 9110 reads the scheme in any case, and so does the lenient server.
    let lenient = server("lenient");
    let token = shop::token(&lenient);
    for header in [format!("bearer {token}"), format!("BEARER {token}")] {
        assert_eq!(with_header(&lenient, Some(&header)).status, 200, "{header}");
    }
}

#[test]
fn an_unknown_token_is_refused() {
    let mock = server("documented");
    let mine = tokens(&mock);
    let token = text(&mine, "access_token");
    for wrong in [
        UNKNOWN.to_owned(),
        text(&mine, "refresh_token"),
        token.to_ascii_uppercase(),
        token[..39].to_owned(),
        format!("{token}0"),
        format!("{token} {token}"),
        "é".to_owned(),
    ] {
        let answer = with_header(&mock, Some(&format!("Bearer {wrong}")));
        assert_challenged(&answer, INVALID, "The access token provided is invalid.");
    }
}

#[test]
fn an_expired_token_is_refused_and_a_new_one_works() {
    let mock = server("documented");
    let old = token(&mock);
    advance(&mock, CLIENT, LIFE);
    let answer = opens(&mock, &old);
    assert_challenged(&answer, INVALID, "The access token provided has expired.");
    assert_eq!(opens(&mock, &token(&mock)).status, 200);
}

#[test]
fn another_clients_token_is_refused_and_the_other_way_round() {
    let mock = two_merchants();
    let mine = token(&mock);
    let other = tokens_of(&mock, &token_call("other", "other-secret", &[]));
    let other = text(&other, "access_token");
    let other_path = INIT.replace(CLIENT, "other");
    let send = |path: &str, token: &str| init_call(path, token).form(&APPLY).send(mock.address());
    for (path, token) in [(INIT, &other), (other_path.as_str(), &mine)] {
        let answer = send(path, token);
        assert_challenged(&answer, INVALID, "The access token provided is invalid.");
    }
    assert_eq!(send(&other_path, &other).status, 200);
    // A client id that nobody has is answered like a foreign one.
    let nobody = INIT.replace(CLIENT, "nobody");
    let answer = send(&nobody, &mine);
    assert_challenged(&answer, INVALID, "The access token provided is invalid.");
}

#[test]
fn a_customer_token_is_refused_unless_the_dialect_opens_init_to_it() {
    let scope = [shop::GRANT, ("scope", "customer")];
    for (dialect, status) in [("documented", 403), ("strict", 403), ("lenient", 200)] {
        let mock = server(dialect);
        let customer = tokens_of(&mock, &demo_token_call(&scope));
        let answer = opens(&mock, &text(&customer, "access_token"));
        assert_eq!(answer.status, status, "{dialect}: {}", answer.text());
        if status == 403 {
            assert_eq!(answer.refusal().1, "insufficient_scope", "{dialect}");
        }
    }
}

#[test]
fn an_account_that_loses_its_role_is_refused_with_a_token_from_before() {
    let mock = server("documented");
    let token = token(&mock);
    let path = format!("/merchants/{CLIENT}");
    let provisioned = |flag: bool| {
        let answer = shop::admin(&mock, "PATCH", &path, &json!({"provisioned": flag}));
        assert_eq!(answer.status, 200);
    };
    provisioned(false);
    assert_eq!(opens(&mock, &token).refusal(), (409, "invalid_role".into()));
    let answer = demo_token_call(&[]).send(mock.address());
    assert_eq!(answer.refusal(), (409, "invalid_role".into()));
    // A wrong secret learns nothing about the account.
    let answer = token_call(CLIENT, "guess", &[]).send(mock.address());
    assert_eq!(answer.refusal(), (400, "invalid_client".into()));
    provisioned(true);
    assert_eq!(opens(&mock, &token).status, 200);
}

#[test]
fn a_request_is_judged_only_once_its_caller_is_known() {
    let mock = server("documented");
    let nonsense = |call: Call| {
        call.header("content-type", "text/plain")
            .body("100%")
            .send(mock.address())
    };
    let answer = nonsense(init_call(INIT, UNKNOWN));
    assert_eq!(answer.status, 401, "{}", answer.text());
    let answer = nonsense(init_call(INIT, &token(&mock)));
    assert_eq!(answer.status, 400, "{}", answer.text());
}

#[test]
fn each_merchant_is_judged_by_its_own_dialect() {
    let mock = start(&Settings {
        merchants: vec![
            MerchantConfig::demo(),
            MerchantConfig {
                dialect: Some("hyperswitch".to_owned()),
                ..shop::merchant("connector")
            },
        ],
        ..Settings::default()
    });
    let connector = tokens_of(&mock, &token_call("connector", "connector-secret", &[]));
    let connector = text(&connector, "access_token");
    let path = INIT.replace(CLIENT, "connector");
    let answer = init_call(&path, &connector)
        .form(&APPLY)
        .send(mock.address());
    assert!(answer.json()["online_order_id"].is_string());
    let order = shop::order(&mock, &APPLY);
    assert!(order["online_order_id"].is_u64(), "{order}");
}
