//! Faults that are planned in the page.

use super::{appears, click, open, says};
use crate::browser::driver::browse;
use crate::shop::{CLIENT, GRANT, demo_token_call, server};

#[test]
fn a_fault_is_added_consumed_and_taken_away() {
    let mock = server("documented");
    browse(async |browser| {
        open(browser, &mock).await;
        click(browser, "#fault-add summary").await;
        browser.fill("#fault-endpoint", "token").await;
        browser.fill("#fault-status", "200").await;
        click(browser, "#fault-form .main").await;
        says(
            browser,
            "#fault-problem",
            "add.action.status: must be 400 to 599",
        )
        .await;
        assert_eq!(browser.count("#fault-list > li").await, 0);

        browser.fill("#fault-status", "503").await;
        browser.fill("#fault-headers", "Retry-After=7").await;
        browser
            .fill("#fault-params", "grant_type=client_credentials")
            .await;
        click(browser, "#fault-form .main").await;
        says(browser, "#fault-list > li", "waiting").await;
        assert_eq!(browser.text("#fault-problem").await, "");
        let struck = demo_token_call(&[GRANT]).send(mock.address());
        assert_eq!(
            (struck.status, struck.header("retry-after")),
            (503, Some("7"))
        );
        says(browser, "#fault-list > li", "used up").await;
        says(browser, "#request-1 .row", "fault status").await;
        click(browser, "#fault-list a").await;
        appears(browser, "#request-1-detail .curl").await;

        // A second one, and the first is still used up.
        browser.fill("#fault-type", "delay").await;
        browser.fill("#fault-ms", "soon").await;
        click(browser, "#fault-form .main").await;
        says(
            browser,
            "#fault-problem",
            "\"soon\", expected a whole number",
        )
        .await;
        browser.fill("#fault-ms", "0").await;
        browser.fill("#fault-times", "0").await;
        click(browser, "#fault-form .main").await;
        says(browser, "#fault-list > li:nth-child(2)", "delay").await;
        says(
            browser,
            "#fault-list > li:nth-child(1)",
            "used up, 1 of 1 by #1",
        )
        .await;
        assert_eq!(demo_token_call(&[GRANT]).send(mock.address()).status, 200);
        says(browser, "#fault-list > li:nth-child(2)", "#2").await;

        click(browser, "#fault-list > li:nth-child(1) .remove").await;
        says(browser, "#fault-list > li:nth-child(1)", "delay").await;
        let left = mock.admin().faults(CLIENT).unwrap().faults;
        assert_eq!(left.len(), 1);
        assert_eq!(left[0].consumed_by, [2]);
        click(browser, "#faults-clear").await;
        browser
            .until("return !document.querySelector('#fault-list > li')")
            .await;
        assert!(mock.admin().faults(CLIENT).unwrap().faults.is_empty());
    });
}

#[test]
fn every_action_of_the_form_is_one_that_the_server_takes() {
    let mock = server("documented");
    browse(async |browser| {
        open(browser, &mock).await;
        click(browser, "#fault-add summary").await;
        let types = browser
            .js("return [...document.querySelectorAll('#fault-type option')].map(o => o.value)")
            .await;
        let types: Vec<String> = serde_json::from_value(types).unwrap();
        assert_eq!(types.len(), 17);
        for (at, kind) in types.iter().enumerate() {
            browser.fill("#fault-type", kind).await;
            if kind == "maintenance" {
                browser.fill("#fault-from", "2126-01-01T00:00:00Z").await;
                browser.fill("#fault-until", "2126-01-02T00:00:00Z").await;
            }
            click(browser, "#fault-form .main").await;
            let nth = format!("#fault-list > li:nth-child({})", at + 1);
            appears(browser, &nth).await;
            says(browser, &nth, kind).await;
        }
        let endpoints = browser
            .js("return [...document.querySelectorAll('#fault-endpoint option')].map(o => o.value)")
            .await;
        let endpoints: Vec<String> = serde_json::from_value(endpoints).unwrap();
        let shape = serde_json::to_value(schemars::schema_for!(flexiti_mock::embed::admin::Target));
        let known = shape.unwrap().to_string();
        for name in endpoints.iter().filter(|name| !name.is_empty()) {
            assert!(known.contains(&format!("{name:?}")), "{name}: {known}");
        }
    });
}
