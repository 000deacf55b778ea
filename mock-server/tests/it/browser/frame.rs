//! The checkout in a frame on a page of the shop, as the vendor's browser SDK builds it.

use super::driver::{Browser, browse};
use super::store::Store;
use super::walk;

const SANDBOX: &str = "allow-forms allow-pointer-lock allow-popups allow-same-origin allow-scripts allow-top-navigation";

/// Opens the shop's page with the frame, and enters it.
async fn enter(browser: &Browser, store: &Store, url: &str) {
    store.show(
        "/basket",
        &format!(
            "<!doctype html><html lang=en><title>Basket</title><iframe id=flx-online name=flx-online \
             style='width:100%;height:600px' sandbox='{SANDBOX}' src='{url}'></iframe>"
        ),
    );
    browser.go(&store.url("/basket")).await;
    let frame = browser.find("#flx-online").await;
    frame.enter_frame().await.unwrap();
    browser.arrived().await;
}

/// Follows the way back to the shop and leaves the frame, which is gone.
async fn leave(browser: &Browser, store: &Store, path: &str) {
    store.visits();
    browser
        .find("a[target='_top']")
        .await
        .click()
        .await
        .unwrap();
    browser.client.enter_parent_frame().await.unwrap();
    let there = store.url(path);
    browser
        .until(&format!(
            "return location.href === {there:?} && window === window.top && document.readyState === 'complete'"
        ))
        .await;
    assert_eq!(store.visits(), [path]);
}

#[test]
fn a_customer_applies_and_buys_in_a_frame_and_leaves_it_for_the_shop() {
    let store = Store::open();
    let mock = walk::server(&store);
    browse(async |browser| {
        let order = walk::init(&mock, true, &walk::parameters("apply/buy", "fr", &[]));
        enter(browser, &store, &order.url).await;
        assert_eq!(browser.js("return window === window.top").await, false);
        walk::choose(browser, "apply").await;
        walk::step(browser, "application").await;
        walk::apply(browser, "A-RR_L").await;
        walk::code(browser).await;
        walk::choose(browser, "buy").await;
        walk::step(browser, "plan").await;
        walk::confirm(browser).await;
        leave(browser, &store, "/thanks").await;
        let told = walk::notification(&mock, order.id);
        assert_eq!(told["apply"]["apply_status"], "SUCCESS", "{told}");
        assert_eq!(told["purchase"]["status"], "Success", "{told}");
    });
}

#[test]
fn a_customer_gives_up_in_a_frame() {
    let store = Store::open();
    let mock = walk::server(&store);
    browse(async |browser| {
        let order = walk::init(&mock, false, &walk::parameters("apply", "en", &[]));
        enter(browser, &store, &order.url).await;
        walk::step(browser, "cancel").await;
        leave(browser, &store, "/sorry").await;
        let told = walk::notification(&mock, order.id);
        assert_eq!(told["apply"]["apply_status"], "CANCELLED", "{told}");
    });
}
