//! Running the server: log, ready file, banner, signals.

use crate::cli::args::{self, LogFormat, Serve};
use crate::cli::banner;
use crate::cli::ready_file::ReadyFile;
use crate::config::{ServerLimits, Settings};
use crate::dialects::compile;
use crate::model::account::check_url;
use crate::random::Random;
use crate::server::runtime::{bind, runtime};
use crate::server::serve::{self, Plain};
use crate::telemetry::log_writer::LogWriter;
use anyhow::{Context as _, bail};
use flexiti_contract::Contract;
use serde_json::json;
use std::io::Write as _;
use std::num::NonZero;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::mpsc;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

/// How long the start waits for the banner to be read, and the end for the log.
const PATIENCE: Duration = Duration::from_millis(200);

/// Serves until a signal says stop.
pub fn run(args: Serve) -> anyhow::Result<ExitCode> {
    let log = start_log(&args)?;
    let done = serve(args);
    log.finish(PATIENCE);
    done
}

fn serve(args: Serve) -> anyhow::Result<ExitCode> {
    let ready_file = args.ready_file.clone();
    let settings = settings(args)?;
    let rulebook = compile(Contract::shipped(), &settings.settings.dialect)?;
    let (listener, service) = bind(&settings.settings, rulebook)?;
    // Only now: before the port was ours, the file may be that of a server that runs.
    let mut ready = ReadyFile::prepare(ready_file)?;
    let address = listener.local_addr()?;
    let runtime = runtime()?;
    let runs = runtime.enter();
    let listener = tokio::net::TcpListener::from_std(listener)?;
    // Before the ready file, so that whoever waits for it can already send the signal.
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    let app = &service.app;
    tracing::info!(base_url = app.base_url(), %address, dialect = settings.settings.dialect, "listening");
    ready.write(app)?;
    let token = settings.made_up_token.as_deref();
    match (settings.text, token) {
        (true, token) => print(banner::text(app, &settings.settings, token)),
        // Whoever is to use it must learn it, and the log is no place for a secret.
        (false, Some(token)) => print(format!("{}\n", json!({"admin_token": token}))),
        (false, None) => {}
    }
    let stopped = async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
            _ = hang_up.recv() => {}
        }
    };
    let served = Arc::clone(&service);
    runtime.block_on(serve::run(listener, served, Arc::new(Plain), stopped));
    drop(runs);
    // A look-up of a name may take longer than anybody wants to wait for the end.
    runtime.shutdown_background();
    Ok(ExitCode::SUCCESS)
}

/// Prints a text without waiting for long: a reader that does not read, or has closed the
/// standard output, is no reason not to serve.
fn print(text: String) {
    let (sender, printed) = mpsc::channel();
    let printing = std::thread::Builder::new()
        .name("banner".to_owned())
        .spawn(move || {
            let mut out = std::io::stdout();
            let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
            let _ = sender.send(());
        });
    if printing.is_ok() {
        let _ = printed.recv_timeout(PATIENCE);
    }
}

struct Started {
    settings: Settings,
    made_up_token: Option<String>,
    text: bool,
}

fn settings(args: Serve) -> anyhow::Result<Started> {
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
            seed: args.seed,
            admin_token: args.admin_token.or_else(|| made_up_token.clone()),
            journal_limit: args.journal_limit,
            journal_bytes: args.journal_bytes,
            reveal_secrets: args.reveal_secrets,
            sandbox_bar: !args.hide_sandbox_bar,
            limits: limits(&args.limits),
            ..configured
        },
        made_up_token,
        text: args.log_format == LogFormat::Text,
    })
}

fn limits(given: &args::Limits) -> ServerLimits {
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
    }
}

fn start_log(args: &Serve) -> anyhow::Result<LogWriter> {
    let filter = EnvFilter::try_new(&args.log_level)
        .with_context(|| format!("--log-level: `{}`", args.log_level))?;
    let writer = LogWriter::start(std::io::stderr()).context("cannot start the log")?;
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_target(false)
        .with_writer(writer.clone());
    match args.log_format {
        LogFormat::Json => log.json().flatten_event(true).init(),
        LogFormat::Text => {
            use std::io::IsTerminal as _;
            log.with_ansi(std::io::stderr().is_terminal()).init();
        }
    }
    // The standard hook writes to standard error itself, and waits for whoever reads it.
    std::panic::set_hook(Box::new(|panic| tracing::error!("{panic}")));
    Ok(writer)
}
