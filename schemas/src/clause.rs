//! The clauses: the rows of `clauses/*.json`.

use crate::endpoint::Endpoint;
use crate::error::ErrorId;
use crate::evidence::Evidence;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// One promise of the API: a row of `clauses/*.json`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clause {
    /// The stable dotted name, for example `init.lang.required`.
    pub id: String,
    /// What the API promises, in our own words.
    pub requirement: String,
    /// What to send instead, where no constraint says it; see [`crate::Rulebook::remedy`].
    pub remedy: Option<String>,
    /// How binding it is.
    pub level: Level,
    /// What supports the promise.
    pub evidence: Evidence,
    /// Keys of the sources, for example `R-cur` (the current reference) or an RFC.
    pub source: Vec<String>,
    /// The endpoints it is about; empty means all of them.
    #[serde(default)]
    pub endpoints: Vec<Endpoint>,
    /// The case of Flexiti's own test lists that covers it.
    pub test_case: Option<String>,
    /// Where its predicate lives.
    pub check: Check,
    /// What an observer sees of it.
    pub asserts: Asserts,
    /// The clause holds only in dialects that give each of these knobs one of the listed answers.
    #[serde(default)]
    pub when: BTreeMap<String, Vec<Value>>,
    /// Further knobs that the meaning of a rule depends on.
    #[serde(default)]
    pub knobs: Vec<String>,
    /// The error that a violation is answered with.
    pub error: Option<ErrorSource>,
    /// The `msg` of the violation in `field_errors`.
    pub msg: Option<Msg>,
}

impl Clause {
    /// Whether the clause is about this endpoint.
    pub fn covers(&self, endpoint: Endpoint) -> bool {
        self.endpoints.is_empty() || self.endpoints.contains(&endpoint)
    }
}

/// Where the error of a violation is found.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Value")]
pub enum ErrorSource {
    /// The clause names it.
    Id(ErrorId),
    /// The dialect names it: it is the answer to this knob (`{"$knob": …}`).
    Knob(String),
}

impl TryFrom<Value> for ErrorSource {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        match &value {
            Value::String(id) => ErrorId::from_id(id)
                .map(Self::Id)
                .ok_or_else(|| format!("/error: unknown error id `{id}`")),
            other => match other["$knob"].as_str() {
                Some(knob) => Ok(Self::Knob(knob.to_owned())),
                None => Err("/error: neither an error id nor a `$knob`".to_owned()),
            },
        }
    }
}

/// RFC 2119 strength.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the names are RFC 2119's")]
pub enum Level {
    Must,
    Should,
    May,
}

/// Where a clause's predicate lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Check {
    /// Constraints in a request schema carry the clause's id.
    Request,
    /// Constraints in a response schema carry the clause's id.
    Response,
    /// A function for the `Rule` of the same name.
    Rule,
}

/// What an observer sees of a clause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Asserts {
    /// A request that violates it is refused with its error.
    Refusal,
    /// A request that uses it is accepted.
    Grant,
    /// Every answer has this property.
    Answer,
}

/// The vocabulary of `field_errors[].msg` (P-val).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Msg {
    /// A mandatory parameter was not sent.
    Required,
    /// Wrong format, or not one of the allowed values.
    Invalid,
    /// Wrong data type.
    Type,
    /// Too long, or too precise.
    Length,
}

impl Msg {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::Invalid => "invalid",
            Self::Type => "type",
            Self::Length => "length",
        }
    }
}
