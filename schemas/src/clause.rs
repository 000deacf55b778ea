//! The clauses: the rows of `clauses/*.json`.

use crate::endpoint::Endpoint;
use crate::error::{ErrorId, Msg};
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
    /// What to send instead, if no constraint says it; see [`crate::Rulebook::remedy`].
    pub remedy: Option<String>,
    /// How binding it is.
    pub level: Level,
    /// The evidence for the promise.
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
    /// How an observer sees it.
    pub asserts: Asserts,
    /// The clause holds only in dialects that give each of these knobs one of the listed answers.
    #[serde(default)]
    pub when: BTreeMap<String, Vec<Value>>,
    /// Further knobs that the meaning of a rule depends on.
    #[serde(default)]
    pub knobs: Vec<String>,
    /// The error that answers a violation.
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

/// Where the error for a violation comes from.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Value")]
pub enum ErrorSource {
    /// The clause names it.
    Id(ErrorId),
    /// The dialect names it (`{"$knob": …, "as": …}`).
    Knob(ErrorKnob),
}

/// A knob whose answer determines the error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorKnob {
    /// The knob.
    pub knob: String,
    /// The error for each answer; for an answer that is not listed, the answer itself is the
    /// error's id.
    pub errors: BTreeMap<String, ErrorId>,
}

impl ErrorKnob {
    /// The error for an answer.
    pub fn error(&self, answer: &str) -> Option<ErrorId> {
        if self.errors.is_empty() {
            return ErrorId::from_id(answer);
        }
        self.errors.get(answer).copied()
    }
}

impl TryFrom<Value> for ErrorSource {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        let error = |id: &str| {
            ErrorId::from_id(id).ok_or_else(|| format!("/error: unknown error id `{id}`"))
        };
        if let Value::String(id) = &value {
            return error(id).map(Self::Id);
        }
        let Some(knob) = value["$knob"].as_str() else {
            return Err("/error: neither an error id nor a `$knob`".to_owned());
        };
        let rows = value["as"].as_object().into_iter().flatten();
        let rows = rows.map(|(answer, id)| {
            let id = error(id.as_str().unwrap_or_default())?;
            Ok((answer.clone(), id))
        });
        Ok(Self::Knob(ErrorKnob {
            knob: knob.to_owned(),
            errors: rows.collect::<Result<_, String>>()?,
        }))
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

/// How an observer sees a clause.
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
