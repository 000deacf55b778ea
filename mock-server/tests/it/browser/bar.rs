//! The sandbox bar: what a tester forces in place of the customer.

use super::driver::browse;
use super::store::Store;
use super::walk;
use fantoccini::key::Key;

#[test]
fn every_outcome_can_be_forced() {
    let store = Store::open();
    let mock = walk::server(&store);
    browse(async |browser| {
        for (flow, outcomes) in [
            (
                "apply",
                &[
                    "approved",
                    "pending",
                    "declined",
                    "retry",
                    "cancelled",
                    "abandoned",
                    "expired",
                ][..],
            ),
            (
                "apply/buy",
                &[
                    "approved",
                    "pending",
                    "declined",
                    "retry",
                    "purchased",
                    "refused",
                    "cancelled",
                    "abandoned",
                    "expired",
                ][..],
            ),
            (
                "buy",
                &["purchased", "refused", "cancelled", "abandoned", "expired"][..],
            ),
        ] {
            for outcome in outcomes {
                let order = walk::init(&mock, true, &walk::parameters(flow, "fr", &[]));
                browser.go(&order.url).await;
                let offered = browser
                    .js("return [...document.querySelectorAll('[name=outcome]')].map(b => b.value)")
                    .await;
                assert_eq!(offered, serde_json::json!(outcomes), "{flow}");
                browser
                    .find(".sandbox summary")
                    .await
                    .click()
                    .await
                    .unwrap();
                browser.press(&format!("button[value='{outcome}']")).await;
                let shown = walk::order(&mock, order.id);
                let (key, expected) = match (flow, *outcome) {
                    // The purchase is still to come.
                    ("apply/buy", "approved") => ("stage", "approved"),
                    (_, outcome) => ("outcome", outcome),
                };
                assert_eq!(shown[key], expected, "{flow}: {shown}");
                let back = browser.count("a[target='_top']").await;
                let stays = matches!(
                    (flow, *outcome),
                    (_, "abandoned") | ("apply/buy", "approved")
                );
                assert_eq!(back, usize::from(!stays), "{flow} {outcome}");
                if !stays {
                    let success = matches!(*outcome, "approved" | "purchased");
                    let path = if success { "/thanks" } else { "/sorry" };
                    walk::return_to(browser, &store, path).await;
                }
            }
        }
    });
}

#[test]
fn an_outcome_can_be_forced_on_the_way() {
    let store = Store::open();
    let mock = walk::server(&store);
    browse(async |browser| {
        let order = walk::init(&mock, false, &walk::parameters("apply/buy", "en", &[]));
        browser.go(&order.url).await;
        walk::apply(browser, "").await;
        browser.press("button[value='retry']").await;
        walk::choose(browser, "apply").await;
        walk::apply(browser, "").await;
        walk::code(browser).await;
        walk::choose(browser, "buy").await;
        walk::step(browser, "plan").await;
        browser
            .find(".sandbox summary")
            .await
            .click()
            .await
            .unwrap();
        browser.press("button[value='purchased']").await;
        let told = walk::notification(&mock, order.id);
        assert_eq!(told["apply"]["apply_status"], "SUCCESS", "{told}");
        assert_eq!(told["purchase"]["status"], "Success", "{told}");
    });
}

#[test]
fn test_data_leaves_what_was_typed_and_enter_sends_the_form() {
    let store = Store::open();
    let mock = walk::server(&store);
    browse(async |browser| {
        let order = walk::init(&mock, false, &walk::parameters("apply", "en", &[]));
        browser.go(&order.url).await;
        browser.fill("#fname", "Zoé").await;
        browser.find("#consent").await.click().await.unwrap();
        browser
            .find(".sandbox summary")
            .await
            .click()
            .await
            .unwrap();
        browser.press("button[formaction$='/fill']").await;
        assert_eq!(browser.value("#fname").await, "Zoé");
        assert_eq!(browser.value("#lname").await, "Smith");
        assert!(browser.find("#consent").await.is_selected().await.unwrap());
        assert_eq!(browser.count(".problems").await, 0);
        // Nothing is left to do but to send it; that is what Enter does, and not to fill it again.
        browser.js("document.getElementById('city').focus()").await;
        browser.leave().await;
        browser.tap(Key::Enter).await;
        browser.arrived().await;
        assert_eq!(browser.count("#pin").await, 1);
    });
}
