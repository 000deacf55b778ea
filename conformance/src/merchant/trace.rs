//! The trace: what happened while the scenarios were played on a shop. Only the trace is judged,
//! and it is enough to judge again. Its secrets are hashed.

use flexiti_contract::Endpoint;
use flexiti_contract::scenario::{Belief, By, Scenario, Step, To};
use flexiti_mock::embed::admin::{Action, FaultView, OrderView};
pub use flexiti_mock::embed::admin::{CallKind, ExchangeSummary, ExchangeView};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// A scenario as played, in one flow and one language.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Played {
    /// The scenario.
    pub scenario: String,
    /// The flow.
    pub flow: String,
    /// The language of the customer.
    pub lang: String,
    /// The dialect, before the scenario's own answers.
    pub dialect: String,
    /// The amount to pay, in dollars.
    pub amount: String,
    /// The shop's own order number.
    pub merchant_orderid: String,
    /// The customer's id at Flexiti, if the shop was told it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_id: Option<String>,
    /// The addresses in the cart, under the names of init's parameters; empty if the driver file
    /// has none.
    pub cart: BTreeMap<String, String>,
    /// What happened, one entry for each step of the scenario.
    pub happened: Vec<Happened>,
    /// The calls of the shop, in order.
    pub exchanges: Vec<ExchangeView>,
    /// The journal id of the first call.
    pub first_id: u64,
    /// One past the journal id of the last call.
    pub next_id: u64,
    /// The calls in between that were about orders of earlier scenarios, and all calls of attempts
    /// in which the two could not be told apart.
    pub left_out: Vec<u64>,
    /// The planned faults, and the calls that each one struck.
    pub faults: Vec<FaultView>,
    /// The orders that the shop opened.
    pub opened: Vec<Opened>,
    /// The calls that the runner caused by reading the order's status, reloading a page, or sending
    /// a customer back to the shop: it chose their time.
    #[serde(default)]
    pub looked: Vec<u64>,
    /// The plan, if the fuzzer generated it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<Box<Scenario>>,
    /// The shop's last output if it exited during the scenario; it was restarted afterwards.
    #[serde(default)]
    pub ended: Option<String>,
}

/// The likely mistake if an order's status cannot be read because its number is unknown.
pub const NO_NUMBER: &str = "its init has no `merchant_orderid`, so {merchant_orderid} in [order] of \
                             the driver file is a number that the shop may not know: let the shop \
                             send it, or read the number from its pages with `extract`";

impl Played {
    /// The orders that the shop's calls opened.
    pub fn orders(&self) -> impl Iterator<Item = u64> {
        let is_init = |call: &&ExchangeView| {
            let opens = [Endpoint::InitV2, Endpoint::InitPlain];
            endpoint(call).is_some_and(|endpoint| opens.contains(&endpoint))
        };
        let calls = self.exchanges.iter().filter(is_init);
        calls.filter_map(|call| call.row.order_id)
    }

    /// A copy without the calls.
    pub fn without_calls(&self) -> Self {
        let happened = self.happened.clone();
        Self {
            scenario: self.scenario.clone(),
            flow: self.flow.clone(),
            lang: self.lang.clone(),
            dialect: self.dialect.clone(),
            amount: self.amount.clone(),
            merchant_orderid: self.merchant_orderid.clone(),
            customer_id: self.customer_id.clone(),
            cart: BTreeMap::new(),
            happened,
            exchanges: Vec::new(),
            first_id: self.first_id,
            next_id: self.next_id,
            left_out: Vec::new(),
            faults: Vec::new(),
            opened: Vec::new(),
            looked: self.looked.clone(),
            plan: None,
            ended: None,
        }
    }

    /// Whether the shop opened orders, but none with a number of its own.
    pub fn names_no_number(&self) -> bool {
        let mut opened = self.opened.iter();
        !self.opened.is_empty() && opened.all(|order| order.merchant_orderid.is_none())
    }

    /// The steps that could not be carried out, numbered from one, each with the reason.
    pub fn failures(&self) -> impl Iterator<Item = (usize, &str)> {
        let happened = (1..).zip(&self.happened);
        happened.filter_map(|(step, happened)| match happened {
            Happened::Failed { why } => Some((step, why.as_str())),
            _ => None,
        })
    }

