//! A case: what is sent, and what the clause it is about says must come back.

use crate::draft::Draft;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One test of one clause. It is data: a report carries it, and `replay` runs it again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Case {
    /// A name, never a position.
    pub id: String,
    /// The clause that is tested.
    pub clause: String,
    /// Whether the request keeps or breaks it.
    pub kind: Kind,
    /// Whose account it runs on.
    pub account: Account,
    /// What is done, in order; the last answer is judged.
    pub steps: Vec<Step>,
    /// What must come back.
    pub expect: Expect,
    /// The clause to hold responsible if a request that should be accepted is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blame: Option<String>,
}

/// Whether a case keeps its clause or breaks it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Keeps it: the sibling that must pass.
    Positive,
    /// Breaks it, or uses it wrongly, in exactly one way.
    Negative,
}

/// Whose account a case runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Account {
    /// The one the run was given.
    Main,
    /// One of its own where the target can make one, the main one elsewhere.
    Own,
    /// One of its own; without an admin API the case cannot be run.
    New,
    /// The same, not set up for the API.
    Unprovisioned,
}

/// One thing that is done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Send a request.
    Send(Draft),
    /// Move the account's clock on by so many seconds.
    Advance(u64),
    /// Take the account's role away.
    Deprovision,
    /// Bring an order to an outcome, as its customer would. The admin API's answer is one of the
    /// case's answers.
    Complete {
        /// The order's id, or a blank that stands for it.
        order: String,
        /// The outcome, in the admin API's words.
        outcome: String,
    },
}

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

impl Case {
    /// Whether the answer may be a refusal although another request follows: the verdict is
    /// about it.
    pub fn may_refuse(&self, answer: usize) -> bool {
        matches!(self.expect, Expect::Same(a, b) | Expect::Alike(a, b) if a == answer || b == answer)
    }
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
