//! The report as JSON, for other programs: `schemas/meta/report.schema.json` for a server,
//! `schemas/meta/merchant-report.schema.json` for a shop.

use super::event::{Event, Reporter};
use super::seal::add_seal;
use std::io::Write;

/// Writes the whole report when the run is over.
pub struct Json<W>(pub W);

impl<W: Write> Reporter for Json<W> {
    fn on(&mut self, event: &Event<'_>) -> anyhow::Result<()> {
        if let Event::Finished(found) = event {
            // Round-trip through text, so that the seal covers numbers as a reader parses them.
            let text = serde_json::to_string(&found.json()?)?;
            let mut value = serde_json::from_str(&text)?;
            add_seal(&mut value);
            serde_json::to_writer_pretty(&mut self.0, &value)?;
            writeln!(self.0)?;
            self.0.flush()?;
        }
        Ok(())
    }
}
