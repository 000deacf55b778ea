//! The three clients whose code is public, byte for byte as they write their requests: each
//! works against its dialect, and learns from `documented` which field is at fault.

use crate::shop::{self, APPLY, BASIC, INIT, INIT_V2, PASSWORD, TOKEN, server, text};
use crate::wire::{Answer, Call};
use flexiti_mock::Mock;
use serde_json::{Value, json};

const FORM: &str = "application/x-www-form-urlencoded";

/// What the server has understood of the last request.
fn understood(mock: &Mock) -> Value {
    let answer = shop::admin(mock, "GET", "/requests", &Value::Null);
    let requests = answer.json()["requests"].as_array().cloned().unwrap();
    requests.last().expect("a request")["params"].clone()
}

/// The clauses for which the last request was refused, as the journal has them.
fn clauses(mock: &Mock) -> Vec<String> {
    let answer = shop::admin(mock, "GET", "/requests", &Value::Null);
    let requests = answer.json()["requests"].as_array().cloned().unwrap();
    let violations = requests.last().expect("a request")["violations"].clone();
    let clause = |row: &Value| text(row, "clause");
    violations.as_array().unwrap().iter().map(clause).collect()
}

// ------------------------------------------------------- juspay/hyperswitch's connector (HS-rs)

/// `Uuid::new_v4().to_string()`
const UUID: &str = "1b4e28ba-2fa1-41d2-883f-0016d3cca427";
const QUOTED: &str = "/flexiti/online-api/online/v2/client-id/%22flexitidemo%22/systems/init";
const QUOTED_RAW: &str = "/flexiti/online-api/online/v2/client-id/\"flexitidemo\"/systems/init";
/// `email` is an `Option` that serde writes as null.
const PURCHASE: &str = concat!(
    r#"{"merchant_order_id":"pay_mbabizu24mvu3mela5njyhpit4","lang":"en-US","flow":"apply/buy","#,
    r#""amount_requested":540.51,"email":null,"fname":"Zoé","#,
    r#""billing_information":{"first_name":"Zoé","last_name":"Tremblay","address_1":"1467","#,
    r#""address_2":"Harrison Street","city":"San Fransico","postal_code":"94122","province":"California"},"#,
    r#""shipping_information":{"first_name":"Zoé","last_name":"Tremblay","address_1":"1467","#,
    r#""address_2":"Harrison Street","city":"San Fransico","postal_code":"94122","province":"California"}}"#,
);

fn connector_token() -> Call {
    Call::post(TOKEN)
        .header("x-reference-id", UUID)
        .header("Content-Type", FORM)
        .body(
            "client_id=flexitidemo&client_secret=flexitidemo-secret&grant_type=client_credentials",
        )
}

fn connector_init(path: &str, token: &str, content_type: &str) -> Call {
    Call::post(path)
        .header("Content-Type", content_type)
        .header("x-reference-id", UUID)
        .header("Authorization", &format!("Bearer {token}"))
        .body(PURCHASE)
}

/// `FlexitiErrorResponse { message: String, error: String }`
fn connector_error(answer: &Answer) -> (String, String) {
    let body = answer.json();
    (text(&body, "message"), text(&body, "error"))
}

#[test]
fn the_hyperswitch_connector_gets_its_order_with_the_quotes_of_its_path() {
    let mock = server("hyperswitch");
    let token = text(&shop::tokens_of(&mock, &connector_token()), "access_token");
    for path in [QUOTED, QUOTED_RAW, INIT_V2] {
        let answer = connector_init(path, &token, FORM).send(mock.address());
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        let body = answer.json();
        // `online_order_id: String, redirection_url: Url`
        let id: u64 = text(&body, "online_order_id").parse().unwrap();
        assert!(id > 0);
        let url = text(&body, "redirection_url");
        assert!(url.starts_with("http://127.0.0.1:"), "{url}");
        let params = understood(&mock);
        assert_eq!(params["amount_requested"], "540.51", "{path}");
        assert_eq!(params["billing_information.city"], "San Fransico", "{path}");
        assert_eq!(params["fname"], "Zoé", "{path}");
        assert_eq!(params["email"], Value::Null, "{path}");
        // `RedirectForm`: the browser follows it with GET.
        let page = Call::get(&shop::path_of(&url)).send(mock.address());
        assert_eq!(page.status, 200, "{path}");
    }
}

