//! Terms shared by requests, answers and rulebooks: violations, refusals, flows, decisions,
//! languages.

use crate::dialect::Dialect;
use crate::endpoint::Endpoint;
use crate::error::{ErrorId, Msg};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A constraint that a request violates.
#[derive(Debug, Clone, Serialize)]
pub struct Violation {
    /// The clause it breaks.
    pub clause: &'static str,
    /// The parameter, in dotted form.
    pub param: String,
    /// The word of `field_errors[].msg`, if the clause has one.
    pub msg: Option<Msg>,
    /// The value that was sent, if any.
    pub value: Option<Value>,
    /// The error that answers it.
    #[serde(skip)]
    pub error: ErrorId,
    /// The position of the clause in the contract's order.
    #[serde(skip)]
    pub(crate) rank: usize,
}

/// Where a request clause applies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParameterSite {
    /// The endpoint.
    pub endpoint: Endpoint,
    /// The parameter, in dotted form.
    pub param: String,
}

/// The contents of a refusal, in the dialect's style.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// HTTP status.
    pub status: StatusCode,
    /// The `error` word.
    pub error: String,
    /// The accompanying sentence.
    pub message: String,
    /// The value of `WWW-Authenticate`.
    pub challenge: Option<String>,
}

/// What the customer does on the hosted pages (3.3 `flow`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Flow {
    /// Apply for credit.
    Apply,
    /// Buy with credit granted earlier.
    Buy,
    /// Apply, and buy at once if approved.
    ApplyBuy,
}

/// The decision on an application (TD).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names are Flexiti's")]
pub enum Decision {
    Approved,
    Pending,
    Declined,
    Retry,
}

/// A middle name that decides an application in a sandbox: a row of `response_keys.json`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResponseKey {
    /// The middle name.
    pub middle_name: String,
    /// The decision, or `{"$knob": …}`.
    pub decision: Value,
    /// What the key stands for.
    pub reason: String,
}

impl ResponseKey {
    /// Whether the decision depends on the dialect.
    pub fn is_open(&self) -> bool {
        self.decision.is_object()
    }

    /// The decision in a dialect.
    pub fn decides(&self, dialect: &Dialect) -> Option<Decision> {
        let decision = match self.decision["$knob"].as_str() {
            Some(knob) => dialect.answer(knob),
            None => &self.decision,
        };
        serde_json::from_value(decision.clone()).ok()
    }
}

/// A language of the hosted pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Lang {
    En,
    Fr,
}

impl Lang {
    /// The language that a spelling names: French if it begins with `fr` or is `en-FR`, which the
    /// oldest reference prints for French (R-old1); otherwise English.
    pub fn of(text: &str) -> Self {
        let text = text.to_ascii_lowercase();
        if text.starts_with("fr") || text == "en-fr" {
            Self::Fr
        } else {
            Self::En
        }
    }

    /// The two-letter code.
    pub fn code(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Fr => "fr",
        }
    }
}
