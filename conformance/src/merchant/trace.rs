//! What happened while a shop was put through its scenarios: all that is judged, and enough to
//! judge it again. Secrets are hashes in it.

use flexiti_contract::Endpoint;
use flexiti_contract::scenario::{Belief, By, Step, To};
pub use flexiti_mock::steer::Exchange;
use flexiti_mock::steer::{Action, FaultView, Place};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A scenario as it was played: in one flow and one language.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Played {
    /// The scenario.
    pub scenario: String,
    /// The flow.
    pub flow: String,
    /// The language of the customer.
    pub lang: String,
    /// The dialect that Flexiti spoke, before the scenario's own answers.
    pub dialect: String,
    /// What the customer was to pay, in dollars.
    pub amount: String,
    /// The shop's number of the order.
    pub merchant_orderid: String,
    /// The addresses in the cart, under the names of init's parameters; none where the driver
    /// file does not tell them.
    pub cart: BTreeMap<String, String>,
    /// What happened, in order: one for each step of the scenario that could be taken.
    pub happened: Vec<Happened>,
    /// The calls of the shop, in order.
    pub exchanges: Vec<Exchange>,
    /// The journal's number of the first call.
    pub first_id: u64,
    /// The number after that of the last call.
    pub next_id: u64,
    /// The calls between that were about orders of earlier scenarios, and those of attempts in which
    /// such calls cannot be told from the scenario's own.
    pub left_out: Vec<u64>,
    /// The plan of faults, and which calls each has struck.
    pub faults: Vec<FaultView>,
    /// The orders that the shop opened.
    pub opened: Vec<Opened>,
}

impl Played {
    /// The orders that the shop's calls opened.
    pub fn orders(&self) -> impl Iterator<Item = u64> {
        let is_init = |call: &&Exchange| {
            let opens = [Endpoint::InitV2, Endpoint::InitPlain];
            endpoint(call).is_some_and(|endpoint| opens.contains(&endpoint))
        };
        let calls = self.exchanges.iter().filter(is_init);
        calls.filter_map(|call| call.row.order_id)
    }

    /// The steps that could not be carried out, counted from one, each with the reason.
    pub fn failures(&self) -> impl Iterator<Item = (usize, &str)> {
        let happened = (1..).zip(&self.happened);
        happened.filter_map(|(step, happened)| match happened {
            Happened::Failed { why } => Some((step, why.as_str())),
            _ => None,
        })
    }

    /// What reports call it: `outcome.purchased/buy/fr`.
    pub fn name(&self) -> String {
        format!("{}/{}/{}", self.scenario, self.flow, self.lang)
    }
}

/// The endpoint that a call went to.
pub fn endpoint(call: &Exchange) -> Option<Endpoint> {
    match call.row.endpoint? {
        Place::Api(endpoint) => Some(endpoint),
        Place::Callback => None,
    }
}

/// Whether a fault kept the shop from reading the answer of a call.
pub fn is_lost(call: &Exchange) -> bool {
    let fault = call.row.fault.as_deref();
    fault.is_some_and(Action::loses_answer)
}

/// All calls of a trace, in order.
pub fn calls(trace: &[Played]) -> Vec<&Exchange> {
    let mut calls: Vec<&Exchange> = trace.iter().flat_map(|played| &played.exchanges).collect();
    calls.sort_by_key(|call| call.row.id);
    calls
}

/// An order at Flexiti, at the end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opened {
    /// `online_order_id`.
    pub id: u64,
    /// `merchant_orderid`.
    pub merchant_orderid: Option<String>,
    /// What it came to.
    pub outcome: Option<String>,
}

impl Happened {
    /// Whether this can come of such a step.
    pub fn is_of(&self, step: &Step) -> bool {
        match self {
            Self::Failed { .. } => true,
            Self::Skipped => !matches!(step, Step::Believe { .. } | Step::Doubt { .. }),
            Self::Started { .. } => {
                matches!(step, Step::Checkout { .. } | Step::Bystander { .. })
            }
            Self::Completed(_) => matches!(step, Step::Complete { .. }),
            Self::Returned { .. } => matches!(step, Step::Return { .. }),
            Self::Crowded { .. } => matches!(step, Step::Crowd { .. }),
            Self::Believed { .. } | Self::NotAsked => {
                matches!(step, Step::Believe { .. } | Step::Doubt { .. })
            }
            Self::Advanced(_) => matches!(step, Step::Advance { .. }),
        }
    }
}

/// What came of a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Happened {
    /// The customer started.
    Started {
        /// How often: one who is turned away may come again.
        times: usize,
        /// The order whose pages opened.
        order: Option<u64>,
        /// What the customer saw of the shop.
        page: Option<Page>,
        /// Why nothing was to be seen.
        trouble: Option<String>,
    },
    /// The order came to this at Flexiti.
    Completed(String),
    /// A browser came back.
    Returned {
        /// Where to.
        to: To,
        /// Whose.
        by: By,
        /// What it saw.
        page: Option<Page>,
        /// Why it saw nothing.
        trouble: Option<String>,
    },
    /// Several windows came back at once.
    Crowded {
        /// What they saw.
        pages: Vec<Page>,
        /// Why others saw nothing.
        troubles: Vec<String>,
    },
    /// The shop was asked what it believes.
    Believed {
        /// What it said last; nothing where that was no word of the driver file.
        belief: Option<Belief>,
        /// Its word, or why there was none.
        said: String,
    },
    /// The driver file does not say where to ask.
    NotAsked,
    /// Time passed at Flexiti.
    Advanced(u64),
    /// Nothing could be done: no order was open.
    Skipped,
    /// The step could not be carried out, for no fault of the shop's. Older traces say
    /// `skipped` instead.
    Failed {
        /// The reason.
        why: String,
    },
}

/// A page that the customer saw.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    /// Where it is; without what the query says.
    pub url: String,
    /// HTTP status.
    pub status: u16,
    /// The language that it says it is in, in two letters.
    pub lang: Option<String>,
    /// Which credentials stand in it, in a redirection to it, or in a cookie.
    pub leaks: Vec<String>,
    /// The customer's order stands in it: its number, or its amount.
    pub names_order: bool,
}

impl Page {
    /// One that could not be opened.
    pub fn unreachable(url: &str) -> Self {
        Self {
            url: url.to_owned(),
            status: 0,
            lang: None,
            leaks: Vec::new(),
            names_order: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn a_failure_is_told_apart_from_a_step_without_an_order_and_older_traces_are_read() {
        let failed = Happened::Failed {
            why: "no such order".to_owned(),
        };
        for (happened, written) in [
            (Happened::Skipped, json!("skipped")),
            (failed, json!({"failed": {"why": "no such order"}})),
            (Happened::Advanced(5), json!({"advanced": 5})),
        ] {
            let value: Value = serde_json::to_value(&happened).unwrap();
            assert_eq!(value, written);
            let read: Happened = serde_json::from_value(written).unwrap();
            assert_eq!(read, happened);
        }
    }
}
