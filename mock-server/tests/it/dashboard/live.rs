//! Requests as they come, and what is known of each.

use super::{appears, details, is_live, lint_is, open, says, token, wrong_init};
use crate::browser::driver::browse;
use crate::shop::{
    APPLY, CLIENT, KEYS, REFERENCE, SECRET, TOKEN, admin, demo_token_call, order, server, text,
    tokens_of, two_merchants,
};
use crate::wire::Call;
use flexiti_contract::Contract;
use serde_json::{Value, json};
use std::process::Command;

#[test]
fn a_refused_request_is_seen_with_its_clauses_as_it_comes() {
    let mock = server("documented");
    browse(async |browser| {
        open(browser, &mock).await;
        says(browser, "#requests-empty", mock.base_url().as_str()).await;
        browser.leave().await;
        wrong_init(&mock, &token(&mock));
        appears(browser, "#request-2 .row").await;
        let shown = browser.text("#request-2 .row").await;
        for part in [
            "409 refused",
            "POST",
            "systems/init",
            "init.lang.values",
            "init.amount_requested.separator",
            "amount_requested",
        ] {
            assert!(shown.contains(part), "{part}: {shown}");
        }
        let said = browser.text("#said").await;
        assert!(said.contains("409") && said.contains("init.lang.values lang"));
        assert!(browser.text("#request-1 .row").await.contains("200 ok"));
        let order = "return [...document.querySelectorAll('#request-list > li')].map(e => e.id)";
        let order = browser.js(order).await;
        assert_eq!(order, json!(["request-2", "request-1"]), "newest first");

        details(browser, 2).await;
        let shown = browser.text("#request-2-detail").await;
        let clause = Contract::shipped().clause("init.amount_requested.separator");
        let clause = clause.unwrap();
        for part in [
            clause.requirement.replace('`', "").as_str(),
            clause.evidence.as_str(),
            &clause.source[0],
            "Send en or fr",
            "10,50",
            "wrong_inputs",
            "Bearer",
        ] {
            assert!(shown.contains(part), "{part}: {shown}");
        }
        assert_eq!(browser.count("#request-2-detail .wrong").await, 3);
        let links = "return ['#request-2-detail a.clause', '#reference'].map(css =>
            document.querySelector(css).getAttribute('href'))";
        assert_eq!(
            browser.js(links).await,
            json!([
                "/__admin/reference?client_id=flexitidemo#clause-init.lang.values",
                "/__admin/reference?client_id=flexitidemo",
            ])
        );
        let left = browser
            .js("return document.documentElement.dataset.left")
            .await;
        assert_eq!(left, "yes", "the page was never loaded again");
    });
}

#[test]
fn a_command_is_copied_and_works_in_a_shell() {
    let mock = server("documented");
    // As most clients write it: nothing is escaped that need not be.
    let asked = Call::post(TOKEN)
        .header("x-reference-id", REFERENCE)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(format!("grant_type=client_credentials&{KEYS}"));
    let token = text(&tokens_of(&mock, &asked), "access_token");
    wrong_init(&mock, &token);
    browse(async |browser| {
        open(browser, &mock).await;
        let copy = async |id: u64| -> String {
            details(browser, id).await;
            browser
                .js("navigator.clipboard.writeText = async text => { window.copied = text; }")
                .await;
            super::click(browser, &format!("#request-{id}-detail .copied button")).await;
            browser.until("return !!window.copied").await;
            let copied =
                browser.js("const text = window.copied; delete window.copied; return text");
            copied.await.as_str().unwrap().to_owned()
        };
        let run = |command: &str, name: &str, secret: &str| {
            let mut shell = Command::new("sh");
            shell.args(["-c", command]).env(name, secret);
            String::from_utf8(shell.output().unwrap().stdout).unwrap()
        };
        let (asked, refused) = (copy(1).await, copy(2).await);
        assert!(!asked.contains(SECRET) && !refused.contains(&token));
        let answer = run(&asked, "CLIENT_SECRET", SECRET);
        assert!(answer.contains("access_token"), "{answer}");
        let answer = run(&refused, "TOKEN", &token);
        assert!(
            answer.contains("409") && answer.contains("amount_requested"),
            "{answer}"
        );
        says(browser, "#request-1-detail", "CLIENT_SECRET").await;

        // Where a page may not write to the clipboard, the text is selected.
        browser
            .js("navigator.clipboard.writeText = async () => { throw new Error('no'); }")
            .await;
        super::click(browser, "#request-2-detail .copied button").await;
        browser
            .until("return getSelection().toString().trim() === document.querySelector('#request-2-detail .curl').textContent.trim()")
            .await;
    });
}

