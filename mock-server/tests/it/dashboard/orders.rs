//! Orders that are moved by a button.

use super::{appears, click, open, says};
use crate::browser::driver::browse;
use crate::browser::store::Store;
use crate::browser::walk;

#[test]
fn an_order_is_ended_by_its_button_and_its_row_changes() {
    let store = Store::open();
    let mock = walk::server(&store);
    browse(async |browser| {
        open(browser, &mock).await;
        let pairs = walk::parameters("apply", "en", &[("merchant_orderid", "CART-7")]);
        let order = walk::init(&mock, false, &pairs);
        let row = format!("#order-{}", order.id);
        appears(browser, &row).await;
        for part in ["$49.99", "CART-7", "created"] {
            says(browser, &row, part).await;
        }
        let link = browser.find(&format!("{row} a")).await;
        let href = link.attr("href").await.unwrap().unwrap();
        assert_eq!(href, order.url);
        click(browser, &format!("{row} summary")).await;
        assert_eq!(
            browser.count(&format!("{row} [data-part=purchased]")).await,
            0,
            "nobody buys with an application"
        );

        // What cannot be is said in the server's words, and changes nothing.
        browser.fill("#settle", "polls").await;
        browser.fill("#settle-by", "many").await;
        click(browser, &format!("{row} [data-part=approved]")).await;
        says(browser, "#orders-problem", "settle_after.polls").await;
        assert_eq!(walk::order(&mock, order.id)["stage"], "created");

        browser.fill("#settle-by", "2").await;
        click(browser, "#follow").await;
        click(browser, &format!("{row} [data-part=approved]")).await;
        says(browser, &row, "approved").await;
        says(browser, &row, "does not show it yet").await;
        says(browser, "#orders-done", "answered 200").await;
        assert!(
            store
                .visits()
                .iter()
                .any(|path| path.starts_with("/thanks"))
        );
        assert_eq!(walk::order(&mock, order.id)["outcome"], "approved");
        assert_eq!(
            browser.count(&format!("{row} [data-part=declined]")).await,
            0
        );
        for _ in 0..3 {
            walk::notification(&mock, order.id);
        }
        browser
            .until(&format!(
                "return !document.querySelector({row:?}).innerText.includes('not show')"
            ))
            .await;
    });
}

#[test]
fn an_order_that_its_customer_moves_changes_here() {
    let store = Store::open();
    let mock = walk::server(&store);
    browse(async |browser| {
        open(browser, &mock).await;
        let order = walk::init(&mock, false, &walk::parameters("buy", "en", &[]));
        let row = format!("#order-{}", order.id);
        appears(browser, &row).await;
        click(browser, &format!("{row} summary")).await;
        browser
            .js(&format!(
                "document.querySelector('{row} [data-part=purchased]').focus()"
            ))
            .await;
        let page = crate::wire::Call::get(&crate::shop::path_of(&order.url));
        assert_eq!(page.send(mock.address()).status, 200);
        says(browser, &row, "buying").await;
        let pin = walk::order(&mock, order.id)["pin"]
            .as_str()
            .unwrap()
            .to_owned();
        says(browser, &row, &pin).await;
        // Whoever was about to press a button still is.
        let at = browser
            .js("return [document.activeElement.dataset.part, document.activeElement.closest('li').id]")
            .await;
        assert_eq!(at, serde_json::json!(["purchased", row[1..]]));
    });
}
