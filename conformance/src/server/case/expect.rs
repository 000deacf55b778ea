//! What a case expects to come back.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What must come back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Expect {
    /// 200.
    Granted,
    /// The error of the case's clause; about this parameter, where the clause is about one.
    Refused {
        /// The parameter that `field_errors` must name, and no other.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        param: Option<String>,
        /// A header that must hold a word, such as `allow: POST`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        header: Option<(String, String)>,
    },
    /// Any 4xx: the request lacks what the clause grants.
    NotGranted,
    /// 200, and this value at this JSON pointer.
    Holds(String, Value),
    /// The same, where another pointer has the value that goes with it.
    HoldsWith {
        /// What must be there.
        holds: (String, Value),
        /// Where it must be there.
        with: (String, Value),
    },
    /// 200, and a JSON object with something in it.
    Filled,
    /// 200, and this JSON.
    Json(Value),
    /// 200, and all of this is seen in the answer.
    Shows(Vec<Sight>),
    /// 200, and the notification tells of the order that this answer opened.
    TellsOf {
        /// The answer.
        order: usize,
        /// The answer that opened the order it must not tell of; about any other order another
        /// clause speaks.
        not: Option<usize>,
    },
    /// 200, and the HTML at this JSON pointer is in this language.
    Speaks(String, String),
    /// What the admin API's answer says of the URL that the customer's browser goes to.
    Callback(Callback),
    /// This status.
    Status(u16),
    /// Two answers with the same status and body.
    Same(usize, usize),
    /// Two answers that are the same but for the URL that was asked for.
    Alike(usize, usize),
    /// Two answers that differ at each of these JSON pointers.
    Distinct(usize, usize, Vec<String>),
    /// An answer that is no 5xx.
    Alive,
    /// What the dialect says of a browser's preflight request.
    Preflight,
    /// A page of HTML; in this language, if one is named.
    Page(Option<String>),
    /// A page that was there is refused with the status of the clause's error.
    Closed,
}

/// Something to be seen in an answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sight {
    /// A JSON pointer.
    pub at: String,
    /// What is there.
    pub is: Is,
}

/// What stands at a JSON pointer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Is {
    /// This.
    Value(Value),
    /// Nothing.
    Absent,
    /// A value of this JSON type.
    OfType(String),
    /// The same text or number as in an earlier answer, at this pointer.
    SameAs(usize, String),
}

/// What is asked of a callback.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Callback {
    /// It leads to this URL, whatever query follows.
    LeadsTo(String),
    /// It has these query parameters and no others. About secrets another clause speaks.
    Carries(Vec<(String, Carried)>),
    /// No secret and no token stands in it.
    NoSecrets,
}

/// The value of a callback's query parameter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Carried {
    /// This text.
    Text(String),
    /// The id of the order that this answer opened.
    OrderOf(usize),
    /// A token.
    Token,
}

impl Expect {
    /// Whether the last request must be granted before anything else is looked at.
    pub fn grants(&self) -> bool {
        match self {
            Self::Granted
            | Self::Holds(..)
            | Self::HoldsWith { .. }
            | Self::Filled
            | Self::Json(_)
            | Self::Shows(_)
            | Self::TellsOf { .. }
            | Self::Speaks(..)
            | Self::Callback(_) => true,
            Self::Refused { .. }
            | Self::NotGranted
            | Self::Status(_)
            | Self::Same(..)
            | Self::Alike(..)
            | Self::Distinct(..)
            | Self::Alive
            | Self::Preflight
            | Self::Page(_)
            | Self::Closed => false,
        }
    }

    /// Whether an answer of 200 has the members that the endpoint's answers have: one that
    /// should have been a refusal, or something else, is judged as that alone.
    pub fn is_ordinary(&self, answer: usize, last: usize) -> bool {
        match self {
            Self::Alike(a, b) => answer != *a && answer != *b,
            Self::Refused { .. } | Self::NotGranted | Self::Json(_) | Self::Status(_) => {
                answer != last
            }
            _ => true,
        }
    }
}
