//! The hosted pages and the dashboard over TLS: Chromium asks for HTTP/2.

use super::driver::browse;
use super::store::Store;
use super::walk;
use crate::secure;
use crate::shop::{INIT, demo_token_call, init_call, start, text};
use flexiti_mock::{Settings, TlsSettings};

#[test]
fn a_customer_applies_over_tls_and_http2_and_the_dashboard_shows_it_as_it_happens() {
    let store = Store::open();
    let mock = start(&Settings {
        tls: Some(TlsSettings::SelfSigned { ca_file: None }),
        ..walk::settings(&store)
    });
    let ca = std::fs::read_to_string(mock.ca_file().unwrap()).unwrap();
    let send = |call| secure::send(mock.address(), &ca, &call);
    let token = text(&send(demo_token_call(&[])).json(), "access_token");
    let open = init_call(INIT, &token).form(&walk::parameters("apply", "en", &[]));
    let url = text(&send(open.clone()).json(), "redirection_url");
    browse(async |browser| {
        browser.go(&url).await;
        let protocol = "return performance.getEntriesByType('navigation')[0].nextHopProtocol";
        assert_eq!(browser.js(protocol).await, "h2");
        walk::apply(browser, "A-RR_L").await;
        walk::code(browser).await;
        walk::return_to(browser, &store, "/thanks").await;
        assert_eq!(store.visits().last().map(String::as_str), Some("/thanks"));

        browser.go(&format!("{}/", mock.admin_url())).await;
        browser
            .until("return document.getElementById('live').dataset.state === 'on' && document.querySelectorAll('#request-list > li').length > 3")
            .await;
        let rows = browser.count("#request-list > li").await;
        send(open.clone());
        let one_more = format!(
            "return document.querySelectorAll('#request-list > li').length === {}",
            rows + 1
        );
        browser.until(&one_more).await;
    });
}
