//! The possible answers to a question, and what each contradicts.

use crate::evidence::Evidence;
use serde::Deserialize;
use serde_json::Value;

/// A question that the documentation leaves open, with the possible answers.
#[derive(Debug, Clone, PartialEq)]
pub struct KnobRow {
    /// The knob.
    pub knob: String,
    /// The question that it answers.
    pub question: String,
    /// The known answers.
    pub alternatives: Vec<Alternative>,
}

/// One answer to a question.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alternative {
    /// The answer, as a dialect gives it.
    pub answer: Value,
    /// The answer in words, if it is a pattern.
    pub words: Option<String>,
    /// The evidence for it.
    pub evidence: Evidence,
    /// Keys of `sources.json`.
    pub source: Vec<String>,
    /// The documented clauses that a server with this answer violates.
    #[serde(default)]
    pub contradicts: Vec<String>,
    /// The documented clauses that cannot be observed with this answer. They still bind a server
    /// that answers differently.
    #[serde(default)]
    pub hides: Vec<String>,
}

/// An answer of a dialect that contradicts the documentation.
#[derive(Debug, Clone, PartialEq)]
pub struct Contradiction {
    /// The knob, or its entry (`max_lengths.customer_id`).
    pub knob: String,
    /// The clauses that the answer violates.
    pub clauses: Vec<String>,
}
