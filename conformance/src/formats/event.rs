//! The events of a run, of a server or a shop. Reporters see nothing else.

use super::document::Document;
use serde_json::{Map, Value};
use std::io::Write;

/// The version of JSON reports and events; other versions are rejected.
pub const FORMAT_VERSION: u32 = 1;

/// An event of a run.
pub enum Event<'a> {
    /// The run begins.
    Started(&'a dyn Beginning),
    /// A case was run.
    Case(Done<'a>),
    /// Progress.
    Progress {
        /// Cases done.
        done: usize,
        /// Cases in total, as far as known.
        total: usize,
        /// The next case, if cases take long enough for it to be read.
        next: Option<&'a str>,
    },
    /// The run is over.
    Finished(&'a dyn Found),
}

/// A case that was run.
#[derive(Debug, Clone, Copy)]
pub struct Done<'a> {
    /// Its name.
    pub id: &'a str,
    /// What it belongs to: the name of the event's member, and its value.
    pub of: (&'static str, &'a str),
    /// Its outcome in a word.
    pub outcome: &'a str,
}

/// What is known when a run begins.
pub trait Beginning {
    /// The members of the JSON event.
    fn members(&self) -> Map<String, Value>;
    /// The members on one line of text, if text reports show them.
    fn line(&self) -> Option<String>;
}

/// The results of a run.
pub trait Found {
    /// What was known when the run began.
    fn beginning(&self) -> &dyn Beginning;
    /// The results as a document, for the formats that show one.
    fn document(&self) -> Document;
    /// The JSON report, without its digest.
    fn json(&self) -> serde_json::Result<Value>;
    /// The final events, ending with `finished`.
    fn last_events(&self) -> serde_json::Result<Vec<Value>>;
    /// Writes the report as text; `verbose` includes everything, however long.
    fn text(&self, verbose: bool, out: &mut dyn Write) -> std::io::Result<()>;
}

/// Receives the events of a run.
pub trait Reporter {
    /// Handles an event.
    fn on(&mut self, event: &Event<'_>) -> anyhow::Result<()>;
}