#[test]
fn the_hyperswitch_connector_can_parse_every_refusal_of_its_dialect() {
    let mock = server("hyperswitch");
    let token = shop::token(&mock);
    let no_lang = PURCHASE.replace(r#""lang":"en-US","#, "");
    let wrong = connector_token().body("client_id=flexitidemo&client_secret=guess");
    for (call, error) in [
        (wrong, "invalid_client"),
        (connector_init(QUOTED, "unknown", FORM), "invalid_token"),
        (
            connector_init(QUOTED, &token, FORM).body(no_lang),
            "wrong_inputs",
        ),
        (
            connector_init(QUOTED, &token, "text/plain"),
            "invalid_request",
        ),
        (Call::get("/flexiti/online-api/nothing"), "not_found"),
    ] {
        let answer = call.send(mock.address());
        let (message, word) = connector_error(&answer);
        assert_eq!(word, error, "{}", answer.text());
        assert!(!message.is_empty());
    }
}

#[test]
fn the_hyperswitch_connector_learns_from_documented_what_is_wrong_one_thing_after_the_other() {
    let mock = server("documented");
    let token = text(&shop::tokens_of(&mock, &connector_token()), "access_token");
    // The quoted client id is another client than the token's.
    for path in [QUOTED, QUOTED_RAW] {
        let answer = connector_init(path, &token, FORM).send(mock.address());
        assert_eq!(answer.refusal(), (401, "invalid_token".into()), "{path}");
        assert_eq!(clauses(&mock), ["auth.token.client"], "{path}");
        let message = connector_error(&answer).0;
        for part in ["client_id", "double quotes"] {
            assert!(message.contains(part), "{path}: {message}");
        }
    }
    let answer = connector_init(INIT_V2, &token, FORM).send(mock.address());
    assert_eq!(answer.refusal(), (400, "invalid_request".into()));
    let message = connector_error(&answer).0.to_ascii_lowercase();
    assert!(message.contains("content-type"), "{message}");
    let answer = connector_init(INIT_V2, &token, "application/json").send(mock.address());
    assert_eq!(answer.refusal(), (409, "wrong_inputs".into()));
    assert_eq!(
        answer.fields(),
        [
            "billing_information.province invalid",
            "billing_information.postal_code invalid",
            "shipping_information.province invalid",
            "shipping_information.postal_code invalid",
        ]
    );
    let canadian = PURCHASE
        .replace("94122", "H2Y1C6")
        .replace("California", "QC");
    let answer = connector_init(INIT_V2, &token, "application/json")
        .body(canadian)
        .send(mock.address());
    assert_eq!(answer.status, 200, "{}", answer.text());
    // The last obstacle: it parses a string where the reference prints a number.
    assert!(answer.json()["online_order_id"].is_u64());
}

// --------------------------------------------------------------- the browser SDK in JavaScript

const SHOP: &str = "https://shop.example";
/// `key + "=" + value` for each value, joined by `&`, without any encoding; `lang` comes last
/// once more.
const CUSTOMER: &str = "&fname=Zoé&mname=A-RR_L&lname=O'Neil Côté&dob=24/07/1988\
    &phone_number=(514) 555-0142&email=zoe@example.com&address_1=1 rue de l'Église, 100% pur\
    &city=Québec&province=Québec&postal_code=G1A 1A1&merchant_order_id=CART 7&is_guest=true\
    &has_previous_purchase=false&lang=fr&flow=apply&lang=fr";

/// A request as a browser sends it for a page of the shop.
fn from_page(path: &str, body: &str) -> Call {
    Call::post(path)
        .header("User-Agent", "Mozilla/5.0")
        .header("Accept", "*/*")
        .header("Origin", SHOP)
        .header("Referer", "https://shop.example/")
        .header("Sec-Fetch-Mode", "cors")
        .header("Content-Type", FORM)
        .body(body)
}

fn sdk_token() -> Call {
    let keys =
        "grant_type=client_credentials&client_id=flexitidemo&client_secret=flexitidemo-secret";
    from_page(TOKEN, keys)
}

fn sdk_init(token: &str, body: &str) -> Call {
    from_page(INIT, body).header("Authorization", &format!("Bearer {token}"))
}

/// Whether the browser lets the page see an answer.
fn page_may_read(answer: &Answer) -> bool {
    matches!(
        answer.header("access-control-allow-origin"),
        Some("*" | SHOP)
    )
}

fn preflight(path: &str, headers: &str) -> Call {
    Call::new("OPTIONS", path)
        .header("Origin", SHOP)
        .header("Access-Control-Request-Method", "POST")
        .header("Access-Control-Request-Headers", headers)
}

#[test]
fn a_browser_is_allowed_to_send_what_the_sdk_asks_it_to_send() {
    for dialect in ["lenient", "documented"] {
        let mock = server(dialect);
        for (path, headers) in [
            (TOKEN, "content-type"),
            (INIT, "authorization,content-type"),
        ] {
            let answer = preflight(path, headers).send(mock.address());
            assert!((200..300).contains(&answer.status), "{}", answer.status);
            assert!(page_may_read(&answer), "{path}");
            let methods = answer.header("access-control-allow-methods").unwrap();
            assert!(methods.contains("POST"), "{methods}");
            let allowed = answer.header("access-control-allow-headers").unwrap();
            let allowed: Vec<&str> = allowed.split(',').map(str::trim).collect();
            for header in headers.split(',').chain(["x-reference-id"]) {
                assert!(allowed.contains(&header), "{path}: {allowed:?}");
            }
        }
    }
    let strict = server("strict");
    let answer = preflight(TOKEN, "content-type").send(strict.address());
    assert_eq!(answer.refusal(), (405, "method_not_allowed".into()));
    assert!(!page_may_read(&answer));
    let answer = sdk_token().send(strict.address());
    assert!(!page_may_read(&answer));
}

#[test]
fn the_browser_sdk_gets_its_order_with_a_form_that_it_does_not_encode() {
    let mock = server("lenient");
    let answer = sdk_token().send(mock.address());
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(page_may_read(&answer));
    let token = text(&answer.json(), "access_token");

    let body = format!("amount_requested=499.99{CUSTOMER}");
    let answer = sdk_init(&token, &body).send(mock.address());
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(page_may_read(&answer));
    let url = text(&answer.json(), "redirection_url");
    let params = understood(&mock);
    for (name, value) in [
        ("amount_requested", "499.99"),
        ("fname", "Zoé"),
        ("lname", "O'Neil Côté"),
        ("phone_number", "(514) 555-0142"),
        ("email", "zoe@example.com"),
        ("address_1", "1 rue de l'Église, 100% pur"),
        ("city", "Québec"),
        ("merchant_order_id", "CART 7"),
        ("lang", "fr"),
        ("flow", "apply"),
    ] {
        assert_eq!(params[name], value, "{name}");
    }
    let page = Call::get(&shop::path_of(&url)).send(mock.address()).text();
    assert!(page.contains(r#"<html lang="fr""#), "{page}");
}

#[test]
fn without_an_amount_the_sdks_form_begins_with_an_ampersand_and_is_still_read() {
    let mock = server("lenient");
    let token = shop::token(&mock);
    let answer = sdk_init(&token, CUSTOMER).send(mock.address());
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(page_may_read(&answer));
    assert_eq!(understood(&mock)["fname"], "Zoé");
}

#[test]
fn the_browser_sdk_learns_from_documented_which_fields_are_at_fault() {
    let mock = server("documented");
    let answer = sdk_token().send(mock.address());
    assert_eq!(answer.refusal(), (409, "wrong_inputs".into()));
    assert_eq!(answer.fields(), ["x-reference-id required"]);
    assert!(page_may_read(&answer), "the page sees why");

    let token = shop::token(&mock);
    let with_id = |body: &str| sdk_init(&token, body).header("x-reference-id", shop::REFERENCE);
    let body = format!("amount_requested=499.99{CUSTOMER}");
    let answer = with_id(&body).send(mock.address());
    assert_eq!(answer.refusal(), (400, "invalid_request".into()));
    let message = text(&answer.json(), "message");
    assert!(message.contains("percent"), "{message}");

    let body = body.replace("100% pur", "100 pur cent");
    let answer = with_id(&body).send(mock.address());
    assert_eq!(answer.refusal(), (409, "wrong_inputs".into()));
    // The language is one of those that the API knows, but it stands twice.
    assert_eq!(
        answer.fields(),
        [
            "lang invalid",
            "dob invalid",
            "province invalid",
            "postal_code invalid",
        ]
    );

    let answer = with_id(&body)
        .without("x-reference-id")
        .send(mock.address());
    assert!(
        answer
            .fields()
            .contains(&"x-reference-id required".to_owned())
    );
}

// ------------------------------------------------------- the Magento proof of concept (POC)

fn magento_token() -> Call {
    let body = format!("grant_type=password&username=flexitidemo&password={PASSWORD}");
    Call::post(TOKEN)
        .header("Accept", "*/*")
        .header("Authorization", BASIC)
        .header("Content-Type", FORM)
        .body(body)
}

const MAGENTO: &str = "amount_requested=123&email=test@gmail.com&fname=test&mname=test\
    &lname=test&city=Ontario&postal_code=m1m1m1";

fn magento_init(token: &str) -> Call {
    Call::post(INIT)
        .header("Accept", "*/*")
        .header("Authorization", &format!("Bearer {token}"))
        .header("Content-Type", FORM)
        .body(MAGENTO)
}

#[test]
fn the_magento_proof_of_concept_gets_its_order_without_language_and_flow() {
    let mock = server("lenient");
    let token = text(&shop::tokens_of(&mock, &magento_token()), "access_token");
    let answer = magento_init(&token).send(mock.address());
    assert_eq!(answer.status, 200, "{}", answer.text());
    let params = understood(&mock);
    let expected = json!({
        "amount_requested": "123", "email": "test@gmail.com", "fname": "test", "mname": "test",
        "lname": "test", "city": "Ontario", "postal_code": "m1m1m1",
    });
    assert_eq!(params, expected);
    let url = text(&answer.json(), "redirection_url");
    let page = Call::get(&shop::path_of(&url)).send(mock.address()).text();
    assert!(page.contains(r#"<html lang="en""#), "{page}");
    assert!(page.contains("$123.00"), "{page}");
}

#[test]
fn the_magento_proof_of_concept_learns_from_documented_which_fields_are_missing() {
    let mock = server("documented");
    let answer = magento_token().send(mock.address());
    assert_eq!(answer.refusal(), (409, "wrong_inputs".into()));
    assert_eq!(answer.fields(), ["x-reference-id required"]);
    // The grant itself is documented.
    let with_id = magento_token().header("x-reference-id", shop::REFERENCE);
    let token = text(&shop::tokens_of(&mock, &with_id), "access_token");
    let answer = magento_init(&token).send(mock.address());
    assert_eq!(answer.refusal(), (409, "wrong_inputs".into()));
    assert_eq!(
        answer.fields(),
        ["x-reference-id required", "lang required", "flow required"]
    );
}

#[test]
fn lenient_still_reads_what_a_careful_client_sends() {
    let mock = server("lenient");
    let token = shop::token(&mock);
    let encoded = [&APPLY[..], &[("address_1", "100% pur & simple + é")]].concat();
    let answer = shop::init_call(INIT, &token)
        .form(&encoded)
        .send(mock.address());
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(understood(&mock)["address_1"], "100% pur & simple + é");
}
