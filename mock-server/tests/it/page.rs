//! The page at a redirection URL.

use crate::browser::walk;
use crate::checkout::{self, APPLICATION};
use crate::shop::{
    self, APPLY, INIT, SECRET, init_call, merchant, order, path_of, server, start, text, token,
};
use crate::wire::{Answer, Call};
use flexiti_mock::{MerchantConfig, Mock, Settings};
use std::collections::HashSet;

fn page_of(mock: &Mock, order: &serde_json::Value) -> Answer {
    Call::get(&path_of(&text(order, "redirection_url"))).send(mock.address())
}

fn page(mock: &Mock, pairs: &[(&str, &str)]) -> String {
    let answer = page_of(mock, &order(mock, pairs));
    assert_eq!(answer.status, 200);
    answer.text()
}

fn asks(lang: &'static str, amount: &'static str) -> [(&'static str, &'static str); 3] {
    [
        ("lang", lang),
        ("flow", "apply"),
        ("amount_requested", amount),
    ]
}

#[test]
fn it_is_html_that_nobody_stores_and_that_tells_nobody_its_address() {
    let mock = server("documented");
    let answer = page_of(&mock, &order(&mock, &APPLY));
    assert_eq!(answer.status, 200);
    let media = answer.header("content-type");
    assert_eq!(media, Some("text/html; charset=utf-8"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
    assert!(answer.text().starts_with("<!doctype html>"));
}

#[test]
fn it_speaks_the_orders_language_and_writes_amounts_as_that_language_does() {
    let mock = server("documented");
    for (lang, code, amount) in [
        ("en", "en", "$1,234.50"),
        ("En-CA", "en", "$1,234.50"),
        ("fr", "fr", "1\u{a0}234,50\u{a0}$"),
        ("fr-CA", "fr", "1\u{a0}234,50\u{a0}$"),
        // The oldest reference prints this for French.
        ("en-FR", "fr", "1\u{a0}234,50\u{a0}$"),
    ] {
        let page = page(&mock, &asks(lang, "1234.5"));
        assert!(
            page.contains(&format!(r#"<html lang="{code}""#)),
            "{lang}: {page}"
        );
        assert!(page.contains(amount), "{lang}: {page}");
    }
}

#[test]
fn amounts_keep_every_cent() {
    let mock = server("documented");
    for (sent, shown) in [
        ("0.01", "$0.01"),
        ("999", "$999.00"),
        ("1000", "$1,000.00"),
        ("9999999999999999.99", "$9,999,999,999,999,999.99"),
    ] {
        let page = page(&mock, &asks("en", sent));
        assert!(page.contains(shown), "{sent}: {page}");
    }
}

#[test]
fn it_shows_what_the_order_is_about() {
    let mock = server("documented");
    let pairs = [
        &APPLY[..],
        &[
            ("merchant_orderid", "CART-10045"),
            ("fname", "Zoé"),
            ("lname", "Côté"),
        ],
    ]
    .concat();
    let order = order(&mock, &pairs);
    let page = page_of(&mock, &order).text();
    for shown in [
        order["online_order_id"].to_string().as_str(),
        "CART-10045",
        "$499.99",
        // The shop as its customers know it, and not by its client id (C-1).
        "127.0.0.1:9000",
        "value=\"Zoé\"",
        "value=\"Côté\"",
    ] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    assert!(!page.contains(shop::CLIENT), "{page}");
}

const MARK_UP: &str = r#"<script>alert(1)</script>"onload="x" 'y' &amp;"#;
const MARKED_EMAIL: &str = r#"<b>"x"@example.com"#;

/// Mark-up in every parameter of init that takes any text.
fn marked() -> Vec<(String, String)> {
    let mut pairs: Vec<(String, &str)> = [
        "merchant_orderid",
        "vcc",
        "salutation",
        "phone_number",
        "fname",
        "mname",
        "lname",
        "address_1",
        "address_2",
        "city",
    ]
    .map(|name| (name.to_owned(), MARK_UP))
    .into();
    pairs.push(("email".to_owned(), MARKED_EMAIL));
    for block in ["billing_information", "shipping_information"] {
        for field in ["first_name", "last_name", "address_1", "address_2", "city"] {
            pairs.push((format!("{block}.{field}"), MARK_UP));
        }
        pairs.push((format!("{block}.province"), "QC"));
        pairs.push((format!("{block}.postal_code"), "H2Y1C6"));
    }
    for (name, value) in [
        ("lang", "en"),
        ("flow", "apply/buy"),
        ("amount_requested", "5"),
    ] {
        pairs.push((name.to_owned(), value));
    }
    let owned = |(name, value): (String, &str)| (name, value.to_owned());
    pairs.into_iter().map(owned).collect()
}

fn assert_only_text(what: &str, answer: &Answer) {
    let page = answer.text();
    assert!(page.contains("<h1>"), "{what} is a page: {page}");
    for raw in ["<script", "</script", "\"onload", "\"x\"", "'y'", "<b>"] {
        assert!(!page.contains(raw), "{what}, {raw}: {page}");
    }
}

#[test]
fn mark_up_in_any_field_stays_text() {
    let mock = server("documented");
    let order = walk::init(&mock, true, &marked());
    let look = |what| {
        let answer = checkout::look(&mock, &order);
        assert_only_text(what, &answer);
        answer.text()
    };
    let send = |step, typed: &[(&str, &str)]| {
        let answer = checkout::send(&mock, &order, step, typed);
        assert_eq!(answer.status, 422, "{step}");
        assert_only_text(step, &answer);
        answer.text()
    };
    let take = |step, typed: &[(&str, &str)]| checkout::take(&mock, &order, step, typed);
    assert!(look("choice").contains("alert(1)"), "the order is shown");
    take("begin", &[("way", "apply")]);
    let fields = look("form").matches("alert(1)").count();
    assert_eq!(fields, 8, "seven fields and the order");
    let every: Vec<_> = APPLICATION.map(|(name, _)| (name, MARK_UP)).into();
    let fields = send("application", &every).matches("alert(1)").count();
    assert_eq!(fields, 11, "all that was typed is shown again");
    let mut typed = APPLICATION;
    for (name, value) in &mut typed {
        if matches!(*name, "fname" | "lname" | "address_1" | "city") {
            *value = MARK_UP;
        } else if *name == "email" {
            *value = MARKED_EMAIL;
        }
    }
    take("application", &typed);
    look("code");
    send("pin", &[("pin", MARK_UP)]);
    take("pin", &[("pin", "2222")]);
    look("approved");
    take("begin", &[("way", "buy")]);
    look("plan");
    send("plan", &[("plan", MARK_UP)]);
    take("plan", &[("plan", "0")]);
    look("confirm");
    send("confirm", &[("other", MARK_UP)]);
    take("confirm", &[("agree", MARK_UP)]);
    look("purchased");
    assert_eq!(walk::order(&mock, order.id)["outcome"], "purchased");

    let card = walk::init(&mock, true, &marked());
    // The card that init named is no card.
    checkout::take(&mock, &card, "begin", &[("way", "buy")]);
    assert_only_text("card", &checkout::look(&mock, &card));
    let answer = checkout::send(&mock, &card, "identify", &[("card", MARK_UP)]);
    assert_only_text("card", &answer);
    assert_eq!(answer.text().matches("alert(1)").count(), 2);
}

#[test]
fn a_session_that_does_not_exist_has_a_page_in_both_languages() {
    let mock = server("documented");
    order(&mock, &APPLY);
    let sessions = [
        "0123456789abcdef0123456789abcdef",
        "x",
        "%3Cscript%3E",
        "..",
        "%00",
    ];
    for session in sessions {
        let answer = Call::get(&format!("/checkout/{session}")).send(mock.address());
        assert_eq!(answer.status, 404, "{session}");
        let media = answer.header("content-type").unwrap();
        assert!(media.starts_with("text/html"), "{session}: {media}");
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        let page = answer.text();
        assert!(page.contains(r#"lang="en""#) && page.contains(r#"lang="fr""#));
        assert!(!page.contains("<script"), "{session}");
    }
}

#[test]
fn its_address_is_unguessable_and_holds_no_credential() {
    let mock = server("documented");
    let token = token(&mock);
    let mut seen = HashSet::new();
    for _ in 0..20 {
        let answer = init_call(INIT, &token).form(&APPLY).send(mock.address());
        let body = answer.json();
        let url = text(&body, "redirection_url");
        for secret in [token.as_str(), SECRET] {
            assert!(!url.contains(secret), "{url}");
        }
        let path = path_of(&url);
        let session = path.strip_prefix("/checkout/").expect("a session");
        let session = session.split('?').next().unwrap();
        assert!(session.len() >= 32, "at least 128 bits: {session}");
        assert!(seen.insert(session.to_owned()), "twice: {session}");
        let id = body["online_order_id"].to_string();
        assert!(seen.insert(id.clone()), "twice: {id}");
    }
}

#[test]
fn head_is_answered_without_the_page_and_other_methods_are_refused() {
    let mock = server("documented");
    let path = path_of(&text(&order(&mock, &APPLY), "redirection_url"));
    let get = Call::get(&path).send(mock.address());
    let head = Call::new("HEAD", &path).send(mock.address());
    assert_eq!(head.status, 200);
    assert_eq!(head.header("content-length"), get.header("content-length"));
    for method in ["POST", "PUT", "DELETE"] {
        let answer = Call::new(method, &path).send(mock.address());
        assert_eq!(answer.status, 405, "{method}");
        assert_eq!(answer.header("allow"), Some("GET, HEAD"), "{method}");
        assert!(answer.text().starts_with("<!doctype html>"), "{method}");
    }
}

#[test]
fn the_merchants_language_counts_where_init_names_none() {
    let mock = start(&Settings {
        dialect: "lenient".to_owned(),
        merchants: vec![MerchantConfig {
            lang: Some("fr".to_owned()),
            ..MerchantConfig::demo()
        }],
        ..Settings::default()
    });
    let french = page(&mock, &[("amount_requested", "5")]);
    assert!(french.contains(r#"<html lang="fr""#), "{french}");
    let english = page(&mock, &[("amount_requested", "5"), ("lang", "en")]);
    assert!(english.contains(r#"<html lang="en""#), "{english}");
}

#[test]
fn it_ends_with_its_merchant() {
    let mock = start(&Settings {
        merchants: vec![MerchantConfig::demo(), merchant("other")],
        ..Settings::default()
    });
    let opened = order(&mock, &APPLY);
    assert_eq!(page_of(&mock, &opened).status, 200);
    let delete = |id: &str| {
        let path = format!("/merchants/{id}");
        shop::admin(&mock, "DELETE", &path, &serde_json::Value::Null).status
    };
    assert_eq!(delete("other"), 204);
    assert_eq!(page_of(&mock, &opened).status, 200);
    assert_eq!(delete(shop::CLIENT), 204);
    assert_eq!(page_of(&mock, &opened).status, 404);
}

#[test]
fn the_public_base_url_is_where_customers_are_sent() {
    let mock = start(&Settings {
        public_base_url: Some("https://mock.example:8443".to_owned()),
        ..Settings::default()
    });
    let url = text(&order(&mock, &APPLY), "redirection_url");
    assert!(
        url.starts_with("https://mock.example:8443/checkout/"),
        "{url}"
    );
}
