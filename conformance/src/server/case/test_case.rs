//! A case: what is sent, and what the clause it is about says must come back.

use super::expect::Expect;
use super::request_template::RequestTemplate;
use serde::{Deserialize, Serialize};

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
    Send(RequestTemplate),
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

impl Case {
    /// A case of one request on the main account.
    pub fn of_request(
        clause: &str,
        name: &str,
        kind: Kind,
        request: RequestTemplate,
        expect: Expect,
    ) -> Self {
        Self::of_steps(clause, name, kind, vec![Step::Send(request)], expect)
    }

    /// A case on the main account.
    pub fn of_steps(
        clause: &str,
        name: &str,
        kind: Kind,
        steps: Vec<Step>,
        expect: Expect,
    ) -> Self {
        let sign = match kind {
            Kind::Positive => "keeps",
            Kind::Negative => "breaks",
        };
        Self {
            id: format!("{clause}/{sign}/{name}"),
            clause: clause.to_owned(),
            kind,
            account: Account::Main,
            steps,
            expect,
            blame: None,
        }
    }

    /// Whether the answer may be a refusal although another request follows: the verdict is
    /// about it.
    pub fn may_refuse(&self, answer: usize) -> bool {
        matches!(self.expect, Expect::Same(a, b) | Expect::Alike(a, b) if a == answer || b == answer)
    }
}
