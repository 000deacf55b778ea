//! The report as text, for a terminal.

use super::event::{Event, Reporter};
use std::io::{ErrorKind, Write};

/// Writes a line when the run starts, and the results when it is over.
pub struct Text<W> {
    out: W,
    verbose: bool,
}

impl<W: Write> Text<W> {
    /// A reporter that writes a screen-sized report to `out`.
    pub fn new(out: W) -> Self {
        let verbose = false;
        Self { out, verbose }
    }

    /// Whether to write everything, however long.
    #[must_use]
    pub fn verbose(self, verbose: bool) -> Self {
        Self { verbose, ..self }
    }
}

impl<W: Write> Reporter for Text<W> {
    fn on(&mut self, event: &Event<'_>) -> anyhow::Result<()> {
        let written = match event {
            Event::Started(beginning) => match beginning.line() {
                Some(line) => writeln!(self.out, "{line}").and_then(|()| self.out.flush()),
                None => Ok(()),
            },
            Event::Progress { .. } | Event::Case(_) => Ok(()),
            Event::Finished(found) => found
                .text(self.verbose, &mut self.out)
                .and_then(|()| self.out.flush()),
        };
        match written {
            // The reader closed the pipe (`| head`); the exit code still carries the verdict.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
            written => Ok(written?),
        }
    }
}
