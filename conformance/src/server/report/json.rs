//! The report as JSON, for other programs.

use super::event::{Event, Reporter};
use std::io::Write;

/// Writes the whole report when the run is over.
pub struct Json<W>(pub W);

impl<W: Write> Reporter for Json<W> {
    fn on(&mut self, event: &Event<'_>) -> anyhow::Result<()> {
        if let Event::Finished(report) = event {
            serde_json::to_writer_pretty(&mut self.0, report)?;
            writeln!(self.0)?;
            self.0.flush()?;
        }
        Ok(())
    }
}
