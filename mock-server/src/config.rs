//! What a server is started with: settings, and the TOML file with merchants, payment plans and
//! customers.

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
    /// Address to listen on; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The merchants; the demo merchant unless a file replaces it.
    pub merchants: Vec<MerchantConfig>,
    /// Where a span for each exchange is sent by OTLP over HTTP: the collector's URL for traces.
    pub traces: Option<Url>,
    /// The payment plans, the first to be offered first; the one of the reference's example
    /// unless a file replaces it.
    pub plans: Vec<PaymentPlan>,
    /// The customers that every merchant begins with; the shipped ones unless a file replaces
    /// them.
    pub customers: Vec<Customer>,
    /// Name or path of the dialect of merchants that name none.
    pub dialect: String,
    /// Origin under which customers' browsers reach the server; the address itself if absent.
    pub public_base_url: Option<String>,
    /// The file that keeps what the server remembers; if absent, it is forgotten at the end.
    pub data: Option<PathBuf>,
    /// The store that it shares with other servers, in place of a file.
    pub store: Option<StoreSettings>,
    /// Makes tokens and ids repeatable.
    pub seed: Option<u64>,
    /// What the admin API asks for.
    pub admin_token: Option<String>,
    /// How many exchanges the journal holds.
    pub journal_limit: usize,
    /// How many bytes they may take together.
    pub journal_bytes: usize,
    /// Whether the journal shows secrets as they are.
    pub reveal_secrets: bool,
    /// Whether requests are answered strictly one after the other, in the order of the journal: the
    /// same requests then lead to the same answers again. For recordings: it costs throughput.
    pub in_turn: bool,
    /// Whether the hosted pages have the bar that forces outcomes.
    pub sandbox_bar: bool,
    /// What secures connections; none if they are in the clear.
    pub tls: Option<TlsSettings>,
    /// The proxies in front of it, whose word on who asked counts, and on where.
    pub trusted_proxies: Vec<IpNet>,
    /// The server behind this one, for merchants that are passed on to it.
    pub upstream: Option<UpstreamSettings>,
    /// How much its clients may ask of it.
    pub limits: ServerLimits,
}

/// A store in Redis or Valkey, which servers share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreSettings {
    /// Its URL: `redis://`, or `rediss://` over TLS; the path is the number of the database.
    pub url: String,
    /// PEM file with the authority of its certificate; the system's if absent.
    pub ca_file: Option<PathBuf>,
}

/// Another server, for the merchants whose entry says `upstream = true`.
#[derive(Debug, Clone)]
pub struct UpstreamSettings {
    /// Its base URL, ending in `/flexiti/online-api`; none where the transcript answers.
    pub url: Option<String>,
    /// Who answers.
    pub mode: UpstreamMode,
    /// Where exchanges are kept, or come from.
    pub transcript: Option<PathBuf>,
    /// Whether URLs are rewritten, so that the customer's browser comes through.
    pub rewrites: bool,
    /// The hosts that may be called.
    pub hosts: AllowedHosts,
    /// A PEM file of authorities to trust besides the system's.
    pub ca: Option<PathBuf>,
    /// The proxy for hosts other than loopback, in place of the environment's.
    pub proxy: Option<String>,
    /// How long a whole answer may take.
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

/// Who answers a merchant that is passed on.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, clap::ValueEnum,
)]
#[serde(rename_all = "snake_case")]
pub enum UpstreamMode {
    /// The upstream
    Proxy,
    /// The upstream; the mock is asked too, to show where it answers otherwise
    Compare,
    /// The transcript, without any network
    Answer,
}

/// Where a server's certificate comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TlsSettings {
    /// PEM files, which are read again when they change.
    Files {
        /// The server's certificate, followed by those of the authorities between it and the root.
        certificate: PathBuf,
        /// Its private key.
        key: PathBuf,
    },
    /// An authority made at the start, whose key nobody keeps.
    SelfSigned {
        /// Where its certificate is written; a file in the temporary folder if absent.
        ca_file: Option<PathBuf>,
    },
}

/// How many connections and watchers a server has, and how long it waits for them.
#[derive(Debug, Clone)]
pub struct ServerLimits {
    /// Threads that answer; connections are spread over them.
    pub threads: usize,
    /// Connections at once; when there are more, the one that is idle for longest is closed.
    pub connections: usize,
    /// Connections at once of one address; no limit if absent.
    pub connections_per_peer: Option<usize>,
    /// Watchers of events at once.
    pub watchers: usize,
    /// How long a connection may be idle, or a request's head may take.
    pub head_time: Duration,
    /// How long a request's body may take.
    pub body_time: Duration,
    /// How long an answer may wait until its client reads on.
    pub write_time: Duration,
    /// How long the server goes on, once it was told to end and is not ready any more; and how
    /// long answers under way may take after that.
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
    /// The settings of a TOML file: each of its lists replaces the shipped one. The error names
    /// file, key and what is allowed.
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

/// A mistake in a TOML file with its line and key, and without the value: it may be a secret.
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
