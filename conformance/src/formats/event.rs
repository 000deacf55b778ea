//! The events of a run, whoever is judged. Reporters see nothing else.

use super::document::Document;
use serde_json::{Map, Value};
use std::io::Write;

/// The version of JSON reports and events; a report of another one is not read.
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
        /// The case that comes next, where each takes long enough to be read.
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
    /// What it belongs to: the name of the member in an event, and the value.
    pub of: (&'static str, &'a str),
    /// Its outcome in a word.
    pub outcome: &'a str,
}

/// What is known when a run begins.
pub trait Beginning {
    /// The members of the event.
    fn members(&self) -> Map<String, Value>;
    /// The members in one line of text, if readers of the text need it.
    fn line(&self) -> Option<String>;
}

/// What a run found out.
pub trait Found {
    /// What was known when the run began.
    fn beginning(&self) -> &dyn Beginning;
    /// What the formats show that hold a document.
    fn document(&self) -> Document;
    /// The JSON report, without its digest.
    fn json(&self) -> serde_json::Result<Value>;
    /// The events at the end, the last of which is `finished`.
    fn last_events(&self) -> serde_json::Result<Vec<Value>>;
    /// The report as text; `verbose` asks for everything, however long it is.
    fn text(&self, verbose: bool, out: &mut dyn Write) -> std::io::Result<()>;
}

/// Reports a run to somebody.
pub trait Reporter {
    /// Handles an event.
    fn on(&mut self, event: &Event<'_>) -> anyhow::Result<()>;
}
