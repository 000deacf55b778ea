//! The view of a report that reporters use.

use super::contents::Report;
use super::text;
use crate::formats::{self, Document};
use serde_json::{Map, Value, json};
use std::io::Write;

/// What is known when a run begins.
#[derive(Debug, Clone, Copy)]
pub struct Beginning<'a> {
    /// The base URL.
    pub target: &'a str,
    /// The expected dialect.
    pub dialect: &'a str,
    /// The seed.
    pub seed: u64,
}

impl formats::Beginning for Beginning<'_> {
    fn members(&self) -> Map<String, Value> {
        let members = [
            ("target", self.target.into()),
            ("dialect", self.dialect.into()),
            ("seed", self.seed.into()),
        ];
        let members = members.into_iter();
        members
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    }

    fn line(&self) -> Option<String> {
        let Self {
            target,
            dialect,
            seed,
        } = self;
        Some(format!("{target}, dialect `{dialect}`, seed {seed}"))
    }
}

impl formats::Beginning for Report {
    fn members(&self) -> Map<String, Value> {
        self.begun().members()
    }

    fn line(&self) -> Option<String> {
        self.begun().line()
    }
}

impl Report {
    fn begun(&self) -> Beginning<'_> {
        Beginning {
            target: &self.target,
            dialect: &self.dialect,
            seed: self.seed,
        }
    }
}

impl formats::Found for Report {
    fn beginning(&self) -> &dyn formats::Beginning {
        self
    }

    fn document(&self) -> Document {
        self.as_document()
    }

    fn json(&self) -> serde_json::Result<Value> {
        serde_json::to_value(self)
    }

    fn last_events(&self) -> serde_json::Result<Vec<Value>> {
        let clauses = self.clauses.iter().map(|clause| {
            json!({
                "event": "clause",
                "id": clause.id,
                "status": clause.status,
                "why": clause.why,
            })
        });
        let mut events: Vec<Value> = clauses.collect();
        for learned in &self.learned {
            let learned = serde_json::to_value(learned)?;
            events.push(json!({ "event": "learned", "learned": learned }));
        }
        for finding in &self.findings {
            let finding = serde_json::to_value(finding)?;
            events.push(json!({ "event": "finding", "finding": finding }));
        }
        events.push(json!({
            "event": "finished",
            "summary": self.summary,
            "stopped": self.circumstances.stopped,
            "because": self.circumstances.because,
            "notes": self.notes(),
            "power": self.power,
            "exit_code": self.exit_code(),
        }));
        Ok(events)
    }

    fn text(&self, verbose: bool, out: &mut dyn Write) -> std::io::Result<()> {
        text::write(self, verbose, out)
    }
}
