//! A case: what to send, and what its clause requires in return.

use super::expect::Expect;
use super::request_template::RequestTemplate;
use super::talk::Turn;
use flexiti_contract::{Clause, Contract};
use serde::{Deserialize, Serialize};

/// One test of one clause. It is data: reports contain it, and `replay` runs it again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Case {
    /// A name, not an index: it does not change when cases are added.
    pub id: String,
    /// The clause that is tested.
    pub clause: String,
    /// The phase of a run that it belongs to.
    #[serde(default)]
    pub phase: Phase,
    /// Whether the request keeps or breaks the clause.
    pub kind: Kind,
    /// The account that it runs on.
    pub account: Account,
    /// The steps, in order; the last answer is judged.
    pub steps: Vec<Step>,
    /// The expected answer.
    pub expect: Expect,
    /// Whether a documented sentence or a printed example requires it. If not, a different answer
    /// only answers an open question.
    #[serde(default)]
    pub must: bool,
    /// The knob that decides the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub knob: Option<String>,
    /// The clause to blame if a request that should be accepted is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blame: Option<String>,
}

/// A phase of a run.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, clap::ValueEnum,
)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Requests that keep a clause
    #[default]
    Examples,
    /// Requests that break a clause, on both sides of every limit
    Negative,
    /// Every defect in every flow and encoding
    Pairwise,
    /// Requests drawn at random
    Generated,
    /// Random courses of tokens, orders and notifications
    Stateful,
    /// What HTTP requires of every server
    Protocol,
    /// Bytes that are not a valid request; could harm a live system
    Garbage,
    /// Bodies over the limit; could harm a live system
    Oversize,
}

impl Phase {
    /// The phases that are safe on a live system.
    pub const HARMLESS: [Self; 6] = [
        Self::Examples,
        Self::Negative,
        Self::Pairwise,
        Self::Generated,
        Self::Stateful,
        Self::Protocol,
    ];

    /// The phase of a case of this clause.
    fn of(clause: &str, kind: Kind) -> Self {
        match kind {
            _ if clause.starts_with("http.") => Self::Protocol,
            Kind::Positive => Self::Examples,
            Kind::Negative => Self::Negative,
        }
    }
}

/// Whether a case keeps its clause or breaks it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Keeps the clause: the counterpart that must pass.
    Positive,
    /// Breaks the clause, or misuses it, in exactly one way.
    Negative,
}

/// The account that a case runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Account {
    /// The account given on the command line.
    Main,
    /// A new account if the target can create one, otherwise the main one.
    Own,
    /// A new account; without an admin API the case is not testable.
    New,
    /// A new account that is not provisioned for the API.
    Unprovisioned,
}

/// One step of a case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Send a request.
    Send(RequestTemplate),
    /// Hold a raw conversation.
    Talk(Vec<Turn>),
    /// Advance the account's clock by this many seconds.
    Advance(u64),
    /// Deprovision the account.
    Deprovision,
    /// Bring an order to an outcome, as its customer would. The admin API's answer counts as one of
    /// the case's answers.
    Complete {
        /// The order's id, or a placeholder for it.
        order: String,
        /// The outcome, in the admin API's words.
        outcome: String,
    },
}

impl Case {
    /// A single-request case on the main account.
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
            phase: Phase::of(clause, kind),
            kind,
            account: Account::Main,
            steps,
            expect,
            must: false,
            knob: None,
            blame: None,
        }
    }

    /// Applies a clause to this case: whether the documentation binds the server, and which knob
    /// decides.
    #[must_use]
    pub fn held_to(mut self, contract: &Contract, clause: &Clause) -> Self {
        self.must = contract.is_must(clause);
        self.knob = contract.knobs_of(clause).first().map(ToString::to_string);
        self
    }

    /// Whether the documentation requires the request to be accepted. If another clause is to blame
    /// for a refusal, that clause has its own case.
    pub fn must_be_accepted(&self) -> bool {
        self.must && self.blame.is_none()
    }

    /// Whether this answer may be a refusal although another request follows, because the verdict
    /// is about it.
    pub fn may_refuse(&self, answer: usize) -> bool {
        if let Expect::Course(_) = self.expect {
            return true;
        }
        matches!(self.expect, Expect::Same(a, b) | Expect::Alike(a, b) if a == answer || b == answer)
    }
}
