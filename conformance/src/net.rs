//! Loopback and proxies: what is on this machine is never asked for through a proxy.

use reqwest::blocking::{Client, ClientBuilder, RequestBuilder};
use reqwest::{Method, NoProxy, Proxy, Url};
use std::net::IpAddr;

/// Whether a URL leads to this machine.
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

/// A client for this machine, and one for all others.
#[derive(Debug)]
pub struct Clients {
    direct: Client,
    /// `None` where there is no proxy: the direct one does.
    outward: Option<Client>,
}

impl Clients {
    /// Clients with these settings. `proxy` takes the place of the environment's proxies.
    pub fn new(
        settings: impl Fn() -> ClientBuilder,
        proxy: Option<Proxy>,
    ) -> reqwest::Result<Self> {
        // If another one is chosen already, it does as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let outward = match proxy {
            Some(proxy) => Some(settings().proxy(proxy.no_proxy(NoProxy::from_env()))),
            None => environment_proxy().map(|_| settings()),
        };
        Ok(Self {
            direct: settings().no_proxy().build()?,
            outward: outward.map(ClientBuilder::build).transpose()?,
        })
    }

    /// A request to this URL. One that is not a URL is an error when the request is sent.
    pub fn request(&self, method: Method, url: &str) -> RequestBuilder {
        let is_near = Url::parse(url).is_ok_and(|url| is_loopback(&url));
        let outward = self.outward.as_ref().filter(|_| !is_near);
        outward.unwrap_or(&self.direct).request(method, url)
    }
}

/// The name of the first environment variable that sets a proxy.
pub fn environment_proxy() -> Option<&'static str> {
    let names = [
        "HTTPS_PROXY",
        "https_proxy",
        "HTTP_PROXY",
        "http_proxy",
        "ALL_PROXY",
        "all_proxy",
    ];
    let is_set = |name: &&str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    names.into_iter().find(is_set)
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
