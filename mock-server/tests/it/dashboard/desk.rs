//! What is done at the dashboard: requests sent again and copied, merchants made, answers changed.

use super::{appears, click, details, open, says, token, without_shop, wrong_init};
use crate::browser::driver::browse;
use crate::shop::{APPLY, CLIENT, INIT, SECRET, admin, init_call, order, server};
use crate::wire::{Call, exchange};
use serde_json::{Value, json};

#[test]
fn a_row_shows_what_a_fault_did_and_an_order_its_course() {
    let mock = without_shop();
    let faults = json!({"faults": [
        {"match": {"endpoint": "init"}, "action": {"type": "lost_response"}},
    ]});
    let path = format!("/merchants/{CLIENT}/faults");
    assert_eq!(admin(&mock, "PUT", &path, &faults).status, 200);
    let token = token(&mock);
    let lost = init_call(INIT, &token).form(&APPLY).bytes(mock.address());
    assert!(exchange(mock.address(), &lost).is_empty());
    let made = order(&mock, &APPLY);
    let id = made["online_order_id"].as_u64().unwrap();
    let page = crate::shop::path_of(&crate::shop::text(&made, "redirection_url"));
    Call::get(&page).send(mock.address());
    admin(
        &mock,
        "POST",
        &format!("/orders/{id}/complete"),
        &json!({"outcome": "approved", "follow": true}),
    );
    browse(async |browser| {
        open(browser, &mock).await;
        says(browser, "#request-2 .row", "answer lost").await;
        assert!(!browser.text("#request-2 .row").await.contains("200"));
        let row = format!("#order-{id} details[data-part=timeline]");
        click(browser, &format!("{row} summary")).await;
        for part in ["init", "page", "callback", "no answer"] {
            says(browser, &row, part).await;
        }
        // What comes later is added.
        let url =
            format!("/flexiti/online-api/online/client-id/{CLIENT}/notifications/order-id/{id}");
        let call = Call::get(&url).header("x-reference-id", crate::shop::REFERENCE);
        call.header("authorization", &format!("Bearer {token}"))
            .send(mock.address());
        says(browser, &row, "notification").await;
    });
}

#[test]
fn a_request_is_sent_again_copied_as_a_test_and_found() {
    let mock = server("documented");
    let token = token(&mock);
    wrong_init(&mock, &token);
    browse(async |browser| {
        open(browser, &mock).await;
        details(browser, 1).await;
        click(browser, "#request-1-detail .again").await;
        says(browser, "#request-1-detail", "answered 200").await;
        appears(browser, "#request-3").await;
        let sent = mock.admin().recorded(3).unwrap();
        assert_eq!(sent.sent.body, mock.admin().recorded(1).unwrap().sent.body);
        for (language, words) in [
            ("Python", "os.environ["),
            ("Node", "process.env."),
            ("PHP", "getenv('"),
        ] {
            browser.fill("#request-1-detail select", language).await;
            says(browser, "#request-1-detail .curl", words).await;
            let shown = browser.text("#request-1-detail .curl").await;
            assert!(shown.contains("200") && !shown.contains(SECRET), "{shown}");
        }
        browser.fill("#filter-text", "separator").await;
        browser
            .until("return [...CSS.highlights.get('hits')].some(({ startContainer, startOffset, endOffset }) => startContainer.data.slice(startOffset, endOffset) === 'separator')")
            .await;
        browser.fill("#filter-text", "10,50").await;
        says(browser, "#request-2 .row", "in parameters").await;
        browser
            .js("URL.createObjectURL = blob => { blob.text().then(text => { window.archive = text; }); return '#'; }")
            .await;
        click(browser, "#har").await;
        browser.until("return !!window.archive").await;
        let archive = browser.js("return window.archive").await;
        let archive: Value = serde_json::from_str(archive.as_str().unwrap()).unwrap();
        assert_eq!(archive["log"]["entries"].as_array().unwrap().len(), 3);
    });
}

#[test]
fn merchants_are_made_and_deleted_and_a_dialects_answers_changed() {
    let mock = server("documented");
    browse(async |browser| {
        open(browser, &mock).await;
        click(browser, "#merchant-new").await;
        appears(browser, "#create-dialog[open]").await;
        browser.fill("#merchant-client_id", "mine").await;
        browser.fill("#merchant-name_fr", "La boutique").await;
        browser.fill("#merchant-trust_url", "nowhere").await;
        click(browser, "#create-dialog .main").await;
        says(browser, "#create-dialog .problem", "trust_url").await;
        browser.fill("#merchant-trust_url", "").await;
        click(browser, "#create-dialog .main").await;
        says(browser, "#create-dialog pre", "FLEXITI_CLIENT_ID=mine").await;
        let made = mock.admin().merchant("mine").unwrap();
        assert_eq!(made.account.name_fr.as_deref(), Some("La boutique"));
        says(browser, "#create-dialog pre", &made.account.client_secret).await;
        click(browser, "#create-dialog .main").await;
        browser
            .until("return document.getElementById('merchant').value === 'mine'")
            .await;

        click(browser, "#dialect-edit").await;
        appears(browser, "#knobs-dialog[open]").await;
        browser.fill("#knobs-dialog [type=search]", "ids_as").await;
        let knob = "#knobs-dialog fieldset[data-knob=ids_as]";
        // The evidence stands at each answer.
        says(browser, knob, "client").await;
        browser.js(&format!(
            "[...document.querySelectorAll('{knob} label')].find(label => label.textContent.includes('string')).querySelector('input').click()"
        )).await;
        says(browser, "#knobs-dialog .main", "1 changed answer").await;
        click(browser, "#knobs-dialog .main").await;
        browser
            .until("return document.getElementById('dialect').value === 'documented-edited'")
            .await;
        let dialect = mock.admin().dialect("mine").unwrap();
        assert_eq!(dialect.answers["ids_as"], "string");

        click(browser, "#merchant-delete").await;
        says(browser, "#sure-dialog", "Delete mine?").await;
        click(browser, "#sure-yes").await;
        browser
            .until("return document.getElementById('merchant').value !== 'mine'")
            .await;
        assert!(mock.admin().merchant("mine").is_err());
    });
}
