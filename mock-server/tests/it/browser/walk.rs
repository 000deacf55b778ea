//! What a customer does on the pages, and what a merchant does before and after.

use super::driver::Browser;
use super::store::Store;
use crate::shop::{BASE, CLIENT, INIT, INIT_V2, init_call, start, text, token};
use crate::wire::Call;
use fantoccini::key::Key;
use flexiti_mock::{MerchantConfig, Mock, Settings};
use serde_json::Value;

/// A customer with credit, and one whose account is frozen; their cards.
pub const JOHN: (&str, &str) = ("20009100", "1070015210367982");
pub const POOR: (&str, &str) = ("20009101", "1070015210367983");
pub const FROZEN: (&str, &str) = ("20009102", "1070015210367984");

/// What an applicant types, field by field; a letter chooses the province.
pub const APPLICANT: [(&str, &str); 11] = [
    ("fname", "Zoé"),
    ("mname", ""),
    ("lname", "Côté-Tremblay"),
    ("dob", "1988-07-24"),
    ("email", "zoe@example.com"),
    ("phone_number", "514 555-0123"),
    ("address_1", "1 rue Notre-Dame"),
    ("address_2", "app. 4"),
    ("city", "Montréal"),
    ("province", "Q"),
    ("postal_code", "h2y 1c6"),
];

/// The settings of a server whose demo merchant has this shop.
pub fn settings(store: &Store) -> Settings {
    Settings {
        merchants: vec![MerchantConfig {
            trust_url: Some(store.url("")),
            success_url: Some(store.url("/thanks")),
            error_url: Some(store.url("/sorry")),
            ..MerchantConfig::demo()
        }],
        ..Settings::default()
    }
}

pub fn server(store: &Store) -> Mock {
    start(&settings(store))
}

/// An order that init opened.
pub struct Opened {
    pub id: u64,
    pub url: String,
}

/// What init asks for; `more` replaces what would be there.
pub fn parameters(flow: &str, lang: &str, more: &[(&str, &str)]) -> Vec<(String, String)> {
    let mut pairs: Vec<(String, String)> = Vec::new();
    let mut put = |name: &str, value: &str| {
        pairs.retain(|(known, _)| known != name);
        pairs.push((name.to_owned(), value.to_owned()));
    };
    put("flow", flow);
    put("lang", lang);
    put("amount_requested", "49.99");
    if flow != "apply" {
        for block in ["billing_information", "shipping_information"] {
            for (field, value) in [
                ("first_name", "Zoé"),
                ("last_name", "Côté"),
                ("address_1", "1 rue Notre-Dame"),
                ("address_2", ""),
                ("city", "Montréal"),
                ("province", "QC"),
                ("postal_code", "H2Y1C6"),
            ] {
                put(&format!("{block}.{field}"), value);
            }
        }
    }
    if flow == "buy" {
        put("customer_id", JOHN.0);
    }
    for (name, value) in more {
        put(name, value);
    }
    pairs
}

/// Opens an order; on the path with `/v2` the customer chooses first.
pub fn init(mock: &Mock, v2: bool, pairs: &[(String, String)]) -> Opened {
    let path = if v2 { INIT_V2 } else { INIT };
    let answer = init_call(path, &token(mock))
        .form(pairs)
        .send(mock.address());
    assert_eq!(answer.status, 200, "{}", answer.text());
    let body = answer.json();
    Opened {
        id: body["online_order_id"].as_u64().unwrap(),
        url: text(&body, "redirection_url"),
    }
}

/// An order as the admin API shows it.
pub fn order(mock: &Mock, id: u64) -> Value {
    let answer = Call::get(&format!("/__admin/orders/{id}")).send(mock.address());
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

/// What the merchant is told.
pub fn notification(mock: &Mock, id: u64) -> Value {
    let path = format!("{BASE}/online/client-id/{CLIENT}/notifications/order-id/{id}");
    let bearer = format!("Bearer {}", token(mock));
    let answer = Call::get(&path)
        .header("authorization", &bearer)
        .header("x-reference-id", crate::shop::REFERENCE)
        .send(mock.address());
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

/// Presses the button of a step.
pub async fn step(browser: &Browser, step: &str) {
    browser
        .press(&format!("form[action$='/{step}'] button"))
        .await;
}

/// Chooses on the first page.
pub async fn choose(browser: &Browser, way: &str) {
    browser.press(&format!("button[value='{way}']")).await;
}

/// The applicant as parameters of init, which fill in the form beforehand.
pub fn known_to_the_shop() -> Vec<(String, String)> {
    let sent = |(name, typed): (&str, &str)| {
        let value = match name {
            "province" => "QC".to_owned(),
            "postal_code" => "h2y1c6".to_owned(),
            _ => typed.to_owned(),
        };
        (name.to_owned(), value)
    };
    let typed = APPLICANT.into_iter().filter(|(_, typed)| !typed.is_empty());
    typed.map(sent).collect()
}

/// Fills in what is missing in the application without sending it; the middle name decides.
pub async fn fill_in(browser: &Browser, key: &str) {
    let whole = "return [...document.querySelectorAll('[aria-required]')].every(e => e.value)";
    if browser.js(whole).await == true {
        browser.fill("#mname", key).await;
        let consent = browser.find("#consent").await;
        if !consent.is_selected().await.unwrap() {
            consent.click().await.unwrap();
        }
        return;
    }
    // As on paper: from the first field to the last. Tab selects what was there before.
    browser
        .js("document.getElementById('fname').select()")
        .await;
    let mut keys = String::new();
    for (name, value) in APPLICANT {
        keys.push_str(if name == "mname" { key } else { value });
        keys.push(Key::Tab.into());
    }
    if !browser.find("#consent").await.is_selected().await.unwrap() {
        keys.push(' ');
    }
    browser.keys(keys.chars()).await;
}

pub async fn apply(browser: &Browser, key: &str) {
    fill_in(browser, key).await;
    step(browser, "application").await;
}

/// Enters the code that the sandbox bar shows.
pub async fn code(browser: &Browser) {
    let code = browser.text(".sandbox summary strong").await;
    browser.fill("#pin", &code).await;
    step(browser, "pin").await;
}

pub async fn wrong_code(browser: &Browser) {
    browser.fill("#pin", "000").await;
    step(browser, "pin").await;
}

pub async fn card(browser: &Browser, number: &str) {
    browser.fill("#card", number).await;
    step(browser, "identify").await;
}

pub async fn confirm(browser: &Browser) {
    browser.find("#agree").await.click().await.unwrap();
    step(browser, "confirm").await;
}

/// Goes back to the shop.
pub async fn return_to(browser: &Browser, store: &Store, path: &str) {
    browser
        .find("a[target='_top']")
        .await
        .click()
        .await
        .unwrap();
    let there = store.url(path);
    browser
        .until(&format!(
            "return location.href === {there:?} && document.readyState === 'complete'"
        ))
        .await;
}
