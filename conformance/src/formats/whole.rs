//! A reporter for the formats that render a whole document.

use super::document::Document;
use super::event::{Event, Reporter};
use super::{github, html, junit, markdown, sarif};
use std::io::Write;

/// Writes the document when the run is over.
pub struct Whole<W> {
    /// The format.
    pub format: Format,
    /// The destination.
    pub out: W,
}

impl<W: Write> Reporter for Whole<W> {
    fn on(&mut self, event: &Event<'_>) -> anyhow::Result<()> {
        if let Event::Finished(found) = event {
            self.format.write(&found.document(), &mut self.out)?;
        }
        Ok(())
    }
}

/// A format that renders a whole document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// JUnit XML, for CI.
    Junit,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// An HTML page.
    Html,
    /// Markdown, for a step summary.
    Markdown,
    /// GitHub annotations.
    Github,
}

impl Format {
    /// Writes a document.
    pub fn write(self, document: &Document, out: &mut dyn Write) -> anyhow::Result<()> {
        match self {
            Self::Junit => junit::write(document, out)?,
            Self::Sarif => sarif::write(document, out)?,
            Self::Html => html::write(document, out)?,
            Self::Markdown => out.write_all(markdown::text(document).as_bytes())?,
            Self::Github => out.write_all(github::text(document).as_bytes())?,
        }
        out.flush()?;
        Ok(())
    }
}
