//! The server's settings, and the TOML file of merchants, payment plans and customers.

use crate::model::account::MerchantConfig;
use crate::model::customer::{self, Customer};
use crate::model::payment_plan::PaymentPlan;
use anyhow::{Context as _, anyhow, bail, ensure};
use flexiti_contract::hosts::AllowedHosts;
use flexiti_contract::readable;
use ipnet::IpNet;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;
use url::Url;

/// How to start a server.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Address to listen on; port 0 picks a free one.
    pub listen: SocketAddr,
    /// The merchants; the demo merchant unless a file replaces it.
    pub merchants: Vec<MerchantConfig>,
    /// The collector's URL for traces. A span for each exchange is sent there, by OTLP over HTTP.
    pub traces: Option<Url>,
    /// The payment plans, in the order in which they are offered; by default the one of the
    /// reference's example.
    pub plans: Vec<PaymentPlan>,
    /// The customers that every merchant starts with; the shipped ones unless a file replaces them.
    pub customers: Vec<Customer>,
    /// Name or path of the dialect for merchants that name none.
    pub dialect: String,
    /// The origin under which customers' browsers reach the server; by default its own address.
    pub public_base_url: Option<String>,
    /// The file that persists the server's state; if absent, state is lost at the end.
    pub data: Option<PathBuf>,
    /// A store shared with other servers, instead of a file.
    pub store: Option<StoreSettings>,
    /// Makes tokens and ids reproducible.
    pub seed: Option<u64>,
    /// The token that the admin API requires.
    pub admin_token: Option<String>,
    /// The maximum number of exchanges in the journal, per merchant.
    pub journal_limit: usize,
    /// The maximum size of the journal, in bytes.
    pub journal_bytes: usize,
    /// Whether the journal shows secrets unredacted.
    pub reveal_secrets: bool,
    /// Whether requests are answered strictly one at a time, in the order of the journal, so that
    /// the same requests lead to the same answers. For recordings; it costs throughput.
    pub in_turn: bool,
    /// Whether the hosted pages have the bar that forces outcomes.
    pub sandbox_bar: bool,
    /// Where the certificate comes from; `None` for plain text.
    pub tls: Option<TlsSettings>,
    /// The proxies in front of the server, whose forwarding headers are trusted.
    pub trusted_proxies: Vec<IpNet>,
    /// The server behind this one, for merchants whose requests are passed on.
    pub upstream: Option<UpstreamSettings>,
    /// Limits on what clients may use.
    pub limits: ServerLimits,
}

/// A store in Redis or Valkey, which several servers share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreSettings {
    /// Its URL: `redis://`, or `rediss://` for TLS; the path is the number of the database.
    pub url: String,
    /// PEM file with the CA of its certificate; the system's if absent.
    pub ca_file: Option<PathBuf>,
}

/// The upstream, for merchants whose entry says `upstream = true`.
#[derive(Debug, Clone)]
pub struct UpstreamSettings {
    /// Its base URL, ending in `/flexiti/online-api`; none if the transcript answers.
    pub url: Option<String>,
    /// Who answers.
    pub mode: UpstreamMode,
    /// The transcript: where exchanges are written, or read from.
    pub transcript: Option<PathBuf>,
    /// Whether URLs are rewritten, so that the customer's browser goes through the mock.
    pub rewrites: bool,
    /// The hosts that may be contacted.
    pub hosts: AllowedHosts,
    /// A PEM file of CAs to trust besides the system's.
    pub ca: Option<PathBuf>,
    /// The proxy for hosts other than loopback, instead of the environment's.
    pub proxy: Option<String>,
    /// The time limit for a complete answer.
    pub patience: Duration,
}

impl Default for UpstreamSettings {
    fn default() -> Self {
        Self {
            url: None,
            mode: UpstreamMode::Proxy,
            transcript: None,
            rewrites: true,
            hosts: AllowedHosts::default(),
            ca: None,
            proxy: None,
            patience: Duration::from_secs(30),
        }
    }
}

/// Who answers a merchant whose requests are passed on.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, clap::ValueEnum,
)]
#[serde(rename_all = "snake_case")]
pub enum UpstreamMode {
    /// The upstream
    Proxy,
    /// The upstream; the mock answers too, to show where it differs
    Compare,
    /// The transcript, without any network access
    Answer,
}

/// Where the server's certificate comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TlsSettings {
    /// PEM files, which are reloaded when they change.
    Files {
        /// The server's certificate, followed by any intermediate certificates.
        certificate: PathBuf,
        /// Its private key.
        key: PathBuf,
    },
    /// A CA created at the start, whose key is not kept.
    SelfSigned {
        /// Where to write the CA certificate; a file in the temporary folder if absent.
        ca_file: Option<PathBuf>,
    },
}

