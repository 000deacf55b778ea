//! The log on standard error.

use crate::cli::args::{Log, LogFormat};
use crate::command_line::wants_colour;
use crate::telemetry::log_writer::LogWriter;
use crate::telemetry::plain;
use anyhow::Context as _;
use tracing_subscriber::EnvFilter;

/// Starts the log; what it says goes to the writer, which is to be finished at the end.
pub fn start(args: &Log) -> anyhow::Result<LogWriter> {
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
            if wants_colour(std::io::stderr().is_terminal()) {
                log.with_ansi(true).init();
            } else {
                let log = log.with_ansi(false).with_timer(plain::Clock);
                log.fmt_fields(plain::Fields).init();
            }
        }
    }
    // The standard hook writes to standard error itself, and waits for whoever reads it.
    std::panic::set_hook(Box::new(|panic| tracing::error!("{panic}")));
    Ok(writer)
}
