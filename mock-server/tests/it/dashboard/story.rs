//! An order is found, and its story read.

use super::{appears, click, details, lint_is, open, says};
use crate::browser::driver::browse;
use crate::shop::{APPLY, CLIENT, INIT, REFERENCE, admin, init_call, order, server, token};
use crate::wire::Call;
use serde_json::{Value, json};

#[test]
fn an_orders_story_is_told_by_the_merchants_clock() {
    let mock = server("documented");
    let clock = format!("/merchants/{CLIENT}/clock");
    let set = json!({"frozen": true, "set": "2026-02-03T23:55:06Z"});
    assert_eq!(admin(&mock, "PUT", &clock, &set).status, 200);
    let made = order(&mock, &APPLY);
    let id = made["online_order_id"].as_u64().unwrap();
    let page = crate::shop::path_of(&crate::shop::text(&made, "redirection_url"));
    assert_eq!(Call::get(&page).send(mock.address()).status, 200);
    admin(&mock, "PUT", &clock, &json!({"advance_ms": 600_000}));
    let ask = || {
        let url =
            format!("/flexiti/online-api/online/client-id/{CLIENT}/notifications/order-id/{id}");
        let bearer = format!("Bearer {}", token(&mock));
        let call = Call::get(&url).header("x-reference-id", REFERENCE);
        call.header("authorization", &bearer).send(mock.address())
    };
    ask();
    // Nobody looked which order this one was about.
    let fault = json!({"faults": [{"match": {"endpoint": "notification"}, "action": {"type": "status", "status": 503}}]});
    let faults = format!("/merchants/{CLIENT}/faults");
    assert_eq!(admin(&mock, "PUT", &faults, &fault).status, 200);
    assert_eq!(ask().status, 503);
    admin(&mock, "PUT", &clock, &json!({"advance_ms": 1_000}));
    let wish = json!({"outcome": "approved", "follow": true});
    let complete = format!("/orders/{id}/complete");
    assert_eq!(admin(&mock, "POST", &complete, &wish).status, 200);
    ask();
    browse(async |browser| {
        open(browser, &mock).await;
        let row = format!("#order-{id} details[data-part=timeline]");
        // From the request that opened it to its story.
        details(browser, 2).await;
        click(browser, &format!("#request-2-detail a[href='#order-{id}']")).await;
        says(browser, &row, "notification").await;
        let at = "return document.activeElement.closest('li').id";
        assert_eq!(browser.js(at).await, json!(format!("order-{id}")));
        says(browser, &row, "503 failed").await;
        let told = "return [...document.querySelectorAll('.timeline > li')].map(li =>
            ['time', 'strong, time + span', '.told'].map(css => li.querySelector(css)?.innerText.trim() ?? '').join('|').replaceAll('\\n', ' '))";
        assert_eq!(
            browser.js(told).await,
            json!([
                "2026-02-03 23:55:06|init|",
                "23:55:06|page|",
                "2026-02-04 00:05:06|notification|no outcome yet",
                "00:05:06|notification|",
                "00:05:07|approved|",
                "00:05:07|callback|",
                "00:05:07|notification|apply SUCCESS",
            ])
        );
    });
}

#[test]
fn an_order_is_found_among_many() {
    let mock = server("documented");
    let token = token(&mock);
    for cart in 1..=9 {
        let cart = format!("CART-{cart}");
        let call = init_call(INIT, &token);
        let made = call.form(&[&APPLY[..], &[("merchant_orderid", &cart)]].concat());
        assert_eq!(made.send(mock.address()).status, 200);
    }
    browse(async |browser| {
        open(browser, &mock).await;
        appears(browser, "#order-list > li:nth-child(5)").await;
        assert_eq!(browser.count("#order-list > li").await, 5);
        browser.fill("#order-text", "cart-1").await;
        says(browser, "#orders-count", "1 of 9").await;
        says(browser, "#order-list > li", "CART-1").await;
        assert_eq!(browser.count("#order-list > li").await, 1);
        // A link to an order that is not shown shows it.
        browser.fill("#order-text", "cart-2").await;
        says(browser, "#order-list > li", "CART-2").await;
        details(browser, 2).await;
        click(browser, "#request-2-detail a[href^='#order-']").await;
        appears(browser, "#order-list > li:nth-child(9) details[open]").await;
        assert_eq!(browser.value("#order-text").await, "");
    });
}

#[test]
fn the_findings_of_a_rule_stand_together() {
    let mock = server("documented");
    let finding = |at: u32| {
        json!({
            "rule": "text_not_ascii", "message": format!("`fname{at}` has signs outside ASCII"), "requests": [1],
            "clause": "init.text.ascii", "test_case": null, "remedy": "Leave `fname` out.",
        })
    };
    let mut findings: Vec<Value> = (1..=5).map(finding).collect();
    findings.push(json!({
        "rule": "token_shared", "message": "one token", "requests": [], "clause": null,
        "test_case": "C-2", "remedy": "",
    }));
    browse(async |browser| {
        open(browser, &mock).await;
        lint_is(browser, Some(&json!({ "findings": findings }))).await;
        token(&mock);
        says(browser, "#lint-top", "Lint: 6 findings").await;
        says(browser, "#lint-count", "6 findings, 2 rules").await;
        assert_eq!(browser.count("#lint-list > li").await, 2);
        let first = browser.text("#lint-list > li:first-child").await;
        assert!(first.contains("× 5") && first.contains("2 more"), "{first}");
        assert_eq!(first.matches("Leave fname out.").count(), 1, "{first}");
        assert!(
            first.contains("fname3") && !first.contains("fname4"),
            "{first}"
        );
        click(browser, "#lint-list > li:first-child summary").await;
        says(browser, "#lint-list > li:first-child", "fname5").await;
        let link = browser
            .find("#lint-list a[href*='clause-init.text.ascii']")
            .await;
        let href = link.attr("href").await.unwrap().unwrap();
        assert!(href.starts_with("/__admin/reference?"), "{href}");
    });
}