/// Limits on connections and watchers, and timeouts.
#[derive(Debug, Clone)]
pub struct ServerLimits {
    /// Worker threads, over which connections are spread.
    pub threads: usize,
    /// Open connections; above this, the one that has been idle for longest is closed.
    pub connections: usize,
    /// Open connections from one address; no limit if absent.
    pub connections_per_peer: Option<usize>,
    /// Concurrent watchers of events.
    pub watchers: usize,
    /// How long a connection may be idle, and how long a request's head may take.
    pub head_time: Duration,
    /// How long a request's body may take.
    pub body_time: Duration,
    /// How long a write may wait for a client that does not read.
    pub write_time: Duration,
    /// How long the server goes on after it was told to stop and stopped being ready, and how long
    /// pending answers may take after that.
    pub drain_time: Duration,
}

impl Default for ServerLimits {
    fn default() -> Self {
        Self {
            threads: 1,
            connections: 4_096,
            connections_per_peer: None,
            watchers: 100,
            head_time: Duration::from_secs(30),
            body_time: Duration::from_secs(30),
            write_time: Duration::from_secs(30),
            drain_time: Duration::ZERO,
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            merchants: vec![MerchantConfig::demo()],
            traces: None,
            plans: vec![PaymentPlan::default()],
            customers: customer::shipped(),
            dialect: "documented".to_owned(),
            public_base_url: None,
            data: None,
            store: None,
            seed: None,
            admin_token: None,
            journal_limit: 10_000,
            journal_bytes: 16 * 1024 * 1024,
            reveal_secrets: false,
            in_turn: false,
            sandbox_bar: true,
            tls: None,
            trusted_proxies: Vec::new(),
            upstream: None,
            limits: ServerLimits::default(),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    merchants: Option<Vec<MerchantConfig>>,
    plans: Option<Vec<PaymentPlan>>,
    customers: Option<Vec<Customer>>,
}

impl Settings {
    /// Reads a TOML file; each of its lists replaces the shipped one. An error names the file, the
    /// key and what is allowed.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let name = path.display();
        let text = std::fs::read_to_string(path).with_context(|| format!("{name}"))?;
        if let Err(error) = text.parse::<toml::Table>() {
            bail!("{name}: not TOML: {}", in_one_line(&error, &text));
        }
        let file: File = toml::from_str(&text)
            .map_err(|error| anyhow!("{name}: {}", in_one_line(&error, &text)))?;
        let mut settings = Self::default();
        let File {
            merchants,
            plans,
            customers,
        } = file;
        ensure!(
            merchants.is_some() || plans.is_some() || customers.is_some(),
            "{name}: nothing in it; there may be [[merchants]], [[plans]] and [[customers]]"
        );
        if let Some(merchants) = merchants {
            check_merchants(&merchants).with_context(|| format!("{name}"))?;
            settings.merchants = merchants;
        }
        if let Some(plans) = plans {
            for (at, plan) in plans.iter().enumerate() {
                plan.check()
                    .with_context(|| format!("{name}: plans[{at}]"))?;
            }
            settings.plans = plans;
        }
        if let Some(customers) = customers {
            customer::check(&customers).with_context(|| format!("{name}"))?;
            settings.customers = customers;
        }
        Ok(settings)
    }
}

fn check_merchants(merchants: &[MerchantConfig]) -> anyhow::Result<()> {
    ensure!(!merchants.is_empty(), "merchants: at least one is needed");
    let mut seen = HashSet::new();
    for (at, merchant) in merchants.iter().enumerate() {
        let place = || format!("merchants[{at}] ({})", merchant.client_id);
        merchant.check().with_context(place)?;
        ensure!(
            seen.insert(&merchant.client_id),
            "{}: client_id: duplicate",
            place()
        );
    }
    Ok(())
}

/// A TOML error with its line and key, but without the value, which may be a secret.
fn in_one_line(error: &toml::de::Error, text: &str) -> String {
    let at = error.span().map_or(0, |span| span.start);
    let before = text.get(..at).unwrap_or_default();
    let number = before.matches('\n').count() + 1;
    let line = text.lines().nth(number - 1).unwrap_or_default();
    let key = line.split_once('=').map_or("", |(key, _)| key.trim());
    let place = if key.is_empty() {
        String::new()
    } else {
        format!(", {key}")
    };
    let message = error.message().lines().collect::<Vec<_>>().join(", ");
    let message = readable(&message);
    let message = match message.split_once(", expected ") {
        Some((found, wanted)) if found.starts_with("invalid") => {
            format!("expected {wanted}")
        }
        _ => message,
    };
    format!("line {number}{place}: {message}")
}
