//! The flags of the server.

use crate::cli::upstream_args::Upstream;
use crate::command_line::{address, network, switch, whole};
use clap::{Args, ValueEnum};
use ipnet::IpNet;
use std::net::SocketAddr;
use std::path::PathBuf;

/// The flags of the server.
#[derive(Debug, Args)]
pub struct Serve {
    /// Address to listen on; port 0 picks a free one
    #[arg(
        long,
        env = "FLEXITI_MOCK_LISTEN",
        default_value = "127.0.0.1:4359",
        value_name = "ADDRESS",
        value_parser = address
    )]
    pub listen: SocketAddr,
    /// TOML file with merchants, payment plans or customers that replace the shipped ones
    #[arg(long, env = "FLEXITI_MOCK_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Name of a dialect, or path of a dialect file
    #[arg(
        long,
        env = "FLEXITI_MOCK_DIALECT",
        default_value = "documented",
        value_name = "NAME|FILE"
    )]
    pub dialect: String,
    /// Reload the files of --config and --dialect when they change, as SIGHUP does; tokens and
    /// orders live on
    #[arg(long, env = "FLEXITI_MOCK_WATCH", value_parser = switch)]
    pub watch: bool,
    /// File that preserves merchants, tokens, orders, clocks, faults and the journal across
    /// restarts; created if missing
    #[arg(long, env = "FLEXITI_MOCK_DATA", value_name = "FILE")]
    pub data: Option<PathBuf>,
    /// Redis or Valkey that several servers share as their store: `redis://HOST:PORT/DATABASE`, or
    /// `rediss://` for TLS
    #[arg(
        long,
        env = "FLEXITI_MOCK_STORE",
        value_name = "URL",
        hide_env_values = true,
        conflicts_with = "data"
    )]
    pub store: Option<String>,
    /// PEM file with the CA of the certificate of --store; the system's if absent
    #[arg(
        long,
        env = "FLEXITI_MOCK_STORE_CA",
        value_name = "FILE",
        requires = "store"
    )]
    pub store_ca: Option<PathBuf>,
    /// Origin under which customers' browsers reach the server, for example `http://mock:4359`
    #[arg(long, env = "FLEXITI_MOCK_PUBLIC_BASE_URL", value_name = "URL")]
    pub public_base_url: Option<String>,
    /// Proxy whose `Forwarded` and `X-Forwarded-*` headers are trusted for the client's address and
    /// for scheme, host and path; from others they are ignored. May be repeated
    #[arg(
        long = "trusted-proxy",
        env = "FLEXITI_MOCK_TRUSTED_PROXY",
        value_name = "ADDRESS[/BITS]",
        value_delimiter = ',',
        value_parser = network
    )]
    pub trusted_proxies: Vec<IpNet>,
    /// File to write once the port is bound: base URL, admin URL and process id as JSON
    #[arg(long, env = "FLEXITI_MOCK_READY_FILE", value_name = "PATH")]
    pub ready_file: Option<PathBuf>,
    /// Make tokens and session ids reproducible
    #[arg(long, env = "FLEXITI_MOCK_SEED", value_name = "N", value_parser = whole::<u64>(0, u64::MAX))]
    pub seed: Option<u64>,
    /// Maximum number of exchanges in the journal per merchant; the oldest are dropped
    #[arg(
        long,
        env = "FLEXITI_MOCK_JOURNAL_LIMIT",
        default_value_t = 10_000,
        value_name = "N",
        value_parser = whole::<usize>(0, u64::MAX)
    )]
    pub journal_limit: usize,
    /// Maximum size of the journal in bytes
    #[arg(
        long,
        env = "FLEXITI_MOCK_JOURNAL_BYTES",
        default_value_t = 16 * 1024 * 1024,
        value_name = "N",
        value_parser = whole::<usize>(0, u64::MAX)
    )]
    pub journal_bytes: usize,
    /// Show secrets, tokens and sessions in the journal instead of their hashes
    #[arg(long, env = "FLEXITI_MOCK_REVEAL_SECRETS", value_parser = switch)]
    pub reveal_secrets: bool,
    /// Token of the admin API; if absent and the address is not loopback, one is generated and
    /// printed once
    #[arg(
        long,
        env = "FLEXITI_MOCK_ADMIN_TOKEN",
        value_name = "TOKEN",
        hide_env_values = true
    )]
    pub admin_token: Option<String>,
    /// Hide the bar of the hosted pages that shows PINs and forces outcomes
    #[arg(long, env = "FLEXITI_MOCK_HIDE_SANDBOX_BAR", value_parser = switch)]
    pub hide_sandbox_bar: bool,
    #[command(flatten)]
    pub tls: Tls,
    #[command(flatten)]
    pub upstream: Upstream,
    #[command(flatten)]
    pub limits: Limits,
    #[command(flatten)]
    pub log: Log,
}

