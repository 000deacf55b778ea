//! The flags for the upstream.

use crate::command_line::{switch, whole};
use crate::config::{UpstreamMode, UpstreamSettings};
use anyhow::ensure;
use clap::{Args, ValueEnum};
use flexiti_contract::hosts::{AllowedHosts, host};
use std::path::PathBuf;
use std::time::Duration;

/// The flags for the upstream.
#[derive(Debug, Args)]
pub struct Upstream {
    /// Base URL of another server, ending in /flexiti/online-api; requests of merchants whose entry
    /// in --config says `upstream = true` are passed on to it
    #[arg(
        id = "upstream_url",
        long = "upstream",
        env = "FLEXITI_MOCK_UPSTREAM",
        value_name = "URL"
    )]
    pub url: Option<String>,
    /// Who answers these merchants
    #[arg(
        id = "upstream_mode",
        long = "upstream-mode",
        env = "FLEXITI_MOCK_UPSTREAM_MODE",
        default_value = "proxy",
        value_name = "MODE"
    )]
    pub mode: UpstreamMode,
    /// File to which each exchange with the upstream is appended, or which provides the answers
    /// with --upstream-mode answer: JSON lines, or an HTTP archive if its name ends in .har
    #[arg(long, env = "FLEXITI_MOCK_TRANSCRIPT", value_name = "FILE")]
    pub transcript: Option<PathBuf>,
    /// Whether redirection URLs lead the customer's browser through this server and callbacks lead
    /// to the merchant's trust URL, or both stay as the upstream gives them
    #[arg(
        id = "upstream_urls",
        long = "upstream-urls",
        env = "FLEXITI_MOCK_UPSTREAM_URLS",
        default_value = "rewrite",
        value_name = "WHAT"
    )]
    pub urls: Urls,
    /// Seconds that a complete answer of the upstream may take before the answer is 504
    #[arg(
        id = "upstream_timeout", long = "upstream-timeout",
        env = "FLEXITI_MOCK_UPSTREAM_TIMEOUT",
        default_value_t = 30,
        value_name = "SECONDS",
        value_parser = whole::<u32>(1, 3_600)
    )]
    pub timeout: u32,
    /// PEM file of CAs to trust for the upstream besides the system's
    #[arg(
        id = "upstream_ca",
        long = "upstream-ca",
        env = "FLEXITI_MOCK_UPSTREAM_CA",
        value_name = "FILE"
    )]
    pub ca: Option<PathBuf>,
    /// Proxy for reaching an upstream other than loopback; defaults to the proxy that the
    /// environment sets
    #[arg(
        id = "upstream_proxy",
        long = "upstream-proxy",
        env = "FLEXITI_MOCK_UPSTREAM_PROXY",
        value_name = "URL",
        hide_env_values = true
    )]
    pub proxy: Option<String>,
    /// Host other than loopback that may be the upstream; may be repeated
    #[arg(
        long,
        env = "FLEXITI_MOCK_ALLOW_HOST",
        value_name = "HOST",
        value_delimiter = ',',
        value_parser = host
    )]
    pub allow_host: Vec<String>,
    /// Allow a production host as well; it must also be listed in --allow-host
    #[arg(long, env = "FLEXITI_MOCK_ALLOW_PRODUCTION", value_parser = switch)]
    pub allow_production: bool,
}

/// What to do with the upstream's URLs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Urls {
    Rewrite,
    Keep,
}

impl Upstream {
    /// Turns the flags into settings; `None` without an upstream.
    pub fn settings(self) -> anyhow::Result<Option<UpstreamSettings>> {
        let answers = self.mode == UpstreamMode::Answer;
        if self.url.is_none() && !answers {
            ensure!(
                self.mode == UpstreamMode::Proxy,
                "--upstream-mode compare: needs --upstream URL"
            );
            ensure!(
                self.transcript.is_none(),
                "--transcript: needs --upstream URL, whose exchanges it holds, or --upstream-mode answer"
            );
            return Ok(None);
        }
        ensure!(
            !answers || self.url.is_none(),
            "--upstream-mode answer: nothing is passed on; leave --upstream out"
        );
        ensure!(
            !answers || self.transcript.is_some(),
            "--upstream-mode answer: needs --transcript FILE, which holds the answers"
        );
        Ok(Some(UpstreamSettings {
            url: self.url,
            mode: self.mode,
            transcript: self.transcript,
            rewrites: self.urls == Urls::Rewrite,
            hosts: AllowedHosts::new(self.allow_host, self.allow_production),
            ca: self.ca,
            proxy: self.proxy,
            patience: Duration::from_secs(self.timeout.into()),
        }))
    }
}