    /// The name in reports: `outcome.purchased/buy/fr`.
    pub fn name(&self) -> String {
        format!("{}/{}/{}", self.scenario, self.flow, self.lang)
    }
}

/// The endpoint that a call went to.
pub fn endpoint(call: &ExchangeView) -> Option<Endpoint> {
    match call.row.endpoint? {
        CallKind::Api(endpoint) => Some(endpoint),
        CallKind::Callback => None,
    }
}

/// The shop's own number in an init, whatever the answer: if a planned fault answers a call, only
/// its body is known.
pub fn sent_number(call: &ExchangeView) -> Option<String> {
    const NAMES: [&str; 2] = ["merchant_orderid", "merchant_order_id"];
    if !call.row.path.ends_with("/systems/init") {
        return None;
    }
    let body = call.row.body.as_deref().unwrap_or_default();
    if let Ok(json) = serde_json::from_str::<Value>(body) {
        let number = NAMES.iter().find_map(|name| json.get(name))?;
        return Some(
            number
                .as_str()
                .map_or_else(|| number.to_string(), str::to_owned),
        );
    }
    let pairs: Vec<(String, String)> = serde_urlencoded::from_str(body).unwrap_or_default();
    let mut numbers = pairs.into_iter();
    let number = numbers.find(|(name, _)| NAMES.contains(&name.as_str()))?;
    Some(number.1)
}

/// Whether a fault kept the shop from reading the answer of a call.
pub fn is_lost(call: &ExchangeView) -> bool {
    let fault = call.row.fault.as_deref();
    fault.is_some_and(Action::loses_answer)
}

/// All calls of a trace, in order.
pub fn calls(trace: &[Played]) -> Vec<&ExchangeView> {
    let mut calls: Vec<&ExchangeView> = trace.iter().flat_map(|played| &played.exchanges).collect();
    calls.sort_by_key(|call| call.row.id);
    calls
}

/// Questions about an order that the shop asked unprompted, after Flexiti had reported it as paid
/// and the scenario was over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskedAgain {
    /// The order.
    pub order: u64,
    /// The call whose answer said so.
    pub told: u64,
    /// The later questions.
    pub again: Vec<u64>,
}

/// The final state of an order at Flexiti.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opened {
    /// `online_order_id`.
    pub id: u64,
    /// `merchant_orderid`.
    pub merchant_orderid: Option<String>,
    /// Its outcome.
    pub outcome: Option<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it")]
fn is_false(value: &bool) -> bool {
    !value
}

impl Opened {
    /// The current state of an order.
    pub fn of(order: &OrderView) -> Self {
        let word = serde_json::to_value(order.outcome).unwrap_or_default();
        Self {
            id: order.id,
            merchant_orderid: order.merchant_order_id.clone(),
            outcome: word.as_str().map(str::to_owned),
        }
    }
}

impl Happened {
    /// Whether a step of this kind can have this result.
    pub fn is_of(&self, step: &Step) -> bool {
        match self {
            Self::Failed { .. } => true,
            Self::Skipped => !matches!(step, Step::Believe { .. } | Step::Doubt { .. }),
            Self::Started { .. } => {
                matches!(
                    step,
                    Step::Checkout { .. } | Step::Retry | Step::Bystander { .. }
                )
            }
            Self::Completed(_) => matches!(step, Step::Complete { .. }),
            Self::Returned { .. } => matches!(step, Step::Return { .. }),
            Self::Crowded { .. } => matches!(step, Step::Crowd { .. }),
            Self::SentAgain { .. } => matches!(step, Step::Again { .. }),
            Self::Browsed { .. } => matches!(step, Step::Browse),
            Self::Failing => matches!(step, Step::Fail),
            Self::Believed { .. } | Self::NotAsked => {
                matches!(step, Step::Believe { .. } | Step::Doubt { .. })
            }
            Self::Advanced(_) => matches!(step, Step::Advance { .. } | Step::Wait { .. }),
        }
    }
}

