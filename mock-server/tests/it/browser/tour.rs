//! Every kind of page, one after the other, for tests that look at all of them.

use super::driver::Browser;
use super::walk::{self, JOHN, Opened};
use crate::shop::{CLIENT, advance};
use flexiti_mock::Mock;

/// Walks through every kind of page and calls `look` on each with its name.
pub async fn tour(browser: &Browser, mock: &Mock, lang: &str, look: &mut impl AsyncFnMut(&str)) {
    applying(browser, mock, lang, look).await;
    buying(browser, mock, lang, look).await;
    for (name, flow) in [
        ("approved", "apply"),
        ("pending", "apply"),
        ("declined", "apply"),
        ("retry", "apply"),
        ("refused", "buy"),
        ("cancelled", "buy"),
        ("abandoned", "apply"),
    ] {
        let order = open(browser, mock, flow, lang, &[]).await;
        browser
            .find(".sandbox summary")
            .await
            .click()
            .await
            .unwrap();
        browser.press(&format!("button[value='{name}']")).await;
        assert_eq!(walk::order(mock, order.id)["outcome"], name);
        look(name).await;
    }
    let order = open(browser, mock, "apply", lang, &[]).await;
    browser
        .js("document.querySelector('[name=order]').value = '1'")
        .await;
    walk::choose(browser, "apply").await;
    look("problem").await;
    browser
        .go(&format!("{}x", order.url.split('?').next().unwrap()))
        .await;
    look("gone").await;
    advance(mock, CLIENT, 1_800_000);
    browser.go(&order.url).await;
    look("expired").await;
}

async fn open(
    browser: &Browser,
    mock: &Mock,
    flow: &str,
    lang: &str,
    more: &[(&str, &str)],
) -> Opened {
    let order = walk::init(mock, true, &walk::parameters(flow, lang, more));
    browser.go(&order.url).await;
    order
}

async fn applying(browser: &Browser, mock: &Mock, lang: &str, look: &mut impl AsyncFnMut(&str)) {
    let more = [
        ("amount_requested", "1234.50"),
        (
            "merchant_orderid",
            "CART-10045-A-LONG-NUMBER-WITHOUT-A-SPACE-IN-IT",
        ),
    ];
    open(browser, mock, "apply/buy", lang, &more).await;
    look("choice").await;
    walk::choose(browser, "apply").await;
    look("form").await;
    walk::step(browser, "application").await;
    look("form-errors").await;
    walk::apply(browser, "A-RR_L").await;
    look("code").await;
    walk::wrong_code(browser).await;
    look("code-error").await;
    walk::code(browser).await;
    look("approved-to-buy").await;
    walk::choose(browser, "buy").await;
    look("plan").await;
    browser
        .js("document.querySelector('[name=plan]').value = 'none'")
        .await;
    walk::step(browser, "plan").await;
    look("plan-error").await;
    walk::step(browser, "plan").await;
    look("confirm").await;
    walk::step(browser, "confirm").await;
    look("confirm-error").await;
    walk::confirm(browser).await;
    look("purchased").await;
}

async fn buying(browser: &Browser, mock: &Mock, lang: &str, look: &mut impl AsyncFnMut(&str)) {
    open(browser, mock, "buy", lang, &[("customer_id", "unknown")]).await;
    look("choice-buy").await;
    walk::choose(browser, "buy").await;
    look("card").await;
    walk::card(browser, "123").await;
    look("card-error").await;
    walk::card(browser, JOHN.1).await;
    look("code-buy").await;
}