#[test]
fn the_filter_shows_what_it_lets_through() {
    let mock = server("documented");
    let made = order(
        &mock,
        &[&APPLY[..], &[("merchant_orderid", "CART-7")]].concat(),
    );
    wrong_init(&mock, &token(&mock));
    demo_token_call(&[("grant_type", "nonsense")]).send(mock.address());
    browse(async |browser| {
        open(browser, &mock).await;
        let shows = async |ids: &Value| {
            let shown = "JSON.stringify([...document.querySelectorAll('#request-list > li:not([hidden])')].map(e => Number(e.id.slice(8))))";
            browser.until(&format!("return {shown} === '{ids}'")).await;
        };
        shows(&json!([5, 4, 3, 2, 1])).await;
        super::click(browser, "#filter-refused").await;
        shows(&json!([5, 4])).await;
        browser.fill("#filter-endpoint", "init").await;
        shows(&json!([4])).await;
        super::click(browser, "#filter-refused").await;
        shows(&json!([4, 2])).await;
        browser.fill("#filter-endpoint", "").await;
        for (text, ids) in [
            ("cart-7", json!([2])),
            ("amount_requested.separator", json!([4])),
            (&made["online_order_id"].to_string(), json!([2])),
            ("nothing like that", json!([])),
        ] {
            browser.fill("#filter-text", text).await;
            shows(&ids).await;
        }
        says(browser, "#requests-empty", "No request is like that").await;
    });
}

#[test]
fn each_merchant_is_seen_alone_or_with_all() {
    let mock = two_merchants();
    browse(async |browser| {
        open(browser, &mock).await;
        token(&mock);
        let other = crate::shop::token_call("other", "other-secret", &[crate::shop::GRANT]);
        other.send(mock.address());
        Call::get("/nothing").send(mock.address());
        appears(browser, "#request-1").await;
        browser.fill("#merchant", "other").await;
        appears(browser, "#request-2").await;
        assert_eq!(browser.count("#request-list > li").await, 1);
        browser.fill("#merchant", "").await;
        appears(browser, "#request-3").await;
        assert_eq!(browser.count("#request-list > li").await, 3);
        says(browser, "#request-2 .row", "other").await;
        // The address keeps the choice.
        browser.fill("#merchant", "other").await;
        is_live(browser).await;
        browser
            .until("return location.search === '?merchant=other'")
            .await;
        browser.client.refresh().await.unwrap();
        is_live(browser).await;
        assert_eq!(browser.value("#merchant").await, "other");

        browser.fill("#dialect", "strict").await;
        let dialects = mock.admin().dialects().dialects;
        let strict = dialects.iter().find(|row| row.name == "strict").unwrap();
        // The page says what the server answered.
        browser
            .until(&format!(
                "return document.getElementById('dialect').title === {:?}",
                strict.description
            ))
            .await;
        assert_eq!(mock.admin().dialect("other").unwrap().name, "strict");
        // Somebody else changes it.
        let lenient = json!({"name": "lenient"});
        admin(&mock, "PUT", "/merchants/other/dialect", &lenient);
        browser
            .until("return document.getElementById('dialect').value === 'lenient'")
            .await;
    });
}

#[test]
fn a_reset_is_asked_about_first() {
    let mock = server("documented");
    token(&mock);
    browse(async |browser| {
        open(browser, &mock).await;
        appears(browser, "#request-1").await;
        super::click(browser, "#clear").await;
        says(browser, "#sure-dialog", CLIENT).await;
        super::click(browser, "#sure-dialog button[value='']").await;
        browser
            .until("return !document.getElementById('sure-dialog').open")
            .await;
        assert_eq!(browser.count("#request-1").await, 1);
        super::click(browser, "#clear").await;
        super::click(browser, "#sure-dialog button[value='yes']").await;
        browser
            .until("return !document.querySelector('#request-list > li')")
            .await;
        let left = mock.admin().requests("").unwrap();
        assert!(left.requests.is_empty());
        // It goes on with what comes next.
        is_live(browser).await;
        token(&mock);
        appears(browser, "#request-list > li").await;
    });
}

#[test]
fn what_lint_finds_leads_to_its_requests() {
    let mock = server("documented");
    browse(async |browser| {
        open(browser, &mock).await;
        let finding = json!({"findings": [{
            "rule": "token.reuse", "message": "A token for each <b>init</b>.", "requests": [1],
            "clause": "token.response.expires_in", "test_case": "A-4", "remedy": "Keep it.",
        }]});
        lint_is(browser, Some(&finding)).await;
        token(&mock);
        appears(browser, "#lint-list li").await;
        let shown = browser.text("#lint").await;
        for part in [
            "token.reuse",
            "A token for each <b>init</b>.",
            "Keep it.",
            "token.response.expires_in",
            "A-4",
        ] {
            assert!(shown.contains(part), "{part}: {shown}");
        }
        super::click(browser, "#lint-list a").await;
        appears(browser, "#request-1-detail .curl").await;
        lint_is(browser, Some(&json!({"findings": []}))).await;
        token(&mock);
        says(browser, "#lint", "Nothing to improve").await;
        // A server that has none of it.
        lint_is(browser, None).await;
        token(&mock);
        browser
            .until("return document.getElementById('lint').hidden")
            .await;
    });
}