/// The flags for TLS.
#[derive(Debug, Args)]
pub struct Tls {
    /// PEM file with the server's certificate and its chain; makes the server use TLS. It is
    /// reloaded when it changes
    #[arg(
        long = "tls-cert",
        env = "FLEXITI_MOCK_TLS_CERT",
        value_name = "FILE",
        requires = "key"
    )]
    pub cert: Option<PathBuf>,
    /// PEM file with the certificate's private key, unencrypted
    #[arg(
        long = "tls-key",
        env = "FLEXITI_MOCK_TLS_KEY",
        value_name = "FILE",
        requires = "cert"
    )]
    pub key: Option<PathBuf>,
    /// Use TLS with a certificate generated at the start, for localhost, the address and the host
    /// of --public-base-url
    #[arg(
        long = "tls-self-signed",
        env = "FLEXITI_MOCK_TLS_SELF_SIGNED",
        value_parser = switch
    )]
    pub self_signed: bool,
    /// Where --tls-self-signed writes the CA certificate for clients to trust; a file in the
    /// temporary folder if absent
    #[arg(
        long = "tls-ca-file",
        env = "FLEXITI_MOCK_TLS_CA_FILE",
        value_name = "FILE"
    )]
    pub ca_file: Option<PathBuf>,
}

/// The flags that limit what clients may use.
#[derive(Debug, Args)]
pub struct Limits {
    /// Threads that answer requests; by default as many as the machine has processors
    #[arg(long, env = "FLEXITI_MOCK_THREADS", value_name = "N", value_parser = at_least_one())]
    pub threads: Option<u32>,
    /// Maximum number of open connections; above it, the one idle for longest is closed
    #[arg(
        long,
        env = "FLEXITI_MOCK_MAX_CONNECTIONS",
        default_value_t = 4_096,
        value_name = "N",
        value_parser = at_least_one()
    )]
    pub max_connections: u32,
    /// Maximum number of connections from one address, beyond which it gets 503; unlimited if
    /// absent
    #[arg(
        long,
        env = "FLEXITI_MOCK_MAX_CONNECTIONS_PER_PEER",
        value_name = "N",
        value_parser = at_least_one()
    )]
    pub max_connections_per_peer: Option<u32>,
    /// Maximum number of watchers of `GET events`; the next one gets 503
    #[arg(
        long,
        env = "FLEXITI_MOCK_MAX_WATCHERS",
        default_value_t = 100,
        value_name = "N",
        value_parser = whole::<u32>(0, 1_000_000)
    )]
    pub max_watchers: u32,
    /// Seconds that a connection may be idle, or that a TLS handshake or the head of a request may
    /// take
    #[arg(
        long,
        env = "FLEXITI_MOCK_HEAD_TIMEOUT",
        default_value_t = 30,
        value_name = "SECONDS",
        value_parser = at_least_one()
    )]
    pub head_timeout: u32,
    /// Seconds that the body of a request may take before the answer is 408
    #[arg(
        long,
        env = "FLEXITI_MOCK_BODY_TIMEOUT",
        default_value_t = 30,
        value_name = "SECONDS",
        value_parser = at_least_one()
    )]
    pub body_timeout: u32,
    /// Seconds that a client may stop reading an answer before the connection is closed
    #[arg(
        long,
        env = "FLEXITI_MOCK_WRITE_TIMEOUT",
        default_value_t = 30,
        value_name = "SECONDS",
        value_parser = at_least_one()
    )]
    pub write_timeout: u32,
    /// Seconds that the server keeps answering after SIGTERM while `GET /__admin/ready` answers
    /// 503; it then stops listening and gives answers in progress the same time again
    #[arg(
        long,
        env = "FLEXITI_MOCK_DRAIN",
        default_value_t = 0,
        value_name = "SECONDS",
        value_parser = whole::<u32>(0, 3_600)
    )]
    pub drain: u32,
}

fn at_least_one() -> impl Fn(&str) -> Result<u32, String> + Clone + Send + Sync + 'static {
    whole::<u32>(1, 1_000_000)
}

/// The flags of the log.
#[derive(Debug, Args)]
pub struct Log {
    /// How much to log: error, warn, info, debug, or a tracing filter
    #[arg(
        long,
        env = "FLEXITI_MOCK_LOG_LEVEL",
        default_value = "info",
        value_name = "LEVEL"
    )]
    pub log_level: String,
    /// Format of the log
    #[arg(
        long,
        env = "FLEXITI_MOCK_LOG_FORMAT",
        default_value = "text",
        value_name = "FORMAT"
    )]
    pub log_format: LogFormat,
}

/// Format of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    Text,
    Json,
}
