//! Twice, too late, from the wrong tab: what people do with pages does an order no harm.

use super::driver::{Browser, browse};
use super::store::Store;
use super::walk::{self, Opened};
use flexiti_mock::Mock;
use serde_json::Value;

async fn open(browser: &Browser, mock: &Mock, flow: &str) -> Opened {
    let order = walk::init(mock, false, &walk::parameters(flow, "en", &[]));
    browser.go(&order.url).await;
    order
}

fn stage(mock: &Mock, order: &Opened) -> Value {
    walk::order(mock, order.id)["stage"].clone()
}

#[test]
fn nothing_typed_is_lost_by_a_mistake_or_a_reload() {
    let store = Store::open();
    let mock = walk::server(&store);
    browse(async |browser| {
        let order = open(browser, &mock, "apply/buy").await;
        walk::fill_in(browser, "A-RR_L").await;
        browser.fill("#email", "not an address").await;
        walk::step(browser, "application").await;
        assert_eq!(browser.count(".problems li").await, 1);
        let kept = async |consent: bool| {
            for (name, typed) in walk::APPLICANT {
                let typed = match name {
                    "mname" => "A-RR_L",
                    "province" => "QC",
                    "email" => "not an address",
                    _ => typed,
                };
                assert_eq!(browser.value(&format!("#{name}")).await, typed, "{name}");
            }
            let ticked = browser.find("#consent").await.is_selected().await.unwrap();
            assert!(ticked || !consent, "the agreement is kept");
        };
        kept(true).await;
        // The browser sends the form once more.
        browser.leave().await;
        browser.client.refresh().await.unwrap();
        browser.arrived().await;
        kept(true).await;
        browser.go(&order.url).await;
        kept(false).await;
        browser.fill("#email", "zoe@example.com").await;
        walk::apply(browser, "A-RR_L").await;
        // A reload shows the page again; the code that was wrong counts once.
        walk::wrong_code(browser).await;
        for _ in 0..4 {
            browser.leave().await;
            browser.client.refresh().await.unwrap();
            browser.arrived().await;
        }
        assert_eq!(stage(&mock, &order), "applying");
        walk::code(browser).await;
        assert_eq!(stage(&mock, &order), "approved");
    });
}

#[test]
fn a_wrong_card_number_can_be_corrected() {
    let store = Store::open();
    let mock = walk::server(&store);
    browse(async |browser| {
        let more = [("customer_id", "unknown")];
        let order = walk::init(&mock, false, &walk::parameters("buy", "en", &more));
        browser.go(&order.url).await;
        walk::card(browser, "1070 0152").await;
        assert_eq!(browser.value("#card").await, "1070 0152");
    });
}

#[test]
fn the_back_button_shows_pages_that_change_nothing_any_more() {
    let store = Store::open();
    let mock = walk::server(&store);
    browse(async |browser| {
        let order = open(browser, &mock, "apply/buy").await;
        walk::apply(browser, "A-RR_L").await;
        walk::code(browser).await;
        let customer = walk::order(&mock, order.id)["customer_id"].clone();
        let there = browser.text("h1").await;
        // Back to wherever the browser goes, and whatever it shows there is sent once more.
        for _ in 0..2 {
            browser.leave().await;
            browser.client.back().await.unwrap();
            browser.arrived().await;
            if browser.count("form[action$='/application'] button").await > 0 {
                walk::step(browser, "application").await;
            }
            browser.go(&order.url).await;
            assert_eq!(browser.text("h1").await, there);
            assert_eq!(stage(&mock, &order), "approved");
        }
        assert_eq!(walk::order(&mock, order.id)["customer_id"], customer);
    });
}

#[test]
fn two_clicks_and_two_tabs_buy_once() {
    let store = Store::open();
    let mock = walk::server(&store);
    browse(async |browser| {
        let order = open(browser, &mock, "buy").await;
        walk::code(browser).await;
        walk::step(browser, "plan").await;
        // A second tab with the same page, which then is from before.
        let first = browser.client.window().await.unwrap();
        let second = browser.client.new_window(true).await.unwrap().handle;
        browser.client.switch_to_window(second).await.unwrap();
        browser.go(&order.url).await;
        browser.find("#agree").await.click().await.unwrap();
        browser
            .client
            .switch_to_window(first.clone())
            .await
            .unwrap();
        browser.find("#agree").await.click().await.unwrap();
        // Two clicks at once: the form is sent by the first and again by the second.
        browser.leave().await;
        browser
            .js("const b = document.querySelector(\"form[action$='/confirm'] button\"); b.click(); b.click()")
            .await;
        browser.arrived().await;
        let done = browser.text("h1").await;
        assert_eq!(stage(&mock, &order), "purchased");
        let windows = browser.client.windows().await.unwrap();
        let stale = windows.into_iter().find(|window| *window != first);
        browser
            .client
            .switch_to_window(stale.unwrap())
            .await
            .unwrap();
        walk::step(browser, "cancel").await;
        assert_eq!(browser.text("h1").await, done, "the page as it stands");
        assert_eq!(stage(&mock, &order), "purchased");
        // Bought once: the credit is less by the amount, and not by more.
        browser.client.switch_to_window(first).await.unwrap();
        for (amount, outcome) in [("2450.02", "refused"), ("2450.01", "purchased")] {
            let more = [("amount_requested", amount)];
            let order = walk::init(&mock, false, &walk::parameters("buy", "en", &more));
            browser.go(&order.url).await;
            walk::code(browser).await;
            walk::step(browser, "plan").await;
            walk::confirm(browser).await;
            assert_eq!(walk::order(&mock, order.id)["outcome"], outcome, "{amount}");
        }
    });
}

#[test]
fn after_the_end_the_link_shows_the_end_and_leads_to_the_shop_again() {
    let store = Store::open();
    let mock = walk::server(&store);
    browse(async |browser| {
        let order = open(browser, &mock, "apply").await;
        walk::apply(browser, "A-RR_L").await;
        walk::code(browser).await;
        walk::return_to(browser, &store, "/thanks").await;
        let told = walk::notification(&mock, order.id);
        for _ in 0..2 {
            browser.go(&order.url).await;
            assert_eq!(browser.count("form[action$='/begin']").await, 0);
            assert_eq!(browser.count("form[action$='/cancel']").await, 0);
            walk::return_to(browser, &store, "/thanks").await;
        }
        assert_eq!(walk::notification(&mock, order.id), told);
        assert_eq!(stage(&mock, &order), "returned");
    });
}
