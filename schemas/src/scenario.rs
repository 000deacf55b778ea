//! The scenarios that a merchant's shop is put through: the rows of `scenarios.json`.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A scenario that a shop is put through: a row of `scenarios.json`.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// The stable dotted name.
    pub id: String,
    /// What a shop has to do, in our own words.
    pub requirement: String,
    /// Keys of the sources; empty if it is our own advice.
    pub source: Vec<String>,
    /// The case of Flexiti's own test lists that covers it.
    pub test_case: Option<String>,
    /// The certificate level that requires it.
    pub level: Rank,
    /// Whether no sentence of the documentation asks for it: it then costs *exemplary* at most.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub good_practice: bool,
    /// The flows it is played in, each in combination with each of the languages.
    pub flows: Vec<String>,
    /// The languages it is played in.
    pub langs: Vec<String>,
    /// The dialect's answers that are replaced while it is played.
    #[serde(default)]
    pub answers: Map<String, Value>,
    /// The plan of faults, as the admin API takes it.
    #[serde(default)]
    pub faults: Vec<Value>,
    /// What happens, in order.
    pub steps: Vec<Step>,
    /// How many orders this one purchase may open at Flexiti at most.
    #[serde(default = "one")]
    pub orders: usize,
    /// What else the shop must be seen to do.
    #[serde(default)]
    pub also: Vec<Deed>,
    /// The positive control: a scenario in which what must not happen here does happen. This one
    /// means nothing unless that one passes.
    pub control: Option<String>,
}

impl Scenario {
    /// The id with each combination of flow and language.
    pub fn plays(&self) -> impl Iterator<Item = (&str, &str, &str)> {
        let flows = self.flows.iter();
        flows.flat_map(|flow| {
            let langs = self.langs.iter();
            langs.map(|lang| (self.id.as_str(), flow.as_str(), lang.as_str()))
        })
    }
}

impl Scenario {
    /// The flows it is played in with a shop that has these: those of them that it names, or, if it
    /// names none, the first in which all of it can happen.
    pub fn flows_for<'f>(&'f self, has: &'f [String]) -> Vec<&'f str> {
        let own = self.flows.iter().filter(|flow| has.contains(flow));
        let own: Vec<&str> = own.map(String::as_str).collect();
        if !own.is_empty() {
            return own;
        }
        let mut others = has.iter().filter(|flow| self.can_happen_in(flow));
        others.next().map(String::as_str).into_iter().collect()
    }

    fn can_happen_in(&self, flow: &str) -> bool {
        let can = |outcome: &str| match outcome_in(flow, outcome) {
            "purchased" | "refused" => flow != "apply",
            "approved" => flow == "apply" && outcome != "approved",
            "pending" | "declined" | "retry" => flow != "buy",
            _ => true,
        };
        self.steps.iter().all(|step| match step {
            Step::Complete { outcome, .. } | Step::Bystander { outcome } => can(outcome),
            _ => true,
        })
    }
}

/// What an outcome of a scenario is in a flow: whoever only applies is approved where others buy.
pub fn outcome_in<'o>(flow: &str, outcome: &'o str) -> &'o str {
    match (flow, outcome) {
        ("apply", "purchased") => "approved",
        _ => outcome,
    }
}

fn one() -> usize {
    1
}

/// Something that a shop must be seen to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Deed {
    /// A token is refreshed before it expires.
    Refresh,
    /// A new token is requested to replace an expired one.
    Renew,
}

/// The levels of a certificate, the lowest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Rank {
    /// Flexiti's own test cases.
    Basic,
    /// No money is lost, whatever goes wrong.
    Robust,
    /// Every checker, in every dialect.
    Exemplary,
}

/// Something that happens in a scenario.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub enum Step {
    /// The customer starts to pay with Flexiti.
    Checkout {
        /// What must come of it.
        expect: Start,
    },
    /// The customer brings the order to an outcome on Flexiti's pages.
    Complete {
        /// An outcome of the admin API.
        outcome: String,
        /// What delays its appearance in notifications: `{"polls": n}` or `{"ms": n}`.
        settle_after: Option<Value>,
        /// Whether the customer does so in every window that Flexiti's pages are open in.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        every: bool,
    },
    /// A browser requests a callback URL.
    Return {
        /// Which one.
        #[serde(default)]
        to: To,
        /// Whose browser.
        #[serde(default)]
        by: By,
    },
    /// The customer has several windows open, and all of them return at once.
    Crowd {
        /// How many.
        browsers: usize,
    },
    /// Another customer starts to pay for the same goods, and their order comes to an outcome.
    Bystander {
        /// An outcome of the admin API.
        outcome: String,
    },
    /// What the shop must come to believe about the order, polled until it does or time is up.
    Believe {
        /// Any one of these.
        one_of: Vec<Belief>,
    },
    /// What the shop must not believe about the order once it has had time to.
    Doubt {
        /// None of these.
        none_of: Vec<Belief>,
    },
    /// The customer sends the checkout again, as after a reload, in this many windows at once.
    Again {
        /// How many.
        windows: usize,
    },
    /// The customer, whose payment came to nothing, starts to pay once more; if the shop has no more of
    /// that order, they begin anew, with an order of its own.
    Retry,
    /// The customer fills the cart, and before they go on, another one does so in the shop's other
    /// language.
    Browse,
    /// From now on Flexiti fails as it is planned for notifications; otherwise it does from the
    /// checkout on.
    Fail,
    /// Time passes for everybody.
    Wait {
        /// Milliseconds.
        ms: u64,
    },
    /// Time passes at Flexiti.
    Advance {
        /// Milliseconds.
        ms: u64,
    },
}

impl Step {
    /// What must come of it, if the customer starts to pay here.
    pub fn start(&self) -> Option<Start> {
        match self {
            Self::Checkout { expect } => Some(*expect),
            Self::Retry => Some(Start::Opens),
            _ => None,
        }
    }
}

/// What must come of a checkout that the customer starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Start {
    /// Flexiti's page opens.
    Opens,
    /// It cannot open, and the shop says so.
    Fails,
    /// Either; the shop may give up.
    Either,
}

/// A URL of the shop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum To {
    /// The one that Flexiti redirects the customer to.
    #[default]
    Own,
    /// The success URL, whatever became of the order.
    Success,
    /// The success URL with the order's id, which anybody can guess.
    Known,
    /// The success URL with the order's id and a status, which only Flexiti may report.
    Told,
    /// The success URL with the id of another customer's order.
    Foreign,
    /// The error URL, whatever became of the order.
    Error,
    /// The success URL with the id of an order that does not exist.
    Unknown,
    /// The success URL with an id that is none: mark-up, a path, and the address of another host.
    Malformed,
    /// The success URL with the order's id and a made-up token.
    Token,
    /// The page on which the shop tells the customer of the order.
    Status,
}

/// Who requests it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// The customer.
    #[default]
    Customer,
    /// Somebody without the customer's cookies.
    Stranger,
    /// Another customer, with an order of their own.
    Other,
}

/// What a shop believes about an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Belief {
    /// Paid, or the customer was approved.
    Paid,
    /// Not decided yet.
    Pending,
    /// Declined, cancelled or expired.
    Failed,
}
