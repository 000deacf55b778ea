//! How a run went, apart from what it found out.

use crate::formats::log_line;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::Write;
use std::time::Duration;

/// How a run went, apart from what it found out.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Circumstances {
    /// The whole dialect, so that a replay needs no file.
    pub dialect_answers: Value,
    /// Why it ended early, in a word: `interrupted`, `budget`, `unreachable`, `maintenance`,
    /// `rate limit`, or `preflight` if it could not even begin.
    pub stopped: Option<&'static str>,
    /// Why it ended early, for people, with what to do.
    pub because: Option<String>,
    /// What a reader should know besides, such as a rate limit that was met.
    pub notes: Vec<String>,
    /// The lines of a shell that set the variables of the findings' `curl` commands.
    pub setup: Vec<String>,
    /// Nothing has been judged.
    #[serde(skip)]
    pub is_blocked: bool,
    /// The time that the cases of each clause took.
    #[serde(skip)]
    pub took: BTreeMap<String, Duration>,
}

impl Circumstances {
    /// Whether this is why a clause was not verified: then it needs no line of its own.
    pub fn explains(&self, why: Option<&str>) -> bool {
        why.is_some() && why == self.because.as_deref()
    }

    /// Writes what a reader needs for the findings' commands.
    pub fn write_setup(&self, out: &mut impl Write) -> std::io::Result<()> {
        if !self.setup.is_empty() {
            writeln!(out, "\nbefore the curl commands:")?;
            for line in &self.setup {
                writeln!(out, "  {line}")?;
            }
        }
        Ok(())
    }

    /// Writes the rest, `unreached` clauses having been left out because the run ended.
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
