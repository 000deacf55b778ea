//! HTTP clients: loopback, proxies and certificate authorities. Loopback never goes through a
//! proxy.

pub use flexiti_contract::hosts::is_loopback;

use anyhow::{Context as _, bail};
use reqwest::blocking::{Client, ClientBuilder, RequestBuilder};
use reqwest::{Certificate, Method, NoProxy, Proxy, Url};
use std::path::Path;

/// A client for loopback, and one for all other hosts.
#[derive(Debug)]
pub struct Clients {
    direct: Client,
    /// `None` without a proxy; `direct` then serves both.
    outward: Option<Client>,
}

impl Clients {
    /// Builds clients with these settings. `proxy` overrides the environment's proxies.
    pub fn new(
        settings: impl Fn() -> ClientBuilder,
        proxy: Option<Proxy>,
    ) -> reqwest::Result<Self> {
        // An error means that a provider is installed already, which will do.
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

    /// A request to this URL. An invalid URL becomes an error on sending.
    pub fn request(&self, method: Method, url: &str) -> RequestBuilder {
        let is_near = Url::parse(url).is_ok_and(|url| is_loopback(&url));
        let outward = self.outward.as_ref().filter(|_| !is_near);
        outward.unwrap_or(&self.direct).request(method, url)
    }
}

/// The certificates of `--ca FILE`.
pub fn authorities(file: &Path) -> anyhow::Result<Vec<Certificate>> {
    let name = || format!("--ca {}", file.display());
    let pem = std::fs::read(file).with_context(name)?;
    let found = Certificate::from_pem_bundle(&pem);
    let found = found.with_context(|| format!("{}: not PEM certificates", name()))?;
    if found.is_empty() {
        bail!(
            "{}: no certificate in PEM format (`-----BEGIN CERTIFICATE-----`)",
            name()
        );
    }
    Ok(found)
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
