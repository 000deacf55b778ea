//! Where a customer's browser is sent when an order has its outcome, and what is requested in its
//! place.

use crate::knobs;
use crate::orders_desk::{asks, complete, complete_with, open, open_with, told};
use crate::shop::{self, CLIENT, server, start, text, token_call, tokens_of};
use flexiti_mock::{MerchantConfig, Settings};
use serde_json::{Value, json};
use std::io::{Read as _, Write as _};
use std::net::TcpListener;

/// A server whose demo merchant is sent customers to these URLs.
fn with_urls(success: Option<&str>, error: Option<&str>, trust: Option<&str>) -> Settings {
    Settings {
        merchants: vec![MerchantConfig {
            success_url: success.map(str::to_owned),
            error_url: error.map(str::to_owned),
            trust_url: trust.map(str::to_owned),
            ..MerchantConfig::demo()
        }],
        ..Settings::default()
    }
}

#[test]
fn each_outcome_leads_to_the_url_that_the_dialect_says() {
    const SUCCESS: &str = "http://127.0.0.1:9000/flexiti/return";
    const ERROR: &str = "http://127.0.0.1:9000/flexiti/cancel";
    for (dialect, otherwise) in [
        ("documented", ERROR),
        ("strict", ERROR),
        ("hyperswitch", ERROR),
        ("lenient", SUCCESS),
    ] {
        for (flow, outcome, url) in [
            ("apply", "approved", Some(SUCCESS)),
            ("apply", "declined", Some(otherwise)),
            ("apply", "pending", Some(otherwise)),
            ("apply", "retry", Some(otherwise)),
            ("apply", "cancelled", Some(ERROR)),
            ("apply", "abandoned", None),
            ("buy", "purchased", Some(SUCCESS)),
            ("buy", "refused", Some(otherwise)),
            ("apply/buy", "approved", None),
            ("apply/buy", "purchased", Some(SUCCESS)),
            ("apply/buy", "declined", Some(otherwise)),
        ] {
            let mock = server(dialect);
            let path = if flow == "apply" {
                shop::INIT
            } else {
                shop::INIT_V2
            };
            let bearer = shop::token(&mock);
            let made = shop::init_call(path, &bearer)
                .form(&asks(flow, &[]))
                .send(mock.address());
            let id = made.json()["online_order_id"].to_string().replace('"', "");
            let found = complete(&mock, &id, outcome)["callback_url"].clone();
            let params = match dialect {
                "lenient" => format!("?orderId={id}&auth_token={bearer}"),
                _ => String::new(),
            };
            let expected = url.map(|url| format!("{url}{params}"));
            assert_eq!(found, json!(expected), "{dialect} {flow} {outcome}");
        }
    }
}

#[test]
fn parameters_and_languages_find_their_place_in_any_url() {
    let success = Some("https://shop.example/{lang}/ok?shop=7&l={lang}#top");
    let settings = with_urls(success, Some("https://shop.example/non"), None);
    let id_and_lang = [
        ("callback_params", json!("order_id")),
        ("callback_lang", json!(true)),
    ];
    for (answers, lang, outcome, expected) in [
        (
            &[][..],
            "fr-CA",
            "approved",
            "https://shop.example/fr/ok?shop=7&l=fr#top",
        ),
        (&[][..], "en", "cancelled", "https://shop.example/non"),
        (
            &id_and_lang[..],
            "fr",
            "approved",
            "https://shop.example/fr/ok?shop=7&l=fr&orderId=ID&lang=fr#top",
        ),
        (
            &id_and_lang[..],
            "en",
            "cancelled",
            "https://shop.example/non?orderId=ID&lang=en",
        ),
        (
            &id_and_lang[..1],
            "en",
            "cancelled",
            "https://shop.example/non?orderId=ID",
        ),
        (
            &id_and_lang[1..],
            "en",
            "cancelled",
            "https://shop.example/non?lang=en",
        ),
    ] {
        let mock = knobs::with(&settings, "documented", answers);
        let id = open_with(&mock, "apply", &[("lang", lang)]);
        let url = text(&complete(&mock, &id, outcome), "callback_url");
        assert_eq!(url, expected.replace("ID", &id), "{lang} {outcome}");
    }
}

