//! Whatever is in a field, it stays text.

use super::driver::{Browser, browse};
use super::store::Store;
use super::walk;
use flexiti_mock::Settings;
use serde_json::json;

pub const PAYLOADS: [&str; 3] = [
    "<script>window.marked=1;alert(1)</script>",
    "\"><img src=x onerror=window.marked=1><svg onload=window.marked=1>",
    "javascript:window.marked=1//'\" autofocus onfocus=window.marked=1",
];

/// Nothing that a field brought is anything but text.
pub async fn only_text(browser: &Browser, page: &str) {
    let found = browser
        .js("const odd = [...document.querySelectorAll('*')].filter(e =>
                 ['SCRIPT', 'IMG', 'SVG', 'IFRAME', 'OBJECT', 'EMBED', 'BASE', 'STYLE'].includes(e.tagName.toUpperCase())
                 || [...e.attributes].some(a => a.name.startsWith('on') || /^\\s*javascript:/i.test(a.value)
                     && a.name !== 'value'));
             return [String(window.marked), ...odd.map(e => e.outerHTML)]")
        .await;
    assert_eq!(found, json!(["undefined"]), "{page}");
    let away = browser
        .js("return [...document.querySelectorAll('form,a')]
                 .map(e => new URL(e.action || e.href, location.href))
                 .filter(u => u.origin !== location.origin).map(String)")
        .await;
    assert_eq!(away, json!([]), "{page}");
}

fn init_fields(payload: &str) -> Vec<(String, String)> {
    let mut more: Vec<(String, &str)> = [
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
        // No parameters of init, and no way to another place.
        "success_url",
        "error_url",
        "callback_url",
        "return_url",
    ]
    .map(|name| (name.to_owned(), payload))
    .into();
    for block in ["billing_information", "shipping_information"] {
        for field in ["first_name", "last_name", "address_1", "address_2", "city"] {
            more.push((format!("{block}.{field}"), payload));
        }
    }
    let mut pairs = walk::parameters("apply/buy", "en", &[]);
    pairs.retain(|(name, _)| more.iter().all(|(other, _)| other != name));
    pairs.extend(
        more.into_iter()
            .map(|(name, value)| (name, value.to_owned())),
    );
    pairs
}

#[test]
fn mark_up_in_any_field_never_runs() {
    let store = Store::open();
    let mock = walk::server(&store);
    browse(async |browser| {
        for payload in PAYLOADS {
            let order = walk::init(&mock, true, &init_fields(payload));
            let evil = format!(
                "{}?lang={payload}&return_url=https://evil.example",
                order.url
            );
            browser.go(&evil).await;
            only_text(browser, "choice").await;
            let text = browser.text(".summary").await;
            assert!(text.contains(payload.trim()), "it is shown: {text}");
            walk::choose(browser, "apply").await;
            only_text(browser, "form").await;
            assert_eq!(browser.value("#fname").await, payload);
            let fill = "document.querySelectorAll('input:not([type=hidden],[type=checkbox])').forEach(e => e.value = arguments[0]);
                document.querySelectorAll('option:last-child').forEach(e => { e.value = arguments[0]; e.selected = true })";
            let fill = async || {
                let args = vec![json!(payload)];
                browser.client.execute(fill, args).await.unwrap();
            };
            fill().await;
            walk::step(browser, "application").await;
            only_text(browser, "form with errors").await;
            assert_eq!(browser.value("#city").await, payload);
            // Names may hold anything; what has a form of its own is right this time.
            for (name, value) in walk::APPLICANT {
                if matches!(name, "dob" | "email" | "phone_number" | "postal_code") {
                    browser.fill(&format!("#{name}"), value).await;
                }
            }
            browser.fill("#province", "QC").await;
            browser
                .js("document.getElementById('consent').checked = true")
                .await;
            walk::step(browser, "application").await;
            only_text(browser, "code").await;
            fill().await;
            walk::step(browser, "pin").await;
            only_text(browser, "code with error").await;
            walk::code(browser).await;
            only_text(browser, "approved").await;
            walk::choose(browser, "buy").await;
            only_text(browser, "plan").await;
            walk::step(browser, "plan").await;
            only_text(browser, "confirm").await;
            walk::confirm(browser).await;
            only_text(browser, "purchased").await;
            walk::return_to(browser, &store, "/thanks").await;

            let order = walk::init(&mock, true, &init_fields(payload));
            browser.go(&order.url).await;
            walk::choose(browser, "buy").await;
            only_text(browser, "card").await;
            fill().await;
            walk::step(browser, "identify").await;
            only_text(browser, "card with error").await;
            assert_eq!(browser.value("#card").await, payload);
        }
    });
}

#[test]
fn without_the_sandbox_bar_no_page_shows_the_code() {
    let store = Store::open();
    let mock = crate::shop::start(&Settings {
        sandbox_bar: false,
        ..walk::settings(&store)
    });
    browse(async |browser| {
        let order = walk::init(&mock, true, &walk::parameters("buy", "en", &[]));
        browser.go(&order.url).await;
        walk::choose(browser, "buy").await;
        let pin = walk::order(&mock, order.id)["pin"].clone();
        let pin = pin.as_str().unwrap();
        let page = browser.client.source().await.unwrap();
        assert!(!page.contains(pin) && !page.contains("sandbox\""), "{page}");
        browser.fill("#pin", pin).await;
        walk::step(browser, "pin").await;
        assert_eq!(browser.count("input[name=plan]").await, 1);
        assert_eq!(browser.count(".sandbox").await, 0);
        // The address is that of no step, either.
        browser
            .js("document.querySelector(\"form[action$='/cancel']\").action += '/../force'")
            .await;
        walk::step(browser, "force").await;
        assert_eq!(browser.count("main form").await, 0);
        assert_eq!(walk::order(&mock, order.id)["stage"], "buying");
    });
}
