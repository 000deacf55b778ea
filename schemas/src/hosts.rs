//! Which hosts may be called: loopback always, others only by name. Used by both programs.

use serde::Deserialize;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::LazyLock;
use url::Url;

/// A row of `hosts.json`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HostRow {
    /// Its name.
    pub host: String,
    /// What is there.
    pub what: String,
    /// Keys of the sources.
    pub source: Vec<String>,
}

/// Flexiti's documented production hosts.
pub fn production_hosts() -> &'static [HostRow] {
    static ROWS: LazyLock<Vec<HostRow>> = LazyLock::new(|| {
        #[expect(
            clippy::expect_used,
            reason = "the file is compiled in, and a test holds it to its schema"
        )]
        serde_json::from_str(include_str!("../hosts.json")).expect("the shipped hosts load")
    });
    &ROWS
}

/// Whether a URL points to this machine.
pub fn is_loopback(url: &Url) -> bool {
    url.host_str().is_some_and(|host| {
        let host = host.trim_start_matches('[').trim_end_matches(']');
        match host.parse::<IpAddr>() {
            Ok(IpAddr::V4(ip)) => ip.is_loopback(),
            Ok(IpAddr::V6(ip)) => {
                let mapped = ip.to_ipv4_mapped();
                ip.is_loopback() || mapped.is_some_and(|ip| ip.is_loopback())
            }
            Err(_) => {
                let name = host.trim_end_matches('.');
                name == "localhost" || name.ends_with(".localhost")
            }
        }
    })
}

/// The hosts that may be called besides loopback.
#[derive(Debug, Clone, Default)]
pub struct AllowedHosts {
    hosts: Vec<String>,
    production: bool,
}

impl AllowedHosts {
    /// These hosts, as returned by [`host`]; `production` permits production hosts.
    pub fn new(hosts: Vec<String>, production: bool) -> Self {
        Self { hosts, production }
    }

    /// Why this URL must not be called, and the flag that would allow it.
    pub fn refusal(&self, url: &Url) -> Option<String> {
        if is_loopback(url) {
            return None;
        }
        let host = name_of(url);
        let mut flags = Vec::new();
        if !self.hosts.contains(&host) {
            flags.push(format!("--allow-host {host}"));
        }
        let production = production_hosts().iter().any(|row| row.host == host);
        if production && !self.production {
            flags.push("--allow-production".to_owned());
        }
        let what = if production {
            "Flexiti's production host: real customers, real money"
        } else {
            "not this machine"
        };
        (!flags.is_empty()).then(|| {
            let flags = flags.join(" and ");
            format!("`{host}` is {what}; nothing is sent to it without {flags}")
        })
    }
}

/// The host of a URL, without a trailing dot.
pub fn name_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    host.trim_end_matches('.').to_owned()
}

/// Parses a host name for `--allow-host`.
pub fn host(text: &str) -> Result<String, String> {
    let bare = !text.is_empty() && !text.contains(['/', '@', '?', '#', '*']);
    let text = match text.parse::<Ipv6Addr>() {
        Ok(ip) => format!("[{ip}]"),
        Err(_) => text.to_owned(),
    };
    let url = Url::parse(&format!("http://{text}/")).ok();
    let port = text.rsplit(']').next().unwrap_or_default().contains(':');
    match url.filter(|_| bare && !port) {
        Some(url) => Ok(name_of(&url)),
        None => Err("expected the name of one host, such as sandbox.example.com".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(url: &str, hosts: &[&str], production: bool) -> Option<String> {
        let hosts = hosts.iter().map(|name| host(name).unwrap()).collect();
        AllowedHosts::new(hosts, production).refusal(&Url::parse(url).unwrap())
    }

    #[test]
    fn other_hosts_need_a_flag_and_production_needs_two() {
        assert_eq!(refusal("http://127.0.0.1:1/", &[], false), None);
        assert_eq!(refusal("http://a.example/", &["A.Example"], false), None);
        assert_eq!(refusal("http://a.example./", &["a.example"], false), None);
        assert_eq!(
            refusal("http://[2001:db8::1]/", &["2001:db8::1"], false),
            None
        );
        let other = refusal("http://b.a.example/", &["a.example"], true).unwrap();
        assert!(
            other.ends_with("without --allow-host b.a.example"),
            "{other}"
        );
        let live = "https://onlineapi.flexiti.fi/flexiti/online-api";
        let neither = refusal(live, &[], false).unwrap();
        let flags = "--allow-host onlineapi.flexiti.fi and --allow-production";
        assert!(neither.ends_with(flags), "{neither}");
        let one = refusal(live, &["onlineapi.flexiti.fi"], false).unwrap();
        assert!(one.ends_with("without --allow-production"), "{one}");
        assert_eq!(refusal(live, &["onlineapi.flexiti.fi"], true), None);
    }

    #[test]
    fn loopback_is_told_by_name_and_address() {
        for (url, loopback) in [
            ("http://127.0.0.1:4359/x", true),
            ("http://127.9.9.9/", true),
            ("http://LOCALHOST:1/", true),
            ("http://shop.localhost/", true),
            ("http://localhost./", true),
            ("http://[::1]:80/", true),
            ("http://[::ffff:127.0.0.1]/", true),
            ("http://0x7f.1/", true),
            ("http://localhost.example.com/", false),
            ("http://127.0.0.1.example.com/", false),
            ("http://10.0.0.1/", false),
            ("http://[::2]/", false),
            ("http://notlocalhost/", false),
        ] {
            let parsed = Url::parse(url).unwrap();
            assert_eq!(is_loopback(&parsed), loopback, "{url}");
        }
    }

    #[test]
    fn a_host_is_a_name_alone() {
        assert_eq!(
            host("Sandbox.Example.com"),
            Ok("sandbox.example.com".into())
        );
        assert_eq!(host("::1"), Ok("[::1]".into()));
        for text in [
            "",
            "http://a.example",
            "a.example:443",
            "a.example/x",
            "*.example",
            "[::1]:80",
        ] {
            assert!(host(text).is_err(), "{text}");
        }
    }
}
