//! Forwarding headers: the standard's own examples, common proxies, and forgeries.

use super::{Forwarded, TrustedProxies};
use hyper::HeaderMap;
use hyper::header::{HeaderName, HeaderValue};
use proptest::prelude::*;
use std::net::{IpAddr, Ipv4Addr};

const PEER: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

fn trusted() -> TrustedProxies {
    let networks = ["127.0.0.0/8", "10.0.0.0/8", "fd00::/8"];
    TrustedProxies::new(networks.iter().map(|it| it.parse().unwrap()).collect())
}

fn headers(lines: &[(&str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in lines {
        let name: HeaderName = name.parse().unwrap();
        headers.append(name, HeaderValue::from_str(value).unwrap());
    }
    headers
}

/// The origin and the client of a request with these headers, or why a header is ignored.
fn read(lines: &[(&str, &str)]) -> Result<(Option<String>, Option<String>), String> {
    let headers = headers(lines);
    let (read, ignored) = Forwarded::read(&headers, PEER, &trusted());
    assert_eq!(read.is_broken, !ignored.is_empty());
    if ignored.is_empty() {
        let origin = read.origin(&headers, "http://127.0.0.1:4359");
        Ok((origin, read.client))
    } else {
        Err(ignored.join("; "))
    }
}

fn says(lines: &[(&str, &str)], origin: &str, client: &str) {
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    assert_eq!(read(lines), Ok((some(origin), some(client))), "{lines:?}");
}

#[test]
fn the_standard_header_is_read_from_its_end() {
    for (value, origin, client) in [
        // RFC 7239, sections 4 and 6.
        ("for=\"_gazonk\"", "", "_gazonk"),
        ("For=\"[2001:db8:cafe::17]:4711\"", "", "2001:db8:cafe::17"),
        (
            "for=192.0.2.60;proto=https;by=203.0.113.43",
            "https://127.0.0.1:4359",
            "192.0.2.60",
        ),
        ("for=192.0.2.43, for=198.51.100.17", "", "198.51.100.17"),
        ("for=\"192.0.2.43:47011\"", "", "192.0.2.43"),
        ("for=unknown", "", "unknown"),
        ("for=\"_a.b-c:_port\"", "", "_a.b-c"),
        // As proxies write it.
        (
            "for=1.2.3.4;host=shop.example:8443;proto=HTTPS",
            "https://shop.example:8443",
            "1.2.3.4",
        ),
        (
            "host=\"[2001:db8::1]:80\"; proto=http",
            "http://[2001:db8::1]:80",
            "",
        ),
        (" ,, for=1.2.3.4 , ", "", "1.2.3.4"),
        ("for=\"1.2.3.4\";x=\"a, b; \\\"c\\\\\"", "", "1.2.3.4"),
        // What the client sent comes before what the trusted proxy adds.
        (
            "for=9.9.9.9;host=evil.example, for=1.2.3.4;host=shop.example",
            "http://shop.example",
            "1.2.3.4",
        ),
        ("for=127.0.0.1;host=localhost, for=1.2.3.4", "", "1.2.3.4"),
        // Through two trusted proxies, the outer of which knows the client.
        (
            "for=1.2.3.4;host=shop.example;proto=https, for=10.0.0.7;host=inner;proto=http",
            "https://shop.example",
            "1.2.3.4",
        ),
        (
            "for=1.2.3.4, for=\"[fd00::2]\";host=inner",
            "http://inner",
            "1.2.3.4",
        ),
        // An obfuscated proxy cannot be trusted.
        (
            "for=1.2.3.4;host=evil.example, for=_hop;host=shop.example",
            "http://shop.example",
            "_hop",
        ),
    ] {
        says(
            &[("host", "127.0.0.1:4359"), ("forwarded", value)],
            origin,
            client,
        );
    }
}

#[test]
fn the_headers_before_the_standard_are_read_likewise() {
    let host = ("host", "127.0.0.1:4359");
    let for_ = |value: &'static str| ("x-forwarded-for", value);
    let proto = ("x-forwarded-proto", "https");
    says(
        &[host, for_("1.2.3.4"), proto],
        "https://127.0.0.1:4359",
        "1.2.3.4",
    );
    says(&[host, for_("2001:db8::1")], "", "2001:db8::1");
    says(&[host, for_("[2001:db8::1]:443")], "", "2001:db8::1");
    says(&[host, for_("::ffff:1.2.3.4")], "", "1.2.3.4");
    says(&[host, for_("9.9.9.9, 1.2.3.4,10.0.0.1")], "", "1.2.3.4");
    says(&[host, for_("9.9.9.9"), for_("1.2.3.4")], "", "1.2.3.4");
    let shop = ("x-forwarded-host", "shop.example");
    says(&[host, proto, shop], "https://shop.example", "");
    // The trusted proxy's own value comes last.
    let two = ("x-forwarded-host", "evil.example, shop.example");
    says(
        &[host, for_("1.2.3.4"), two],
        "http://shop.example",
        "1.2.3.4",
    );
    let outer = ("x-forwarded-host", "shop.example, inner");
    says(
        &[host, for_("1.2.3.4, 10.0.0.1"), outer],
        "http://shop.example",
        "1.2.3.4",
    );
    let port = ("x-forwarded-port", "8443");
    says(&[host, proto, shop, port], "https://shop.example:8443", "");
    says(
        &[("host", "shop.example"), proto, port],
        "https://shop.example:8443",
        "",
    );
    let usual = ("x-forwarded-port", "443");
    says(
        &[("host", "shop.example"), proto, usual],
        "https://shop.example",
        "",
    );
    let prefix = ("x-forwarded-prefix", "/pay/flexiti/");
    says(
        &[host, proto, shop, prefix],
        "https://shop.example/pay/flexiti",
        "",
    );
    let standard = ("forwarded", "host=shop.example");
    says(
        &[host, standard, prefix],
        "http://shop.example/pay/flexiti",
        "",
    );
    says(
        &[host, ("x-forwarded-prefix", "/")],
        "http://127.0.0.1:4359",
        "",
    );
    // They are ignored if there is a `Forwarded` header.
    says(
        &[host, standard, ("x-forwarded-host", "other.example")],
        "http://shop.example",
        "",
    );
}

#[test]
fn a_broken_header_does_not_count_and_is_named() {
    for (name, value, why) in [
        ("forwarded", "for", "name=value"),
        ("forwarded", "for=", "no value"),
        ("forwarded", "=1.2.3.4", "name=value"),
        ("forwarded", "for=\"1.2.3.4", "quote"),
        ("forwarded", "for=\"1.2.3.4\\", "quote"),
        ("forwarded", "for=\"1.2.3.4\"x", "after a value"),
        ("forwarded", "for=1.2.3.4 host=x", "after a value"),
        ("forwarded", "for=1.2.3.4;for=5.6.7.8", "twice"),
        ("forwarded", "for=1.2.3.4;FOR=1.2.3.4", "twice"),
        ("forwarded", "for=1.2.3", "`for`"),
        ("forwarded", "for=\"2001:db8::1\"", "`for`"),
        ("forwarded", "for=\"[2001:db8::1\"", "`for`"),
        ("forwarded", "for=\"1.2.3.4:\"", "`for`"),
        ("forwarded", "for=\"1.2.3.4:123456\"", "`for`"),
        ("forwarded", "for=hidden", "`for`"),
        ("forwarded", "for=_", "`for`"),
        ("forwarded", "proto=javascript", "`proto`"),
        ("forwarded", "host=\"shop.example/evil\"", "`host`"),
        ("forwarded", "host=\"me@evil.example\"", "`host`"),
        ("forwarded", "host=\"a b\"", "`host`"),
        ("forwarded", "host=\"\"", "`host`"),
        ("forwarded", "host=x:0", "`host`"),
        ("forwarded", "host=x:65536", "`host`"),
        ("forwarded", "host=\"[::1\"", "`host`"),
        ("forwarded", "host=1.2.3.4.5", "`host`"),
        ("forwarded", "host=0x7f000001", "`host`"),
        // An unclosed quote cannot swallow what the proxy adds.
        (
            "forwarded",
            "for=127.0.0.1;x=\", for=1.2.3.4;host=\"shop.example\"",
            "after a value",
        ),
        ("x-forwarded-for", "1.2.3.4, nobody", "addresses"),
        ("x-forwarded-proto", "ftp", "http"),
        ("x-forwarded-host", "a/b", "host"),
        ("x-forwarded-host", "\"quoted\"", "host"),
        ("x-forwarded-port", "0", "port"),
        ("x-forwarded-port", "http", "port"),
        ("x-forwarded-prefix", "//evil.example", "path"),
        ("x-forwarded-prefix", "/a/../b", "path"),
        ("x-forwarded-prefix", "a", "path"),
        ("x-forwarded-prefix", "/a\"b", "path"),
    ] {
        let why_not = read(&[("host", "127.0.0.1:4359"), (name, value)]).unwrap_err();
        assert!(
            why_not.starts_with(name) && why_not.contains(why),
            "{value}: {why_not}"
        );
    }
    let both = [
        ("forwarded", "for=127.0.0.1;host=localhost"),
        ("x-forwarded-for", "1.2.3.4"),
    ];
    assert!(read(&both).unwrap_err().contains("another client"));
}

#[test]
fn nobody_else_is_heard() {
    let lines = headers(&[
        ("forwarded", "host=evil.example"),
        ("x-forwarded-host", "evil.example"),
    ]);
    for peer in ["192.0.2.1", "2001:db8::1", "::ffff:192.0.2.1"] {
        let (read, ignored) = Forwarded::read(&lines, peer.parse().unwrap(), &trusted());
        assert_eq!(read, Forwarded::default());
        assert_eq!(ignored.len(), 2, "{ignored:?}");
        assert!(
            ignored[0].starts_with("forwarded: ") && ignored[0].contains("not a trusted proxy")
        );
    }
    // The same address as an IPv4-mapped IPv6 address.
    let peer = "::ffff:10.1.2.3".parse().unwrap();
    let (read, _) = Forwarded::read(&lines, peer, &trusted());
    assert_eq!(read.host.as_deref(), Some("evil.example"));
}

/// A value, quoted if the header requires it.
fn quoted(text: &str) -> String {
    let plain = |it: char| it.is_ascii_alphanumeric() || "._-".contains(it);
    if text.chars().all(plain) && !text.is_empty() {
        return text.to_owned();
    }
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

proptest! {
    /// Whatever comes before it, either what the proxy adds counts or nothing does.
    #[test]
    fn what_a_client_sends_never_counts(
        junk in "[ -~]{0,40}",
        client in any::<Ipv4Addr>(),
        note in "[ -~]{0,12}",
    ) {
        prop_assume!(!trusted().has(client.into()));
        let own = format!("for={client};host=shop.example;proto=https;note={}", quoted(&note));
        let value = format!("{junk}, {own}");
        if let Ok((origin, who)) = read(&[("forwarded", value.trim())]) {
            prop_assert_eq!(origin.as_deref(), Some("https://shop.example"));
            prop_assert_eq!(who, Some(client.to_string()));
        }
        let (before, after) = (format!("{junk}, {client}"), "https");
        let lines = [("x-forwarded-for", before.trim()), ("x-forwarded-proto", after)];
        if let Ok((_, who)) = read(&lines) {
            prop_assert_eq!(who, Some(client.to_string()));
        }
    }

    /// No value leads a URL to another host than the one it names.
    #[test]
    fn an_origin_is_always_that_of_its_host(host in "[ -~]{0,30}", prefix in "[ -~]{0,20}") {
        let host_line = format!("host={}", quoted(&host));
        let lines = [("forwarded", &*host_line), ("x-forwarded-prefix", prefix.trim())];
        if let Ok((Some(origin), _)) = read(&lines) {
            let url = url::Url::parse(&origin).unwrap();
            prop_assert!(url.username().is_empty() && url.query().is_none());
            prop_assert!(url.fragment().is_none());
            let named = format!("{}/", origin.trim_end_matches('/'));
            let read = url.as_str().trim_end_matches('/').to_lowercase() + "/";
            prop_assert_eq!(read.replace(":80/", "/"), named.to_lowercase().replace(":80/", "/"));
        }
    }
}
