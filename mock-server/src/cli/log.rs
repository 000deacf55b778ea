//! The log on standard error.

use crate::cli::serve_args::{Log, LogFormat};
use crate::command_line::wants_colour;
use crate::telemetry::log_writer::LogWriter;
use crate::telemetry::plain;
use anyhow::{Context as _, ensure};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

/// Parses the log filter. An unknown level is refused: it would be taken for a module's name and
/// silence the log.
fn filter(text: &str) -> anyhow::Result<EnvFilter> {
    for part in text.split(',').map(str::trim) {
        let is_module = part.contains(['=', '[', ':']) || part.starts_with("flexiti_mock");
        ensure!(
            is_module || part.parse::<LevelFilter>().is_ok(),
            "--log-level: `{part}` is neither a level (error, warn, info, debug, trace, or off) nor \
             a filter such as flexiti_mock=debug"
        );
    }
    EnvFilter::try_new(text).with_context(|| format!("--log-level: `{text}`"))
}

/// Starts the log. Finish the returned writer at the end.
pub fn start(args: &Log) -> anyhow::Result<LogWriter> {
    let filter = filter(&args.log_level)?;
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
                writer.take_direct();
            }
        }
    }
    // The standard hook writes to standard error directly, and blocks if nobody reads it.
    std::panic::set_hook(Box::new(|panic| tracing::error!("{panic}")));
    Ok(writer)
}

#[cfg(test)]
mod tests {
    use super::filter;

    #[test]
    fn a_word_that_is_no_level_is_refused() {
        for right in [
            "info",
            "TRACE",
            "off",
            "warn,flexiti_mock=debug",
            "hyper::proto=trace",
        ] {
            assert!(filter(right).is_ok(), "{right}");
        }
        for wrong in ["verbose", "trace2", "inf", "info,loud", "flexiti_mock=loud"] {
            assert!(filter(wrong).is_err(), "{wrong}");
        }
        let why = filter("verbose").unwrap_err().to_string();
        assert!(why.contains("`verbose` is neither a level"), "{why}");
    }
}
