//! Running the server: log, ready file, banner, signals.

use crate::app::App;
use crate::cli::args::{LogFormat, Serve};
use crate::cli::banner;
use crate::config::Settings;
use crate::dialects::compile;
use crate::http::route::ADMIN;
use crate::model::account::check_url;
use crate::random::Random;
use crate::server::runtime::{bind, runtime};
use crate::server::serve::{self, Plain};
use anyhow::{Context as _, bail};
use flexiti_contract::Contract;
use serde_json::json;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

/// Serves until a signal says stop.
pub fn run(args: Serve) -> anyhow::Result<ExitCode> {
    start_log(&args)?;
    let ready_file = args.ready_file.clone();
    let settings = settings(args)?;
    let rulebook = compile(Contract::shipped(), &settings.settings.dialect)?;
    let (listener, service) = bind(&settings.settings, rulebook)?;
    // Only now: before the port was ours, the file may be that of a server that runs.
    let ready = ReadyFile::prepare(ready_file)?;
    let address = listener.local_addr()?;
    let runtime = runtime()?;
    let _runs = runtime.enter();
    let listener = tokio::net::TcpListener::from_std(listener)?;
    // Before the ready file, so that whoever waits for it can already send the signal.
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let app = &service.app;
    if settings.text {
        let text = banner::text(app, &settings.settings, settings.made_up_token.as_deref());
        // A closed standard output is no reason not to serve.
        let _ = std::io::stdout().write_all(text.as_bytes());
    }
    tracing::info!(base_url = app.base_url(), %address, dialect = settings.settings.dialect, "listening");
    ready.write(app)?;
    let stopped = async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    };
    let served = Arc::clone(&service);
    runtime.block_on(serve::run(listener, served, Arc::new(Plain), stopped));
    Ok(ExitCode::SUCCESS)
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
            ..configured
        },
        made_up_token,
        text: args.log_format == LogFormat::Text,
    })
}

fn start_log(args: &Serve) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&args.log_level)
        .with_context(|| format!("--log-level: `{}`", args.log_level))?;
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_target(false)
        .with_writer(std::io::stderr);
    match args.log_format {
        LogFormat::Json => log.json().flatten_event(true).init(),
        LogFormat::Text => {
            use std::io::IsTerminal as _;
            log.with_ansi(std::io::stderr().is_terminal()).init();
        }
    }
    Ok(())
}

/// The file that says that the port is bound. It goes when the server does.
struct ReadyFile(Option<PathBuf>);

impl ReadyFile {
    /// Takes away what an earlier server left.
    fn prepare(path: Option<PathBuf>) -> anyhow::Result<Self> {
        if let Some(path) = &path {
            match std::fs::remove_file(path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(error).with_context(|| format!("--ready-file: {}", path.display()));
                }
                _ => {}
            }
        }
        Ok(Self(path))
    }

    /// Writes it beside its place and moves it there whole.
    fn write(&self, app: &App) -> anyhow::Result<()> {
        let Some(path) = &self.0 else {
            return Ok(());
        };
        let content = json!({
            "base_url": app.base_url(),
            "admin_url": format!("{}{}", app.origin, ADMIN),
            "pid": std::process::id(),
        });
        let written = write_whole(path, &format!("{content}\n"));
        written.with_context(|| format!("--ready-file: {}", path.display()))
    }
}

impl Drop for ReadyFile {
    fn drop(&mut self) {
        if let Some(path) = &self.0 {
            let _ = std::fs::remove_file(path);
        }
    }
}

fn write_whole(path: &Path, content: &str) -> std::io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".{}", std::process::id()));
    std::fs::write(&beside, content)?;
    std::fs::rename(&beside, path)
}
