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
    /// Two answers with the same status and body.
    Same(usize, usize),
    /// Two answers that differ at each of these JSON pointers.
    Distinct(usize, usize, Vec<String>),
    /// An answer that is no 5xx.
    Alive,
    /// What the dialect says of a browser's preflight request.
    Preflight,
    /// A page of HTML; in this language, if one is named.
    Page(Option<String>),
}

impl Case {
    /// Whether a step before the last may be refused, because the verdict is about all of them.
    pub fn judges_all(&self) -> bool {
        matches!(self.expect, Expect::Same(..))
    }
}