#[test]
fn a_merchant_without_urls_is_sent_customers_at_its_trust_url_or_nowhere() {
    let shop_only = start(&with_urls(None, None, Some("https://shop.example")));
    let nothing = start(&with_urls(None, None, None));
    for outcome in ["approved", "cancelled"] {
        let id = open(&shop_only, "apply");
        let answer = complete(&shop_only, &id, outcome);
        assert_eq!(answer["callback_url"], "https://shop.example/", "{outcome}");
        let id = open(&nothing, "apply");
        let body = json!({"outcome": outcome, "follow": true});
        let answer = complete_with(&nothing, &id, &body);
        assert_eq!(answer["callback_url"], Value::Null, "{outcome}");
        assert_eq!(answer["followed"], Value::Null, "{outcome}");
        assert_eq!(answer["order"]["outcome"], outcome);
    }
}

/// A shop that answers one request with `answer`, and gives what it was asked.
fn shop_that_answers(answer: &'static str) -> (u16, std::thread::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let served = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut asked = Vec::new();
        while !asked.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            asked.push(byte[0]);
        }
        stream.write_all(answer.as_bytes()).unwrap();
        String::from_utf8(asked).unwrap()
    });
    (port, served)
}

#[test]
fn the_callback_is_requested_in_the_customers_place() {
    // A redirection is the shop's answer; where it leads is no business of the mock.
    for (answer, status) in [
        ("HTTP/1.1 204 No Content\r\n\r\n", 204),
        (
            "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n",
            302,
        ),
        ("HTTP/1.1 500 Oops\r\ncontent-length: 0\r\n\r\n", 500),
    ] {
        let (port, served) = shop_that_answers(answer);
        let url = format!("http://127.0.0.1:{port}/{{lang}}/back?a=b#top");
        let mock = start(&with_urls(Some(&url), None, None));
        let id = open_with(&mock, "apply", &[("lang", "fr")]);
        let body = json!({"outcome": "approved", "follow": true});
        let answer = complete_with(&mock, &id, &body);
        assert_eq!(answer["followed"], json!({"status": status}));
        let asked = served.join().unwrap();
        assert!(
            asked.starts_with("GET /fr/back?a=b HTTP/1.1\r\n"),
            "{asked}"
        );
        let host = format!("host: 127.0.0.1:{port}\r\n");
        assert!(asked.to_ascii_lowercase().contains(&host), "{asked}");
        assert!(
            !asked.to_ascii_lowercase().contains("authorization"),
            "{asked}"
        );
        assert_eq!(told(&mock, &id)["apply"]["apply_status"], "SUCCESS");
    }
}

#[test]
fn a_callback_that_cannot_be_requested_says_why_and_the_order_is_complete() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = closed.local_addr().unwrap().port();
    drop(closed);
    let (broken, served) = shop_that_answers("nonsense\r\n\r\n");
    for (url, word) in [
        (format!("http://127.0.0.1:{port}/"), "refused"),
        (format!("http://127.0.0.1:{broken}/"), "HTTP"),
        ("https://shop.example/".into(), "only http"),
    ] {
        let mock = start(&with_urls(Some(&url), None, None));
        let id = open(&mock, "apply");
        let body = json!({"outcome": "approved", "follow": true});
        let answer = complete_with(&mock, &id, &body);
        let why = text(&answer["followed"], "error");
        assert!(why.contains(word), "{url}: {why}");
        assert_eq!(told(&mock, &id)["apply"]["apply_status"], "SUCCESS");
    }
    served.join().unwrap();
}

#[test]
fn a_merchant_made_over_the_admin_api_is_sent_customers_at_its_own_urls() {
    let mock = server("documented");
    let wishes = json!({
        "client_id": "guest", "client_secret": "guest-secret",
        "success_url": "https://guest.example/{lang}/ok?x=1",
    });
    let made = shop::admin(&mock, "POST", "/merchants", &wishes);
    assert_eq!(made.status, 201, "{}", made.text());
    let tokens = tokens_of(&mock, &token_call("guest", "guest-secret", &[]));
    let path = shop::INIT.replace(CLIENT, "guest");
    let order = shop::init_call(&path, &text(&tokens, "access_token"))
        .form(&shop::APPLY)
        .send(mock.address());
    let id = order.json()["online_order_id"].to_string();
    let answer = complete(&mock, &id, "approved");
    assert_eq!(answer["callback_url"], "https://guest.example/en/ok?x=1");
    // With its merchant the order goes.
    shop::admin(&mock, "DELETE", "/merchants/guest", &Value::Null);
    assert_eq!(
        shop::admin(&mock, "GET", &format!("/orders/{id}"), &Value::Null).status,
        404
    );
}
