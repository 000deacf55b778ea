//! The trace: what happened while the scenarios were played on a shop. Only the trace is judged,
//! and it is enough to judge again. Its secrets are hashed.

mod happened;
mod page;

pub use happened::Happened;
pub use page::{EmptyWords, Page};

use flexiti_contract::Endpoint;
use flexiti_contract::scenario::Scenario;
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
