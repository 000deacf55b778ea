//! The events of a run as they happen, one JSON object on a line (NDJSON).
//! `schemas/meta/event.schema.json` describes them.

use super::contents::FORMAT_VERSION;
use super::event::{Event, Reporter};
use serde_json::{Value, json};
use std::io::{ErrorKind, Write};

/// Writes an object for each event, and flushes it.
pub struct Ndjson<W> {
    out: W,
    has_started: bool,
}

impl<W: Write> Ndjson<W> {
    /// A reporter that writes to `out`.
    pub fn new(out: W) -> Self {
        let has_started = false;
        Self { out, has_started }
    }

    fn started(&mut self, target: &str, dialect: &str, seed: u64) -> anyhow::Result<()> {
        self.has_started = true;
        self.line(&json!({
            "event": "started",
            "format_version": FORMAT_VERSION,
            "runner": env!("CARGO_PKG_VERSION"),
            "target": target,
            "dialect": dialect,
            "seed": seed,
        }))
    }

    fn line(&mut self, value: &Value) -> anyhow::Result<()> {
        let written = writeln!(self.out, "{value}").and_then(|()| self.out.flush());
        match written {
            // The reader has seen enough; the exit code still carries the verdict.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
            written => Ok(written?),
        }
    }
}

impl<W: Write> Reporter for Ndjson<W> {
    fn on(&mut self, event: &Event<'_>) -> anyhow::Result<()> {
        match event {
            Event::Started {
                target,
                dialect,
                seed,
            } => self.started(target, dialect, *seed),
            Event::Case { case, outcome } => self.line(&json!({
                "event": "case",
                "id": case.id,
                "clause": case.clause,
                "outcome": outcome,
            })),
            // Each case is an event of its own.
            Event::Progress { .. } => Ok(()),
            Event::Finished(report) => {
                // A run that could not begin has only an end.
                if !self.has_started {
                    self.started(&report.target, &report.dialect, report.seed)?;
                }
                for clause in &report.clauses {
                    self.line(&json!({
                        "event": "clause",
                        "id": clause.id,
                        "status": clause.status,
                        "why": clause.why,
                    }))?;
                }
                for (name, rows) in [
                    ("learned", serde_json::to_value(&report.learned)?),
                    ("finding", serde_json::to_value(&report.findings)?),
                ] {
                    let rows = rows.as_array().cloned().unwrap_or_default();
                    for row in rows {
                        self.line(&json!({ "event": name, name: row }))?;
                    }
                }
                self.line(&json!({
                    "event": "finished",
                    "summary": report.summary,
                    "stopped": report.circumstances.stopped,
                    "because": report.circumstances.because,
                    "notes": report.notes(),
                    "power": report.power,
                    "exit_code": report.exit_code(),
                }))
            }
        }
    }
}
