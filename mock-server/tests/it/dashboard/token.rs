//! A server that asks for its token.

use super::{appears, is_live, token};
use crate::browser::driver::browse;
use crate::shop::{SECRET, start};
use fantoccini::key::Key;
use flexiti_mock::Settings;

#[test]
fn the_token_is_asked_for_and_kept_in_the_tab() {
    let mock = start(&Settings {
        admin_token: Some("the-admin-token".to_owned()),
        ..Settings::default()
    });
    token(&mock);
    browse(async |browser| {
        browser.go(&format!("{}/", mock.admin_url())).await;
        let asked = "return document.getElementById('token-dialog').open";
        browser.until(asked).await;
        assert_eq!(browser.count("#request-list > li").await, 0);
        browser.keys("wrong".chars()).await;
        browser.tap(Key::Enter).await;
        browser
            .until("return !document.getElementById('token-problem').hidden && document.getElementById('token-dialog').open")
            .await;
        // Whoever has none can say so, and come back to it.
        browser.tap(Key::Escape).await;
        super::says(browser, "#live", "No token").await;
        super::click(browser, "#live button").await;
        browser.until(asked).await;
        browser.keys("the-admin-token".chars()).await;
        browser.tap(Key::Enter).await;
        is_live(browser).await;
        appears(browser, "#request-1").await;
        let page = browser.client.source().await.unwrap();
        assert!(!page.contains(SECRET) && !page.contains("the-admin-token"));
        browser.client.refresh().await.unwrap();
        is_live(browser).await;
        assert_eq!(browser.js(asked).await, false);
    });
}
