//! `replay --transcript`: replays a real server's recorded exchanges against another server.

use super::args::{LimitArgs, TargetArgs};
use super::exit_code::INCONCLUSIVE;
use super::reports::{Format, ReportTo};
use super::say::complain;
use super::{server, target};
use crate::formats::Places;
use crate::server::Limits;
use crate::server::replay::{self, Replay};
use anyhow::{Context as _, anyhow, ensure};
use flexiti_contract::Contract;
use flexiti_contract::transcript::LARGEST;
use std::io::{ErrorKind, Write};
use std::path::Path;

/// Replays a transcript, writes the reports, and returns the exit code.
pub fn run(
    file: &Path,
    reports: &[ReportTo],
    args: &TargetArgs,
    limits: &LimitArgs,
) -> anyhow::Result<u8> {
    let name = || format!("--transcript: {}", file.display());
    let size = std::fs::metadata(file).with_context(name)?.len();
    ensure!(
        size <= LARGEST,
        "{}: is over {} MiB",
        name(),
        LARGEST / 1024 / 1024
    );
    let text = std::fs::read_to_string(file).with_context(name)?;
    let recorded = replay::read(&text).map_err(|why| anyhow!("{}: {why}", name()))?;
    let mut places = Places::default();
    let mut outs: Vec<(Format, Box<dyn Write>)> = Vec::new();
    for report in reports {
        outs.push((report.format, places.open(report.file.as_deref())?));
    }
    if reports.is_empty() {
        outs.push((Format::Text, places.open(None)?));
    }
    let dialect = args.dialect.as_deref().unwrap_or("documented");
    let rulebook = server::rulebook(Contract::shipped().dialect(dialect)?)?;
    let mut options = server::limits(limits);
    let mut reached = target::reach(args, &rulebook, &mut options)?;
    if let Err(blocked) = reached.greet(args, &mut options) {
        complain!("flexiti-conformance: {}", blocked.because);
        return Ok(INCONCLUSIVE);
    }
    let limits = Limits::new(
        options.max_requests,
        options.rate,
        reached.target.interrupted(),
    );
    let replay = replay::transcript(&reached.target, &rulebook, &recorded, limits)?;
    for (format, mut out) in outs {
        match write(&replay, format, &mut out) {
            // `replay | head` closes the pipe: not an error.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {}
            written => written?,
        }
    }
    places.keep()?;
    Ok(replay.exit_code())
}

fn write(replay: &Replay, format: Format, out: &mut Box<dyn Write>) -> std::io::Result<()> {
    match format {
        Format::Json => {
            serde_json::to_writer_pretty(&mut *out, replay)?;
            writeln!(out)?;
            out.flush()
        }
        _ => replay::write(replay, out),
    }
}
