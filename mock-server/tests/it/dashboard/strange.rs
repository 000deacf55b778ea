//! Whatever a request brings, it stays text.

use super::{appears, click, details, open, token};
use crate::browser::driver::browse;
use crate::browser::marks::PAYLOADS;
use crate::shop::{APPLY, INIT, init_call, server};
use crate::wire::Call;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;

#[test]
fn mark_up_in_a_request_never_runs() {
    let mock = server("documented");
    browse(async |browser| {
        open(browser, &mock).await;
        let token = token(&mock);
        let mut id = 1;
        for payload in PAYLOADS {
            let escaped = utf8_percent_encode(payload, NON_ALPHANUMERIC).to_string();
            let made = init_call(&format!("{INIT}?q={escaped}"), &token)
                .header("x-odd", payload)
                .form(
                    &[
                        &APPLY[..],
                        &[("merchant_orderid", payload), (payload, payload)],
                    ]
                    .concat(),
                )
                .send(mock.address());
            assert!(made.status == 200 || made.status == 409, "{}", made.text());
            let lost = Call::new("GET", &format!("/{escaped}"))
                .header("x-odd", payload)
                .send(mock.address());
            assert_eq!(lost.status, 404);
            id += 1;
            details(browser, id).await;
            let open = format!(
                "document.querySelectorAll('#request-{id}-detail details').forEach(d => d.open = true)"
            );
            browser.js(&open).await;
            let shown = browser
                .js(&format!(
                    "return document.getElementById('request-{id}-detail').textContent"
                ))
                .await;
            assert!(
                shown.as_str().unwrap().contains(payload),
                "{payload}: {shown}"
            );
            id += 1;
        }
        browser.fill("#merchant", "").await;
        appears(browser, &format!("#request-{id} .row")).await;
        details(browser, id).await;
        // An address may say anything, too.
        browser
            .js("location.hash = '#request-\"><img src=x onerror=window.marked=1>'")
            .await;
        let found = browser
            .js("return [String(window.marked), ...[...document.querySelectorAll('*')].filter(e =>
                     ['IMG', 'SVG', 'IFRAME', 'OBJECT', 'EMBED', 'BASE', 'STYLE'].includes(e.tagName.toUpperCase())
                     || e.tagName === 'SCRIPT' && new URL(e.src).pathname !== '/__admin/dashboard/dashboard.js'
                     || [...e.attributes].some(a => a.name.startsWith('on')
                         || ['href', 'src'].includes(a.name) && /^\\s*javascript:/i.test(a.value)))
                 .map(e => e.outerHTML)]")
            .await;
        assert_eq!(found, json!(["undefined"]));
        click(browser, "#clear").await;
    });
}
