//! The parts of an expectation, and the rows of `expectations.json`.

use crate::evidence::Evidence;
use crate::names::names;
use serde::Deserialize;

names! {
    /// A part of what is expected of an answer.
    Part {
        Accepted = "accepted",
        Refused = "refused",
        SuccessStatus = "success_status",
        Status = "status",
        Error = "error",
        Param = "param",
        Msg = "msg",
        Header = "header",
        Shape = "shape",
        Spelling = "spelling",
        Content = "content",
    }
}

/// The evidence for a part of an expectation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Support<'c> {
    /// How strong it is.
    pub evidence: Evidence,
    /// Keys of `sources.json`.
    pub source: &'c [String],
}

/// The rows of `expectations.json`: the parts that no clause and no error covers.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expectations {
    /// Parts of an answer.
    pub(crate) parts: Vec<PartRow>,
    /// Bounds of numeric answers.
    pub(crate) limits: Vec<Limit>,
    /// Printed answers that are texts.
    pub(crate) texts: Vec<PrintedText>,
    /// Samples that the documentation itself accepts or refuses.
    pub values: Vec<DocumentedValues>,
}

/// The evidence for one part of an answer.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PartRow {
    pub(crate) part: Part,
    pub(crate) evidence: Evidence,
    pub(crate) source: Vec<String>,
}

/// A documented bound of a numeric answer.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Limit {
    pub(crate) knob: String,
    pub(crate) at_most: u64,
    pub(crate) clause: String,
    pub(crate) source: Vec<String>,
}

/// A printed answer that is a text.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PrintedText {
    pub(crate) knob: String,
    pub(crate) is: String,
    pub(crate) clause: String,
    pub(crate) source: Vec<String>,
}

/// Samples of a parameter that the documentation accepts or refuses.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DocumentedValues {
    /// The parameter, on the endpoints of the clause.
    pub param: String,
    /// The clause that says so.
    pub clause: String,
    /// Values that must be accepted.
    #[serde(default)]
    pub accepted: Vec<String>,
    /// Values that must be refused.
    #[serde(default)]
    pub refused: Vec<String>,
    /// Keys of `sources.json`.
    pub source: Vec<String>,
}
