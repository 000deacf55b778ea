//! Who may use the admin API: callers on this machine, and those who have the token.

use crate::shop::{SECRET, demo_token_call, server, start, text};
use crate::wire::{Answer, Call};
use flexiti_mock::Settings;

/// The sentence of a refusal.
fn problem(answer: &Answer) -> String {
    text(&answer.json(), "error")
}

#[test]
fn only_loopback_names_lead_to_the_admin_api() {
    let mock = server("documented");
    let port = mock.address().port();
    let with_host = |host: &str| {
        let answer = Call::get("/__admin/requests").header("host", host);
        answer.send(mock.address())
    };
    for host in [
        format!("127.0.0.1:{port}"),
        format!("localhost:{port}"),
        format!("[::1]:{port}"),
        "localhost".to_owned(),
        "127.8.9.10".to_owned(),
    ] {
        assert_eq!(with_host(&host).status, 200, "{host}");
    }
    for host in [
        "attacker.example",
        "localhost.attacker.example",
        "127.0.0.1.attacker.example:80",
        "attacker.example:127",
        "10.0.0.1",
        "0.0.0.0",
        "[::2]",
        "[fe80::1]:80",
        " ",
    ] {
        let answer = with_host(host);
        assert_eq!(answer.status, 403, "{host}");
        assert!(problem(&answer).contains("loopback"), "{host}");
        assert!(problem(&answer).contains("--admin-token"), "{host}");
    }
    // The API itself has no such scruples: containers call it by their own names.
    let answer = demo_token_call(&[])
        .header("host", "mock")
        .send(mock.address());
    assert_eq!(answer.status, 200);
}

#[test]
fn pages_of_other_origins_do_not_reach_the_admin_api() {
    let mock = server("documented");
    let own = format!("http://{}", mock.address());
    let from = |method: &str, path: &str, origin: &str| {
        let call = Call::new(method, &format!("/__admin{path}")).header("origin", origin);
        call.send(mock.address())
    };
    assert_eq!(from("GET", "/requests", &own).status, 200);
    for origin in [
        "https://attacker.example",
        "null",
        "http://127.0.0.1:1",
        "http://localhost",
    ] {
        for (method, path) in [
            ("GET", "/requests"),
            ("POST", "/reset"),
            ("POST", "/merchants"),
            ("OPTIONS", "/merchants"),
        ] {
            let answer = from(method, path, origin);
            assert_eq!(answer.status, 403, "{origin} {method} {path}");
            assert_eq!(answer.header("access-control-allow-origin"), None);
        }
    }
}

#[test]
fn a_browser_that_names_another_site_is_refused_without_an_origin_too() {
    let mock = server("documented");
    let from = |site: &str| {
        let call = Call::get("/__admin/requests").header("sec-fetch-site", site);
        call.send(mock.address()).status
    };
    for (site, status) in [
        ("same-origin", 200),
        ("none", 200),
        ("same-site", 403),
        ("cross-site", 403),
        ("", 403),
    ] {
        assert_eq!(from(site), status, "{site}");
    }
}

#[test]
fn the_token_is_asked_for_everywhere_but_for_health() {
    let mock = start(&Settings {
        admin_token: Some("admin-token".to_owned()),
        ..Settings::default()
    });
    let send = |path: &str, token: Option<&str>| {
        let call = Call::get(&format!("/__admin{path}"));
        match token {
            Some(token) => call.header("authorization", token),
            None => call,
        }
        .send(mock.address())
    };
    assert_eq!(send("/health", None).status, 200);
    assert_eq!(send("/health", Some("Bearer wrong")).status, 200);
    for path in [
        "/requests",
        "/merchants/flexitidemo",
        "/openapi.json",
        "/nothing",
    ] {
        for token in [
            None,
            Some("Bearer wrong"),
            Some("admin-token"),
            Some("Bearer "),
            Some("Bearer admin-token2"),
        ] {
            let answer = send(path, token);
            assert_eq!(answer.status, 401, "{path} {token:?}");
            assert!(!answer.text().contains(SECRET) && !answer.text().contains("admin-token2"));
        }
    }
    assert_eq!(send("/requests", Some("Bearer admin-token")).status, 200);
    // With the token, any name will do; another page's origin still will not.
    let call = Call::get("/__admin/requests")
        .header("authorization", "Bearer admin-token")
        .header("host", "mock:4359");
    assert_eq!(call.send(mock.address()).status, 200);
    let answer = call
        .header("origin", "https://attacker.example")
        .send(mock.address());
    assert_eq!(answer.status, 403);
}
