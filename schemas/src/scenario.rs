//! The scenarios for a merchant's shop: the rows of `scenarios.json`.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A scenario for a shop: a row of `scenarios.json`.
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
    /// Whether no documented sentence requires it: it then costs *exemplary* at most.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub good_practice: bool,
    /// The flows it is played in, each combined with each language.
    pub flows: Vec<String>,
    /// The languages it is played in.
    pub langs: Vec<String>,
    /// Answers of the dialect to override while it is played.
    #[serde(default)]
    pub answers: Map<String, Value>,
    /// The fault plan, as the admin API accepts it.
    #[serde(default)]
    pub faults: Vec<Value>,
    /// What happens, in order.
    pub steps: Vec<Step>,
    /// Maximum number of orders that this one purchase may open at Flexiti.
    #[serde(default = "one")]
    pub orders: usize,
    /// What else the shop must be seen to do.
    #[serde(default)]
    pub also: Vec<Deed>,
    /// The positive control: a scenario in which what must not happen here does happen. Unless that
    /// one passes, this one means nothing.
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
    /// The flows it is played in with a shop that has these: those that the scenario names, or if
    /// there are none, the first in which all of it can happen.
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

/// The equivalent of an outcome in a flow: an application is approved where another flow would be
/// purchased.
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

/// The levels of a certificate, lowest first.
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
        /// The expected result.
        expect: Start,
    },
    /// The customer brings the order to an outcome on Flexiti's pages.
    Complete {
        /// An outcome of the admin API.
        outcome: String,
        /// What delays its appearance in notifications: `{"polls": n}` or `{"ms": n}`.
        settle_after: Option<Value>,
        /// Whether the customer does so in every window that has Flexiti's pages open.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        every: bool,
    },
    /// A browser requests a URL of the shop.
    Return {
        /// Which URL.
        #[serde(default)]
        to: To,
        /// Whose browser.
        #[serde(default)]
        by: By,
    },
    /// The customer has several windows open, and all of them return at once.
    Crowd {
        /// The number of windows.
        browsers: usize,
    },
    /// Another customer checks out with the same goods, and their order gets an outcome.
    Bystander {
        /// An outcome of the admin API.
        outcome: String,
    },
    /// What the shop must come to believe about the order. Polled until it does or time is up.
    Believe {
        /// Any one of these.
        one_of: Vec<Belief>,
    },
    /// What the shop must not believe about the order, once it has had time to.
    Doubt {
        /// None of these.
        none_of: Vec<Belief>,
    },
    /// The customer sends the checkout again, as after a reload, in this many windows at once.
    Again {
        /// The number of windows.
        windows: usize,
    },
    /// The customer retries after a failed payment; if the shop has dropped the order, they start
    /// over with a new one.
    Retry,
    /// The customer fills the cart; before they continue, another customer does the same in the
    /// shop's other language.
    Browse,
    /// The faults planned for notifications begin here; without this step, they begin at the
    /// checkout.
    Fail,
    /// Time passes for everyone.
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
    /// The expected result, if this step starts a checkout.
    pub fn start(&self) -> Option<Start> {
        match self {
            Self::Checkout { expect } => Some(*expect),
            Self::Retry => Some(Start::Opens),
            _ => None,
        }
    }
}

/// The expected result of starting a checkout.
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
    /// The success URL, whatever the order's outcome.
    Success,
    /// The success URL with the order's id, which anyone can guess.
    Known,
    /// The success URL with the order's id and a status, which only Flexiti may report.
    Told,
    /// The success URL with the id of another customer's order.
    Foreign,
    /// The error URL, whatever the order's outcome.
    Error,
    /// The success URL with the id of an order that does not exist.
    Unknown,
    /// The success URL with a malformed id: markup, a path, and the URL of another host.
    Malformed,
    /// The success URL with the order's id and a made-up token.
    Token,
    /// The page on which the shop shows the customer the order.
    Status,
}

/// Who requests it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// The customer.
    #[default]
    Customer,
    /// Someone without the customer's cookies.
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
