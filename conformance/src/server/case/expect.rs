//! What a case expects in return.

use super::talk::Heeds;
use flexiti_contract::Flow;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The expected answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Expect {
    /// 200.
    Granted,
    /// 200; only the path is documented, not what the request must hold.
    Served,
    /// The error of the case's clause, about this parameter if the clause is about one.
    Refused {
        /// The parameter that `field_errors` must name, and no other.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        param: Option<String>,
        /// A header that must contain a word, such as `allow: POST`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        header: Option<(String, String)>,
    },
    /// Any 4xx: the clause does not grant the request.
    NotGranted,
    /// 200, with this value at this JSON pointer.
    Holds(String, Value),
    /// 200, with a value at a JSON pointer, provided that another pointer holds a given value.
    HoldsWith {
        /// The pointer and the required value.
        holds: (String, Value),
        /// The condition: a pointer and its value.
        with: (String, Value),
    },
    /// 200, with a non-empty JSON object.
    Filled,
    /// 200, with this JSON.
    Json(Value),
    /// 200, with all of these members.
    Shows(Vec<JsonMember>),
    /// 200, with a notification about the order that an earlier answer opened.
    TellsOf {
        /// The answer that opened the order.
        order: usize,
        /// The answer that opened the order it must not be about. Any other order is the subject of
        /// another clause.
        not: Option<usize>,
    },
    /// Anything but a notification that is about some order.
    TellsOfNone,
    /// A date at this JSON pointer, if there is one, must be within an hour of the answer's `Date`
    /// header.
    Recent(String),
    /// 200, with a notification about an order of this flow, after one about an order of another
    /// flow.
    OfFlow(Flow),
    /// 200, with HTML in this language at this JSON pointer.
    Speaks(String, String),
    /// The URL that the customer's browser is sent to, as the admin API reports it.
    Callback(Callback),
    /// This status.
    Status(u16),
    /// Two answers with the same status and body.
    Same(usize, usize),
    /// Two answers that are the same apart from the requested URL.
    Alike(usize, usize),
    /// Two answers that differ at each of these JSON pointers.
    Distinct(usize, usize, Vec<String>),
    /// No two answers with the same value at one of these JSON pointers.
    AllDistinct(Vec<String>),
    /// Two granted answers with equal values at these JSON pointers; without pointers, equal
    /// bodies.
    Agree(usize, usize, Vec<String>),
    /// Two granted answers whose text differs by more than its marked language, at this JSON
    /// pointer or as a whole.
    Unlike(usize, usize, Option<String>),
    /// A refusal that names more than one of these parameters.
    NamesSeveral(Vec<String>),
    /// Tokens none of which helps to guess another.
    Unguessable,
    /// 200, with the monthly payment for this price without fees or interest.
    Pays(String),
    /// Each of these answers must be as the clause it names says.
    Course(Vec<Checked>),
    /// Any answer but a 5xx.
    Alive,
    /// The dialect's answer to a browser's preflight request.
    Preflight,
    /// An HTML page, in this language if one is given.
    Page(Option<String>),
    /// A page without the e-mail address that an earlier request had, for another order.
    ShowsNothingOf(usize),
    /// A page that existed is refused with the status of the clause's error.
    Closed,
    /// The expected result of a conversation.
    Heeds(Heeds),
}

/// The expectation about one answer of a course.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Checked {
    /// The index of the answer.
    pub answer: usize,
    /// The clause that requires it.
    pub clause: String,
    /// Whether a documented sentence or a printed example requires it.
    pub must: bool,
    /// The expected answer.
    pub expect: Box<Expect>,
}

/// An expected member of an answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JsonMember {
    /// A JSON pointer.
    pub at: String,
    /// The expected value.
    pub is: Is,
}

/// The expected value at a JSON pointer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Is {
    /// This value.
    Value(Value),
    /// No value.
    Absent,
    /// Any value but this one, or none.
    Not(Value),
    /// A value of this JSON type.
    OfType(String),
    /// The same text or number as in an earlier answer, at this pointer.
    SameAs(usize, String),
}

/// The expectation about a callback.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Callback {
    /// It leads to this URL, with any query.
    LeadsTo(String),
    /// It has these query parameters and no others. Secrets are the subject of another clause.
    Carries(Vec<(String, Carried)>),
    /// It contains no secret and no token.
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
    /// Whether it says what must be absent.
    pub fn forbids(&self) -> bool {
        let is_denied = |member: &JsonMember| matches!(member.is, Is::Not(_));
        matches!(self, Self::Shows(list) if list.iter().any(is_denied))
    }

    /// Whether the last request must be granted before anything else is checked.
    pub fn grants(&self) -> bool {
        match self {
            Self::Granted
            | Self::Served
            | Self::Holds(..)
            | Self::HoldsWith { .. }
            | Self::Filled
            | Self::Json(_)
            | Self::Shows(_)
            | Self::TellsOf { .. }
            | Self::OfFlow(_)
            | Self::Speaks(..)
            | Self::AllDistinct(_)
            | Self::Agree(..)
            | Self::Unlike(..)
            | Self::Unguessable
            | Self::Pays(_)
            | Self::Callback(_) => true,
            Self::Refused { .. }
            | Self::NotGranted
            | Self::NamesSeveral(_)
            | Self::Course(_)
            | Self::Status(_)
            | Self::Same(..)
            | Self::Alike(..)
            | Self::Distinct(..)
            | Self::Alive
            | Self::TellsOfNone
            | Self::Recent(_)
            | Self::Preflight
            | Self::Page(_)
            | Self::ShowsNothingOf(_)
            | Self::Closed
            | Self::Heeds(_) => false,
        }
    }

    /// Whether the documentation requires a request that got this status to be accepted.
    pub fn must_be_served(&self, status: u16) -> bool {
        !matches!(self, Self::Served) || [404, 405, 501].contains(&status)
    }

    /// Whether a 200 answer must have the members of the endpoint's answers. An answer that should
    /// have been a refusal, or something else, is judged only on that.
    pub fn is_ordinary(&self, answer: usize, last: usize) -> bool {
        match self {
            Self::Alike(a, b) => answer != *a && answer != *b,
            Self::Refused { .. }
            | Self::NotGranted
            | Self::NamesSeveral(_)
            | Self::TellsOfNone
            | Self::Json(_)
            | Self::Status(_) => answer != last,
            _ => true,
        }
    }
}
