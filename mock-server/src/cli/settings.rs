//! Turns the flags into the server's settings.

use crate::cli::collector::collector;
use crate::cli::serve_args::{self, LogFormat, Serve};
use crate::config::{ServerLimits, Settings, StoreSettings, TlsSettings};
use crate::model::account::check_url;
use crate::random::Random;
use anyhow::{Context as _, bail, ensure};
use std::num::NonZero;
use std::time::Duration;

/// What a server is started with.
pub struct Started {
    /// The settings from the flags and the configuration file.
    pub settings: Settings,
    /// The generated token of the admin API, if it needs one and the flags set none.
    pub made_up_token: Option<String>,
    /// Whether output is text for people, rather than JSON.
    pub text: bool,
}

/// Turns the flags into settings.
pub fn settings(args: Serve) -> anyhow::Result<Started> {
    let configured = match &args.config {
        Some(file) => Settings::read(file)?,
        None => Settings::default(),
    };
    if let Some(url) = &args.public_base_url {
        check_url(url).with_context(|| format!("--public-base-url: `{url}`"))?;
    }
    if args.admin_token.as_deref() == Some("") {
        bail!("--admin-token: must not be empty");
    }
    let exposed = !args.listen.ip().is_loopback();
    let made_up_token =
        (exposed && args.admin_token.is_none()).then(|| Random::new(None).hex::<16>());
    Ok(Started {
        settings: Settings {
            listen: args.listen,
            dialect: args.dialect,
            public_base_url: args.public_base_url,
            data: args.data,
            store: args.store.map(|url| StoreSettings {
                url,
                ca_file: args.store_ca,
            }),
            seed: args.seed,
            admin_token: args.admin_token.or_else(|| made_up_token.clone()),
            journal_limit: args.journal_limit,
            journal_bytes: args.journal_bytes,
            reveal_secrets: args.reveal_secrets,
            sandbox_bar: !args.hide_sandbox_bar,
            tls: tls(args.tls)?,
            trusted_proxies: args.trusted_proxies,
            upstream: args.upstream.settings()?,
            traces: collector()?,
            limits: limits(&args.limits),
            ..configured
        },
        made_up_token,
        text: args.log.log_format == LogFormat::Text,
    })
}

fn tls(given: serve_args::Tls) -> anyhow::Result<Option<TlsSettings>> {
    let is_made = given.self_signed;
    ensure!(
        is_made || given.ca_file.is_none(),
        "--tls-ca-file: needs --tls-self-signed"
    );
    let files = given.cert.zip(given.key);
    ensure!(
        !is_made || files.is_none(),
        "give either --tls-self-signed, or --tls-cert with --tls-key"
    );
    let ca_file = given.ca_file;
    Ok(match files {
        Some((certificate, key)) => Some(TlsSettings::Files { certificate, key }),
        None => is_made.then_some(TlsSettings::SelfSigned { ca_file }),
    })
}

fn limits(given: &serve_args::Limits) -> ServerLimits {
    let count = |count: u32| usize::try_from(count).unwrap_or(usize::MAX);
    let seconds = |seconds: u32| Duration::from_secs(seconds.into());
    let processors = || std::thread::available_parallelism().map_or(1, NonZero::get);
    ServerLimits {
        threads: given.threads.map_or_else(processors, count),
        connections: count(given.max_connections),
        connections_per_peer: given.max_connections_per_peer.map(count),
        watchers: count(given.max_watchers),
        head_time: seconds(given.head_timeout),
        body_time: seconds(given.body_timeout),
        write_time: seconds(given.write_timeout),
        drain_time: seconds(given.drain),
    }
}
