//! Streams the events of a run, one JSON object per line (NDJSON). `schemas/meta/event.schema.json`
//! describes them.

use super::event::{Beginning, Event, FORMAT_VERSION, Reporter};
use serde_json::{Map, Value, json};
use std::io::{ErrorKind, Write};

/// Writes and flushes an object for each event.
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

    fn started(&mut self, beginning: &dyn Beginning) -> anyhow::Result<()> {
        self.has_started = true;
        let mut event = Map::new();
        event.insert("event".to_owned(), "started".into());
        event.insert("format_version".to_owned(), FORMAT_VERSION.into());
        event.insert("runner".to_owned(), env!("CARGO_PKG_VERSION").into());
        event.extend(beginning.members());
        self.line(&event.into())
    }

    fn line(&mut self, value: &Value) -> anyhow::Result<()> {
        let written = writeln!(self.out, "{value}").and_then(|()| self.out.flush());
        match written {
            // The reader closed the pipe; the exit code still carries the verdict.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
            written => Ok(written?),
        }
    }
}

impl<W: Write> Reporter for Ndjson<W> {
    fn on(&mut self, event: &Event<'_>) -> anyhow::Result<()> {
        match event {
            Event::Started(beginning) => self.started(*beginning),
            Event::Case(done) => {
                let (name, value) = done.of;
                self.line(&json!({
                    "event": "case",
                    "id": done.id,
                    name: value,
                    "outcome": done.outcome,
                }))
            }
            // Cases already have their own events.
            Event::Progress { .. } => Ok(()),
            Event::Finished(found) => {
                // A run that could not begin emits only its end.
                if !self.has_started {
                    self.started(found.beginning())?;
                }
                for event in found.last_events()? {
                    self.line(&event)?;
                }
                Ok(())
            }
        }
    }
}
