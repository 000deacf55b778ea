//! What a fault did to whoever sent a request is what its row shows.

use super::{appears, click, details, open, says, token, without_shop};
use crate::browser::driver::browse;
use crate::shop::{APPLY, CLIENT, INIT, admin, init_call, order, path_of, server, text};
use crate::wire::Call;
use serde_json::json;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

/// Each fault of an init, what its row says, and what its details say.
const FATES: &[(&str, &str, &str)] = &[
    ("lost_response", "answer lost", "did what it was asked to"),
    ("empty", "no answer", "Nothing was done."),
    ("reset", "reset", "Nothing was done."),
    ("truncate", "200 cut off", "broke off"),
    ("malformed", "200 bad JSON", "broken JSON"),
    ("malformed_chunking", "200 bad frame", "framing"),
    ("wrong_type", "200 HTML", "in place of JSON"),
    ("delay", "200 ok, late", "held back"),
    ("dribble", "200 ok, slow", "small pieces"),
    ("status", "503 failed", "planned"),
];

#[test]
fn a_row_says_what_its_client_got() {
    let mock = server("documented");
    let faults: Vec<_> = FATES
        .iter()
        .map(|(kind, ..)| {
            let mut action = json!({"type": kind});
            match *kind {
                "delay" => action["ms"] = json!(1),
                "status" => action["status"] = json!(503),
                _ => {}
            }
            json!({"match": {"endpoint": "init"}, "action": action})
        })
        .collect();
    let path = format!("/merchants/{CLIENT}/faults");
    let put = admin(&mock, "PUT", &path, &json!({"faults": faults}));
    assert_eq!(put.status, 200, "{}", put.text());
    let token = token(&mock);
    for _ in FATES {
        let call = init_call(INIT, &token).form(&APPLY);
        let mut stream = TcpStream::connect(mock.address()).unwrap();
        stream.write_all(&call.bytes(mock.address())).unwrap();
        // Some end with a reset.
        let _ = stream.read_to_end(&mut Vec::new());
    }
    browse(async |browser| {
        open(browser, &mock).await;
        for (id, (kind, row, detail)) in (2..).zip(FATES) {
            details(browser, id).await;
            let shown = browser.text(&format!("#request-{id} .status")).await;
            assert_eq!(shown.replace("! ", "").replace("✓ ", "").trim(), *row);
            says(
                browser,
                &format!("#request-{id} .row"),
                &format!("fault {kind}"),
            )
            .await;
            says(browser, &format!("#request-{id}-detail"), detail).await;
        }
        // The problems are those that somebody had.
        click(browser, "#filter-refused").await;
        let shown = "return [...document.querySelectorAll('#request-list > li:not([hidden])')].map(e => Number(e.id.slice(8)))";
        let shown = browser.js(shown).await;
        assert_eq!(shown, json!([11, 8, 7, 6, 5, 4, 3, 2]));
        says(browser, "#requests-count", "8 of 11, 8 failed").await;
    });
}

#[test]
fn a_callback_that_did_not_come_is_not_answered() {
    let mock = without_shop();
    let made = order(&mock, &APPLY);
    let id = made["online_order_id"].as_u64().unwrap();
    let complete = format!("/orders/{id}/complete");
    let wish = json!({"outcome": "approved", "follow": true});
    assert_eq!(admin(&mock, "POST", &complete, &wish).status, 200);
    let faults = json!({"faults": [{"action": {"type": "no_callback"}}]});
    admin(
        &mock,
        "PUT",
        &format!("/merchants/{CLIENT}/faults"),
        &faults,
    );
    let page = path_of(&text(&made, "redirection_url"));
    let page = page.split('?').next().unwrap();
    let held = Call::get(&format!("{page}/return")).send(mock.address());
    assert_eq!(held.status, 204);
    browse(async |browser| {
        open(browser, &mock).await;
        says(browser, "#request-3 .row", "no answer").await;
        details(browser, 3).await;
        says(browser, "#request-3-detail", "Answer: none came").await;
        let recorded = mock.admin().request(3).unwrap();
        let why = recorded.row.error.unwrap();
        assert!(!why.is_empty());
        says(browser, "#request-3-detail .problem", &why).await;
        appears(browser, "#request-4 .row").await;
        let row = browser.text("#request-4 .row").await;
        assert!(row.contains("held back") && !row.contains("204"), "{row}");
        details(browser, 4).await;
        says(browser, "#request-4-detail", "never reached the shop").await;
    });
}
