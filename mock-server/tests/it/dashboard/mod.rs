//! The dashboard, as developers have it open while their shop calls.

mod api;
mod clock;
mod code;
mod desk;
mod fates;
mod faults;
mod keyboard;
mod live;
mod looks;
mod orders;
mod story;
mod strange;
mod token;

use crate::browser::driver::Browser;
use crate::shop::{self, INIT, init_call};
use flexiti_mock::{MerchantConfig, Mock, Settings};

/// An init that breaks three clauses.
const WRONG: [(&str, &str); 4] = [
    ("lang", "de"),
    ("flow", "apply"),
    ("amount_requested", "10,50"),
    ("billing_information.province", "Quebec"),
];

/// A server whose merchant's shop answers nobody.
fn without_shop() -> Mock {
    let url = |path: &str| Some(format!("http://127.0.0.1:1{path}"));
    shop::start(&Settings {
        merchants: vec![MerchantConfig {
            trust_url: url(""),
            success_url: url("/thanks"),
            error_url: url("/sorry"),
            ..MerchantConfig::demo()
        }],
        ..Settings::default()
    })
}

/// Opens the dashboard and waits until it follows what happens.
async fn open(browser: &Browser, mock: &Mock) {
    browser.go(&format!("{}/", mock.admin_url())).await;
    is_live(browser).await;
}

async fn is_live(browser: &Browser) {
    browser
        .until("return document.getElementById('live').dataset.state === 'on'")
        .await;
}

/// Waits until there is one.
async fn appears(browser: &Browser, css: &str) {
    browser
        .until(&format!("return !!document.querySelector({css:?})"))
        .await;
}

/// Waits until what is seen of an element has this text in it.
async fn says(browser: &Browser, css: &str, text: &str) {
    browser
        .until(&format!(
            "return document.querySelector({css:?}).innerText.includes({text:?})"
        ))
        .await;
}

async fn click(browser: &Browser, css: &str) {
    browser.find(css).await.click().await.expect(css);
}

/// Opens the details of a request and waits for them.
async fn details(browser: &Browser, id: u64) {
    appears(browser, &format!("#request-{id} .row")).await;
    click(browser, &format!("#request-{id} .row")).await;
    appears(browser, &format!("#request-{id}-detail .curl")).await;
}

/// Sends an init that is refused.
fn wrong_init(mock: &Mock, token: &str) {
    let answer = init_call(INIT, token).form(&WRONG).send(mock.address());
    assert_eq!(answer.status, 409, "{}", answer.text());
}

/// Lets the page take `answer` for what the server says of lint; nothing for 404.
async fn lint_is(browser: &Browser, answer: Option<&serde_json::Value>) {
    let (status, body) = match answer {
        Some(answer) => (200, answer.to_string()),
        None => (404, "{\"error\":\"nothing\"}".to_owned()),
    };
    browser
        .js(&format!(
            "window.sent ??= window.fetch;
             window.fetch = (url, how) => String(url).endsWith('/lint')
                 ? Promise.resolve(new Response({body:?}, {{status: {status}}}))
                 : window.sent(url, how)"
        ))
        .await;
}

/// A token of the demo merchant, which is the journal's first request on a fresh server.
fn token(mock: &Mock) -> String {
    shop::token(mock)
}
