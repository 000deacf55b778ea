//! The shop's settings, from environment variables.

use anyhow::Context as _;
use reqwest::Url;
use std::env;
use std::net::SocketAddr;
use std::path::PathBuf;

/// How to run the shop. Has no `Debug`, because it holds the secret.
pub struct Settings {
    /// Where to listen; port 0 picks a free one.
    pub listen: SocketAddr,
    /// A file to write once the shop listens.
    pub ready_file: Option<PathBuf>,
    /// The base URL of Flexiti's API.
    pub base_url: Url,
    /// The merchant's client id.
    pub client_id: String,
    /// The merchant's secret.
    pub client_secret: String,
}

impl Settings {
    /// Reads the environment. The defaults fit a mock on this machine.
    pub fn read() -> anyhow::Result<Self> {
        let var = |name, default: &str| env::var(name).unwrap_or_else(|_| default.to_owned());
        let base_url = var(
            "FLEXITI_BASE_URL",
            "http://127.0.0.1:4359/flexiti/online-api",
        );
        let listen = var("SHOP_LISTEN", "127.0.0.1:9000");
        Ok(Self {
            listen: listen
                .parse()
                .context("SHOP_LISTEN: not an address and a port")?,
            ready_file: env::var_os("SHOP_READY_FILE").map(PathBuf::from),
            base_url: Url::parse(&base_url).context("FLEXITI_BASE_URL: not a URL")?,
            client_id: var("FLEXITI_CLIENT_ID", "flexitidemo"),
            client_secret: var("FLEXITI_CLIENT_SECRET", "flexitidemo-secret"),
        })
    }
}
