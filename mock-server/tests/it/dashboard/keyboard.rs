//! Without a mouse.

use super::{appears, open, token, wrong_init};
use crate::browser::driver::browse;
use crate::browser::keyboard::{focus, tab_to};
use crate::shop::server;
use fantoccini::key::Key;

#[test]
fn the_dashboard_needs_no_mouse() {
    let mock = server("documented");
    wrong_init(&mock, &token(&mock));
    browse(async |browser| {
        open(browser, &mock).await;
        let stops = tab_to(browser, "#request-2 .row").await;
        assert_eq!(
            stops,
            [
                "#requests",
                "merchant",
                "merchant-new",
                "merchant-delete",
                "dialect",
                "dialect-edit",
                "reference",
                "har",
                "clear",
                "filter-text",
                "filter-endpoint",
                "filter-refused",
                "row"
            ]
        );
        browser.tap(Key::Enter).await;
        appears(browser, "#request-2-detail .curl").await;
        let expanded = "return document.activeElement.getAttribute('aria-expanded')";
        assert_eq!(browser.js(expanded).await, "true", "the focus stays");
        tab_to(browser, "#request-2-detail .copied button").await;
        browser.tap(Key::Escape).await;
        assert_eq!(browser.js(expanded).await, "false");
        let at = "return document.activeElement.closest('li').id";
        assert_eq!(browser.js(at).await, "request-2");
        let hidden = "return document.getElementById('request-2-detail').hidden";
        assert_eq!(browser.js(hidden).await, true);
        browser.tap(Key::Down).await;
        assert_eq!(browser.js(at).await, "request-1");
        assert!(focus(browser).await.1, "the focus is seen");
        browser.tap(Key::Up).await;
        assert_eq!(browser.js(at).await, "request-2");

        // On to the rest of the page: every stop is seen.
        let stops = tab_to(browser, "#clock-form button").await;
        for id in ["row", "freeze"] {
            assert!(stops.iter().any(|stop| stop == id), "{id}: {stops:?}");
        }
        browser
            .js("document.getElementById('fault-add').querySelector('summary').focus()")
            .await;
        browser.tap(Key::Enter).await;
        let stops = tab_to(browser, "#fault-form .main").await;
        assert_eq!(
            stops,
            [
                "fault-type",
                "fault-endpoint",
                "fault-status",
                "fault-headers",
                "fault-body",
                "fault-times",
                "fault-nth",
                "fault-probability",
                "fault-params",
                "main"
            ]
        );
        browser.tap(Key::Enter).await;
        appears(browser, "#fault-list > li").await;
        // The question before a reset can be left.
        browser.js("document.getElementById('clear').focus()").await;
        browser.tap(Key::Enter).await;
        browser
            .until("return document.getElementById('sure-dialog').open")
            .await;
        browser.tap(Key::Escape).await;
        browser
            .until("return !document.getElementById('sure-dialog').open")
            .await;
        assert_eq!(focus(browser).await.0, "clear");
        assert_eq!(mock.admin().requests("").unwrap().requests.len(), 2);
    });
}
