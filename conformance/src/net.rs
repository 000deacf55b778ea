//! Loopback, proxies and authorities: what is on this machine is never asked for through a proxy.

pub use flexiti_contract::hosts::is_loopback;

use anyhow::{Context as _, bail};
use reqwest::blocking::{Client, ClientBuilder, RequestBuilder};
use reqwest::{Certificate, Method, NoProxy, Proxy, Url};
use std::path::Path;

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
