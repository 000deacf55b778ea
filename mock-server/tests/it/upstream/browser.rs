//! A customer's browser comes through, or goes its own way.

use super::{in_front_of, init, journal, token};
use crate::shop;
use crate::wire::{Answer, Call};
use flexiti_mock::{MerchantConfig, Mock, Settings, UpstreamMode};
use serde_json::Value;

fn origin(mock: &Mock) -> String {
    format!("http://{}", mock.address())
}

fn page(mock: &Mock, url: &str) -> Answer {
    let path = url
        .strip_prefix(&origin(mock))
        .expect("a page of this server");
    Call::get(path).send(mock.address())
}

#[test]
fn pages_and_callbacks_come_through() {
    // The shop's URLs, as they are registered with the real server.
    let real = shop::start(&Settings {
        merchants: vec![MerchantConfig {
            success_url: Some("https://shop.example.com/back".to_owned()),
            error_url: Some("https://shop.example.com/cancel?x=1".to_owned()),
            ..MerchantConfig::demo()
        }],
        ..Settings::default()
    });
    let front = shop::start(&in_front_of(&real.base_url(), UpstreamMode::Proxy, None));
    let token = token(&front);
    let order = init(&front, &token);
    let url = order["redirection_url"].as_str().unwrap();
    let shown = page(&front, url);
    assert_eq!(shown.status, 200, "{}", shown.text());
    assert!(shown.text().contains("<form"), "{}", shown.text());
    // The page is one of the upstream's; the mock has no such session.
    let own = Call::get("/checkout/0123456789012345678901234567890123456789").send(front.address());
    assert_eq!(own.status, 404);
    let path = url.strip_prefix(&origin(&front)).unwrap();
    let path = path.split('?').next().unwrap();
    let turn = |page: &str| {
        let (_, rest) = page.split_once("name=\"turn\" value=\"").expect("a turn");
        rest.split('"').next().unwrap().to_owned()
    };
    let id = order["online_order_id"].to_string();
    let turn = turn(&shown.text());
    let form = [("order", &*id), ("turn", &turn), ("lname", "Secretname")];
    let gone = Call::post(&format!("{path}/cancel"))
        .header("origin", &origin(&front))
        .header("referer", url)
        .form(&form)
        .send(front.address());
    assert_eq!(gone.status, 303, "{}", gone.text());
    let own = gone.header("location").unwrap();
    assert!(
        own.starts_with('/') || own.starts_with(&origin(&front)),
        "{own}"
    );
    let back = Call::get(&format!("{path}/return")).send(front.address());
    let rows = journal(&front, "flexitidemo");
    let last = rows.last().unwrap();
    assert_eq!(last["order_id"], order["online_order_id"], "{last}");
    assert!(last.get("endpoint").is_none_or(Value::is_null));
    assert!(!last.to_string().contains("Secretname"), "{last}");
    // The callback goes to the shop that this configuration names.
    let location = back.header("location");
    let location = location.unwrap_or_else(|| panic!("{}: {}", back.status, back.text()));
    assert!(
        location.starts_with("http://127.0.0.1:9000/cancel?x=1"),
        "{location}"
    );
}

#[test]
fn or_they_stay_as_the_upstream_gives_them() {
    let real = shop::start(&Settings::default());
    let mut settings = in_front_of(&real.base_url(), UpstreamMode::Proxy, None);
    settings.upstream.as_mut().unwrap().rewrites = false;
    let front = shop::start(&settings);
    let order = init(&front, &token(&front));
    let url = order["redirection_url"].as_str().unwrap();
    assert!(url.starts_with(&origin(&real)), "{url}");
    let path = url.strip_prefix(&origin(&real)).unwrap();
    let before = journal(&real, "flexitidemo").len();
    assert_eq!(Call::get(path).send(front.address()).status, 404);
    assert_eq!(journal(&real, "flexitidemo").len(), before);
}
