//! The page on a phone and on a desk, in light and in dark.

use super::{appears, click, lint_is, open, says, token, wrong_init};
use crate::browser::driver::{Browser, browse};
use crate::browser::pages::{findings, judged, target};
use crate::browser::store::Store;
use crate::browser::walk;
use crate::shop::{APPLY, CLIENT, INIT, admin, demo_token_call, init_call};
use crate::wire::Call;
use flexiti_mock::Mock;
use serde_json::json;

/// A morning of somebody who integrates.
fn a_morning(mock: &Mock) {
    let token = token(mock);
    demo_token_call(&[("grant_type", "client_credential")]).send(mock.address());
    wrong_init(mock, &token);
    let more = [
        ("merchant_orderid", "CART-10045"),
        ("fname", "Zoé"),
        ("mname", "P-CREDIT"),
    ];
    let made = init_call(INIT, &token).form(&[&APPLY[..], &more].concat());
    assert_eq!(made.send(mock.address()).status, 200);
    let bought = walk::init(
        mock,
        false,
        &walk::parameters("buy", "fr", &[("amount_requested", "1234.50")]),
    );
    Call::get(&crate::shop::path_of(&bought.url)).send(mock.address());
    let ended = walk::init(mock, false, &walk::parameters("apply", "en", &[]));
    let faults = json!({"faults": [
        {"match": {"endpoint": "notification"}, "action": {"type": "status", "status": 503, "headers": {"Retry-After": "1"}}},
        {"match": {"endpoint": "init", "params": {"lang": "fr"}}, "times": 3, "action": {"type": "delay", "ms": 1500}},
    ]});
    let path = format!("/merchants/{CLIENT}/faults");
    assert_eq!(admin(mock, "PUT", &path, &faults).status, 200);
    let path = format!("/orders/{}/complete", ended.id);
    assert_eq!(
        admin(mock, "POST", &path, &json!({"outcome": "approved"})).status,
        200
    );
    for id in [ended.id, ended.id, 999_999] {
        let path =
            format!("/flexiti/online-api/online/client-id/{CLIENT}/notifications/order-id/{id}");
        let call = Call::get(&path)
            .header("x-reference-id", crate::shop::REFERENCE)
            .header("authorization", &format!("Bearer {token}"));
        call.send(mock.address());
    }
}

/// The page with its parts open.
async fn show(browser: &Browser, mock: &Mock) {
    open(browser, mock).await;
    let finding = json!({"findings": [{
        "rule": "token.reuse", "requests": [1, 5, 7], "clause": "token.response.expires_in",
        "message": "A new token was asked for before each init, and one lives for 20 minutes.",
        "test_case": "A-4", "remedy": "Keep the token until expires_in is nearly over.",
    }]});
    lint_is(browser, Some(&finding)).await;
    demo_token_call(&[crate::shop::GRANT]).send(mock.address());
    appears(browser, "#lint-list li").await;
    click(browser, "#request-3 .row").await;
    appears(browser, "#request-3-detail .curl").await;
    browser
        .js("document.activeElement.blur(); scrollTo(0, 0)")
        .await;
}

#[test]
fn it_keeps_nobody_out_and_never_scrolls_sideways() {
    let store = Store::open();
    let mut found = Vec::new();
    browse(async |browser| {
        for scheme in ["light", "dark"] {
            for width in [390, 1280] {
                let mock = walk::server(&store);
                a_morning(&mock);
                browser.screen(width, scheme).await;
                show(browser, &mock).await;
                let name = format!("dashboard-{scheme}-{width}.png");
                browser
                    .picture(&target().join("screenshots").join(&name))
                    .await;
                browser
                    .js("document.querySelectorAll('details').forEach(part => part.open = true)")
                    .await;
                let across = browser
                    .js("return Math.max(document.documentElement.scrollWidth, innerWidth)")
                    .await;
                if across != width {
                    found.push(format!("{name}: {across} wide"));
                }
                found.extend(
                    findings(&judged(browser).await)
                        .into_iter()
                        .map(|line| format!("{name}: {line}")),
                );
                click(browser, "#clear").await;
                says(browser, "#sure-dialog", CLIENT).await;
                found.extend(
                    findings(&judged(browser).await)
                        .into_iter()
                        .map(|line| format!("{name}, dialog: {line}")),
                );
            }
        }
    });
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn an_empty_page_keeps_nobody_out() {
    let store = Store::open();
    let mock = walk::server(&store);
    browse(async |browser| {
        browser.screen(390, "light").await;
        open(browser, &mock).await;
        assert_eq!(findings(&judged(browser).await), Vec::<String>::new());
        for (button, dialog) in [
            ("#merchant-new", "#create-dialog"),
            ("#dialect-edit", "#knobs-dialog"),
        ] {
            click(browser, button).await;
            appears(browser, &format!("{dialog}[open]")).await;
            assert_eq!(findings(&judged(browser).await), Vec::<String>::new());
            browser
                .js(&format!("document.querySelector('{dialog}').close()"))
                .await;
        }
        // What does not stand beside the requests is a link away.
        for (width, has_links) in [(390, true), (768, true), (1280, false)] {
            browser.screen(width, "light").await;
            let shown = browser
                .js("return [getComputedStyle(document.querySelector('nav')).display !== 'none', Math.max(document.documentElement.scrollWidth, innerWidth)]")
                .await;
            assert_eq!(shown, json!([has_links, width]));
        }
        browser.fill("#merchant", "").await;
        says(browser, "#clock-state", "each merchant").await;
        assert_eq!(findings(&judged(browser).await), Vec::<String>::new());
    });
}
