//! Twenty minutes that pass by a button.

use super::{appears, click, open, says, token};
use crate::browser::driver::browse;
use crate::shop::{CLIENT, opens, server};

#[test]
fn a_token_ends_when_twenty_minutes_pass_at_once() {
    let mock = server("documented");
    let token = token(&mock);
    browse(async |browser| {
        open(browser, &mock).await;
        click(browser, "#freeze").await;
        says(browser, "#clock-state", "frozen").await;
        let now = || mock.admin().clock(CLIENT).unwrap().now;
        let began = now();
        assert_eq!(opens(&mock, &token).status, 200);
        click(browser, "[data-minutes='19']").await;
        let shown = |at: jiff::Timestamp| at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string();
        let minutes = |n: i64| began + jiff::SignedDuration::from_mins(n);
        says(browser, "#now", &shown(minutes(19))).await;
        assert_eq!(opens(&mock, &token).status, 200);
        click(browser, "[data-minutes='1']").await;
        says(browser, "#now", &shown(minutes(20))).await;
        assert_eq!(opens(&mock, &token).status, 401);
        appears(browser, "#request-4 .row").await;
        says(browser, "#request-4 .row", "auth.token.alive").await;
        click(browser, "[data-minutes='20']").await;
        says(browser, "#now", &shown(minutes(40))).await;
        assert_eq!(now(), minutes(40));

        browser.fill("#clock-set", "2026-02-03T04:05:06Z").await;
        click(browser, "#clock-form button").await;
        says(browser, "#now", "2026-02-03 04:05:06 UTC").await;
        assert_eq!(now().to_string(), "2026-02-03T04:05:06Z");
        click(browser, "#freeze").await;
        says(browser, "#clock-state", "running").await;
        assert!(!mock.admin().clock(CLIENT).unwrap().frozen);
        browser.fill("#clock-set", "yesterday").await;
        click(browser, "#clock-form button").await;
        says(browser, "#clock-problem", "set:").await;
    });
}
