//! The formats of reports: a [`Document`] says what a run found out, whoever was judged, and each
//! format writes it down.

mod document;
mod escape;
mod github;
mod html;
mod junit;
mod markdown;
mod sarif;

pub use document::{About, Case, Document, Finding, Learned, Outcome, Row};
pub use escape::{command, log_line, one_line};

use std::io::Write;

/// A format that holds a whole document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// JUnit XML, for CI.
    Junit,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// A page for a browser.
    Html,
    /// Markdown, for the summary of a step.
    Markdown,
    /// GitHub's annotations.
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
