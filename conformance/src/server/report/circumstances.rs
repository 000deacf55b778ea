//! How a run went, apart from its results.

use crate::formats::log_line;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::Write;
use std::time::Duration;

/// How a run went, apart from its results.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Circumstances {
    /// The whole dialect, so that a replay needs no file.
    pub dialect_answers: Value,
    /// Why it ended early, in one or two words: `interrupted`, `budget`, `unreachable`,
    /// `maintenance`, `rate limit`, or `preflight` if it could not even begin.
    pub stopped: Option<&'static str>,
    /// The same as a message, with what to do.
    pub because: Option<String>,
    /// Further notes for the reader, such as a rate limit that was hit.
    pub notes: Vec<String>,
    /// Shell lines that set the variables used in the findings' `curl` commands.
    pub setup: Vec<String>,
    /// Whether nothing was judged.
    #[serde(skip)]
    pub is_blocked: bool,
    /// How long the cases of each clause took.
    #[serde(skip)]
    pub took: BTreeMap<String, Duration>,
}

impl Circumstances {
    /// Whether this already explains why a clause was not verified, so that it needs no line of its
    /// own.
    pub fn explains(&self, why: Option<&str>) -> bool {
        why.is_some() && why == self.because.as_deref()
    }

    /// Writes what the findings' commands need.
    pub fn write_setup(&self, out: &mut impl Write) -> std::io::Result<()> {
        if !self.setup.is_empty() {
            writeln!(out, "\nbefore the curl commands:")?;
            for line in &self.setup {
                writeln!(out, "  {line}")?;
            }
        }
        Ok(())
    }

    /// Writes the rest; `unreached` is the number of clauses left out because the run ended.
    pub fn write(&self, out: &mut impl Write, unreached: usize) -> std::io::Result<()> {
        for note in &self.notes {
            writeln!(out, "note: {}", log_line(note))?;
        }
        match self.because.as_deref().map(log_line) {
            Some(because) if unreached > 0 => {
                writeln!(
                    out,
                    "stopped: {because}; {unreached} clauses were not reached"
                )
            }
            Some(because) => writeln!(out, "stopped: {because}"),
            None => Ok(()),
        }
    }
}
