//! Without a mouse.

use super::driver::{Browser, browse};
use super::store::Store;
use super::walk;
use fantoccini::key::Key;

/// What the focus is on, and whether one can see that it is.
pub async fn focus(browser: &Browser) -> (String, bool) {
    let at = browser
        .js("const e = document.activeElement, s = getComputedStyle(e), r = e.getBoundingClientRect();
             const seen = e.matches(':focus-visible') && s.outlineStyle !== 'none'
                 && parseFloat(s.outlineWidth) >= 2 && r.width > 0 && r.left >= 0;
             return [e.id || e.value || e.getAttribute('href') || e.className || e.tagName, seen]")
        .await;
    (at[0].as_str().unwrap().to_owned(), at[1] == true)
}

/// Presses Tab until the focus is on what matches; every stop on the way must be seen.
pub async fn tab_to(browser: &Browser, css: &str) -> Vec<String> {
    let mut stops = Vec::new();
    while stops.len() < 60 {
        browser.tap(Key::Tab).await;
        let (stop, seen) = focus(browser).await;
        assert!(stop == "BODY" || seen, "the focus on `{stop}` is not seen");
        stops.push(stop);
        let there = format!("return document.activeElement.matches({css:?})");
        if browser.js(&there).await == true {
            return stops;
        }
    }
    panic!("Tab never comes to `{css}`: {stops:?}");
}

/// Presses a key that leads to another page.
async fn tap_through(browser: &Browser, key: Key) {
    browser.leave().await;
    browser.tap(key).await;
    browser.arrived().await;
}

#[test]
fn an_application_needs_no_mouse() {
    let store = Store::open();
    let mock = walk::server(&store);
    browse(async |browser| {
        let order = walk::init(&mock, true, &walk::parameters("apply", "en", &[]));
        browser.go(&order.url).await;
        let stops = tab_to(browser, "button[value='apply']").await;
        assert_eq!(
            stops,
            ["#main", "apply"],
            "the way past the top comes first"
        );
        tap_through(browser, Key::Enter).await;

        // Enter in a field sends the form, empty.
        tab_to(browser, "#fname").await;
        tap_through(browser, Key::Enter).await;
        let problems = browser.count(".problems a").await;
        assert_eq!(problems, 10, "every required field, and the agreement");
        assert!(browser.client.title().await.unwrap().starts_with("Error:"));
        let (at, _) = focus(browser).await;
        assert_eq!(at, "problems", "the problems are read first");
        // Each problem leads to its field, which says it again.
        for at in 1..=problems {
            browser
                .js("document.querySelector('.problems').focus()")
                .await;
            let link = format!(".problems li:nth-child({at}) a");
            let field = browser.find(&link).await.attr("href").await.unwrap();
            let (field, said) = (field.unwrap(), browser.text(&link).await);
            tab_to(browser, &link).await;
            browser.tap(Key::Enter).await;
            browser
                .until(&format!("return document.activeElement.matches({field:?})"))
                .await;
            // Beside the field its name is not said again.
            let beside = browser.text(&format!("{field}-error")).await;
            let said = said.to_lowercase();
            assert!(said.ends_with(&beside.to_lowercase()), "{said}: {beside}");
        }

        // From the first field to the button, in the order of the page.
        browser.js("document.getElementById('fname').focus()").await;
        let mut stops = vec!["fname".to_owned()];
        stops.extend(tab_to(browser, "button.main").await);
        let fields = walk::APPLICANT.map(|(name, _)| name);
        assert_eq!(stops[..11], fields);
        assert_eq!(stops[11], "consent");
        assert_eq!(stops.len(), 13, "{stops:?}");

        walk::fill_in(browser, "P-CREDIT").await;
        let (at, _) = focus(browser).await;
        assert_eq!(at, "consent");
        tab_to(browser, "button.main").await;
        tap_through(browser, Key::Space).await;
        tab_to(browser, "#pin").await;
        browser.keys("2222".chars()).await;
        tap_through(browser, Key::Enter).await;
        let stops = tab_to(browser, "a[target='_top']").await;
        assert_eq!(stops.len(), 2, "after the way past the top: {stops:?}");
        browser.tap(Key::Enter).await;
        let shop = store.url("/sorry");
        browser
            .until(&format!("return location.href === {shop:?}"))
            .await;
        let told = walk::notification(&mock, order.id);
        assert_eq!(told["apply"]["apply_status"], "PENDING");
    });
}

#[test]
fn the_sandbox_bar_the_plan_and_the_terms_need_no_mouse() {
    let store = Store::open();
    let mock = walk::server(&store);
    browse(async |browser| {
        let order = walk::init(&mock, false, &walk::parameters("buy", "fr", &[]));
        browser.go(&order.url).await;
        walk::code(browser).await;
        tab_to(browser, "form[action$='/plan'] button").await;
        tap_through(browser, Key::Enter).await;
        tab_to(browser, "#agree").await;
        browser.tap(Key::Space).await;
        tab_to(browser, "form[action$='/confirm'] button").await;
        tab_to(browser, "form[action$='/cancel'] button").await;
        tab_to(browser, ".sandbox summary").await;
        browser.tap(Key::Enter).await;
        tab_to(browser, "button[value='refused']").await;
        tap_through(browser, Key::Space).await;
        assert_eq!(walk::order(&mock, order.id)["outcome"], "refused");
    });
}
