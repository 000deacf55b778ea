//! What a merchant's shop is put through: the vocabulary of `scenarios.json`.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// One thing that a shop is put through: a row of `scenarios.json`.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// The stable dotted name.
    pub id: String,
    /// What a shop has to do, in our own words.
    pub requirement: String,
    /// Keys of the sources; none where it is our own advice.
    pub source: Vec<String>,
    /// The case of Flexiti's own test lists that covers it.
    pub test_case: Option<String>,
    /// The certificate's level that asks for it.
    pub level: Rank,
    /// The flows it is played in; with more than one of flows and languages it is played in
    /// each combination.
    pub flows: Vec<String>,
    /// The languages it is played in.
    pub langs: Vec<String>,
    /// What the dialect answers otherwise while it is played.
    #[serde(default)]
    pub answers: Map<String, Value>,
    /// The plan of faults, as the admin API takes it.
    #[serde(default)]
    pub faults: Vec<Value>,
    /// What happens, in order.
    pub steps: Vec<Step>,
    /// How many orders may be open at Flexiti for this one purchase, at most.
    #[serde(default = "one")]
    pub orders: usize,
    /// What the shop must be seen to do beside.
    #[serde(default)]
    pub also: Vec<Deed>,
    /// A scenario that must have passed for this one to mean anything: what must not happen
    /// here does happen there.
    pub control: Option<String>,
}

impl Scenario {
    /// Each flow and language that it is played in, with its id.
    pub fn plays(&self) -> impl Iterator<Item = (&str, &str, &str)> {
        let flows = self.flows.iter();
        flows.flat_map(|flow| {
            let langs = self.langs.iter();
            langs.map(|lang| (self.id.as_str(), flow.as_str(), lang.as_str()))
        })
    }
}

fn one() -> usize {
    1
}

/// Something that a shop must be seen to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Deed {
    /// A token is refreshed before it has ended.
    Refresh,
    /// Another token is got in the place of one that has ended.
    Renew,
}

/// The levels of a certificate, the lowest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Rank {
    /// Flexiti's own test cases.
    Basic,
    /// Whatever goes wrong, no money is lost.
    Robust,
    /// Every checker, in every dialect.
    Exemplary,
}

/// Something that happens in a scenario.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub enum Step {
    /// The customer starts to pay with Flexiti.
    Checkout {
        /// What is to come of it.
        expect: Start,
    },
    /// The customer brings the order to an outcome on Flexiti's pages.
    Complete {
        /// An outcome of the admin API.
        outcome: String,
        /// What keeps notifications from showing it: `{"polls": n}` or `{"ms": n}`.
        settle_after: Option<Value>,
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
    /// The customer has several windows open, and all of them come back at once.
    Crowd {
        /// How many.
        browsers: usize,
    },
    /// Somebody else buys the same at the same time, and does not come back.
    Bystander {
        /// An outcome of the admin API.
        outcome: String,
    },
    /// What the shop believes of the order, looked at until it is so or time is over.
    Believe {
        /// One of these it must come to believe.
        one_of: Vec<Belief>,
    },
    /// What the shop must not believe of the order, once it has had time to.
    Doubt {
        /// None of these.
        none_of: Vec<Belief>,
    },
    /// Time passes at Flexiti.
    Advance {
        /// Milliseconds.
        ms: u64,
    },
}

/// What is to come of a customer's start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Start {
    /// Flexiti's page opens.
    Opens,
    /// It cannot open, and the shop says so.
    Fails,
    /// Either: the shop is free to give up.
    Either,
}

/// A callback URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum To {
    /// The one that Flexiti sends the customer to.
    #[default]
    Own,
    /// The success URL, whatever became of the order.
    Success,
    /// The success URL with the order's id: anybody can count as far.
    Known,
    /// The success URL with the order's id and a status that nobody but Flexiti may tell.
    Told,
    /// The success URL with the id of an order of somebody else.
    Foreign,
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
}

/// What a shop believes of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Belief {
    /// Paid, or the customer was approved.
    Paid,
    /// It waits.
    Pending,
    /// It came to nothing.
    Failed,
}