/// Whether serialization can skip it.
#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
fn is_customer(by: &By) -> bool {
    *by == By::Customer
}

/// The result of a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Happened {
    /// The customer, or the bystander, started to pay.
    Started {
        /// Who started.
        #[serde(default, skip_serializing_if = "is_customer")]
        by: By,
        /// Number of attempts: a customer who is turned away may try again.
        times: usize,
        /// The order that was opened.
        order: Option<u64>,
        /// The shop's page that the customer saw.
        page: Option<Page>,
        /// Why the customer saw no page.
        trouble: Option<String>,
        /// The pages on the way that contained credentials.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        before: Vec<Page>,
    },
    /// The customer and another one filled their carts, or one of them could not.
    Browsed {
        /// What went wrong.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        trouble: Option<String>,
    },
    /// From here on, Flexiti failed as planned.
    Failing,
    /// The order reached this outcome at Flexiti.
    Completed(String),
    /// A browser returned to the shop.
    Returned {
        /// The URL it returned to.
        to: To,
        /// Whose browser.
        by: By,
        /// The page it saw.
        page: Option<Page>,
        /// Why it saw no page.
        trouble: Option<String>,
    },
    /// Several windows returned at once.
    Crowded {
        /// The pages they saw.
        pages: Vec<Page>,
        /// Why others saw no page.
        troubles: Vec<String>,
    },
    /// The checkout was sent again.
    SentAgain {
        /// The orders that the pages lead to.
        orders: Vec<u64>,
        /// The pages that the customer saw.
        pages: Vec<Page>,
        /// Why other windows saw no page.
        troubles: Vec<String>,
    },
    /// The shop was asked about the order.
    Believed {
        /// Its last answer; `None` if the driver file does not list the word.
        belief: Option<Belief>,
        /// Its word, or why there was none.
        said: String,
        /// How long it was asked, in milliseconds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        waited_ms: Option<u64>,
        /// Whether the order had its outcome, but the shop had not asked Flexiti since.
        #[serde(default, skip_serializing_if = "is_false")]
        unasked: bool,
    },
    /// The driver file does not say where to ask.
    NotAsked,
    /// Time passed at Flexiti.
    Advanced(u64),
    /// Nothing could be done, as no order was open.
    Skipped,
    /// The step could not be carried out, through no fault of the shop's. Older traces say
    /// `skipped` instead.
    Failed {
        /// The reason.
        why: String,
    },
}

/// A page that the customer saw.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is one thing that was seen on the page, and all occur together"
)]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    /// Its URL, without the query.
    pub url: String,
    /// HTTP status.
    pub status: u16,
    /// The language it declares, as two letters.
    pub lang: Option<String>,
    /// The names of credentials found in it, in a redirection to it, or in a cookie.
    pub leaks: Vec<String>,
    /// Whether it shows the customer's order, by number or amount.
    pub names_order: bool,
    /// Whether it shows this customer the number of another customer's order, if that could be
    /// determined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub names_others_order: Option<bool>,
    /// Whether it says explicitly that the order is paid.
    #[serde(default)]
    pub says_paid: bool,
    /// What a page says when something went wrong but it does not mention that.
    #[serde(default)]
    pub empty_words: Option<EmptyWords>,
    /// Whether it renders markup from a callback URL as markup.
    #[serde(default)]
    pub echoes: bool,
    /// Whether it redirects to a host named in a callback URL.
    #[serde(default)]
    pub redirected_away: bool,
    /// Whether a script produces what the customer reads: it fills the page, or requested JSON.
    #[serde(default)]
    pub by_script: bool,
}

/// How a page fails to tell the customer what went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EmptyWords {
    /// There is no text.
    Blank,
    /// Thanks for an order, or a JSON answer that reports success.
    AllIsWell,
}

impl Page {
    /// A page that could not be opened.
    pub fn unreachable(url: &str) -> Self {
        Self {
            url: url.to_owned(),
            status: 0,
            lang: None,
            leaks: Vec::new(),
            names_order: false,
            names_others_order: None,
            says_paid: false,
            empty_words: None,
            echoes: false,
            redirected_away: false,
            by_script: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

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
