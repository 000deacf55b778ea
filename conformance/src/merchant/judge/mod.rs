//! Judges what a shop did: a scenario and what happened in it → verdicts. Pure, so that whoever
//! has the trace comes to the same verdicts.

mod cart;
mod pages;
mod retries;
mod steps;
mod tokens;

pub use cart::unknown as addresses_unknown;
pub use pages::scanned;

use crate::merchant::trace::{Exchange, Happened, Played, endpoint};
use flexiti_contract::Endpoint;
use flexiti_contract::scenario::{Rank, Scenario, Start, Step};
use serde::{Deserialize, Serialize};

/// What a check came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It was seen to be right.
    Passed,
    /// The driver file does not say how to look at it.
    NotTestable,
    /// What it takes did not come about.
    Inconclusive,
    /// It was seen to be wrong.
    Failed,
}

/// One check of one scenario.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judgement {
    /// The checker: `belief`, `order_doubled`, a rule of `lint.json`.
    pub check: String,
    /// What it came to.
    pub verdict: Verdict,
    /// The level of the certificate that asks for it.
    pub level: Rank,
    /// What was seen; empty where all is well.
    pub message: String,
    /// The journal's ids of the calls concerned.
    pub requests: Vec<u64>,
}

impl Judgement {
    fn new(check: &str, verdict: Verdict, message: impl Into<String>) -> Self {
        Self {
            check: check.to_owned(),
            verdict,
            level: Rank::Basic,
            message: message.into(),
            requests: Vec::new(),
        }
    }

    fn passed(check: &str) -> Self {
        Self::new(check, Verdict::Passed, "")
    }

    pub(super) fn failed(check: &str, message: impl Into<String>) -> Self {
        Self::new(check, Verdict::Failed, message)
    }

    /// Passed, unless there is something to say.
    fn unless(check: &str, wrong: Option<String>) -> Self {
        wrong.map_or_else(|| Self::passed(check), |what| Self::failed(check, what))
    }

    fn of(mut self, requests: impl IntoIterator<Item = u64>) -> Self {
        self.requests.extend(requests);
        self
    }

    fn at(self, level: Rank) -> Self {
        Self { level, ..self }
    }
}

/// The verdicts on one scenario as it was played. A check whose matter did not come up is not
/// among them.
pub fn judge(scenario: &Scenario, played: &Played) -> Vec<Judgement> {
    let story = Story { scenario, played };
    let mut all = steps::judge(&story);
    all.extend(pages::judge(&story));
    all.extend(tokens::judge(&story));
    all.extend(retries::judge(&story));
    all.extend(cart::judge(&story));
    for judgement in &mut all {
        judgement.level = judgement.level.max(scenario.level);
    }
    all
}

/// What one scenario came to: its worst verdict.
pub fn worst(judgements: &[Judgement]) -> Verdict {
    let verdicts = judgements.iter().map(|judgement| judgement.verdict);
    verdicts.max().unwrap_or(Verdict::Inconclusive)
}

/// A scenario and what happened in it.
struct Story<'a> {
    scenario: &'a Scenario,
    played: &'a Played,
}

impl<'a> Story<'a> {
    /// The shop's calls to these endpoints.
    fn calls(&self, is_wanted: fn(Endpoint) -> bool) -> impl Iterator<Item = &'a Exchange> {
        let calls = self.played.exchanges.iter();
        calls.filter(move |call| endpoint(call).is_some_and(is_wanted))
    }

    /// Whether the shop may give up.
    fn may_fail(&self) -> bool {
        self.scenario
            .steps
            .iter()
            .any(|step| matches!(step, Step::Checkout { expect } if *expect != Start::Opens))
    }

    /// Whether it did.
    fn gave_up(&self) -> bool {
        let mut steps = self.scenario.steps.iter().zip(&self.played.happened);
        let opened = steps.any(|(step, happened)| {
            let own = matches!(step, Step::Checkout { .. });
            own && matches!(happened, Happened::Started { order, .. } if order.is_some())
        });
        self.may_fail() && !opened
    }
}

fn is_init(endpoint: Endpoint) -> bool {
    matches!(endpoint, Endpoint::InitV2 | Endpoint::InitPlain)
}

fn is_token(endpoint: Endpoint) -> bool {
    endpoint == Endpoint::Token
}

/// The kind of call, for what is to be done again: both init paths are one.
fn kind(endpoint: Endpoint) -> &'static str {
    match endpoint {
        Endpoint::Token => "token",
        Endpoint::InitV2 | Endpoint::InitPlain => "init",
        Endpoint::NotificationOrder
        | Endpoint::NotificationMerchantOrder
        | Endpoint::NotificationOld => "notification",
        Endpoint::Calculator | Endpoint::Availability | Endpoint::LearnMore => "other",
    }
}

/// Whether the shop could not read the answer of a call, for no fault of its own.
fn is_lost(call: &Exchange) -> bool {
    let lost = [
        "empty",
        "reset",
        "lost_response",
        "truncate",
        "malformed",
        "malformed_chunking",
        "wrong_type",
    ];
    call.row
        .fault
        .as_deref()
        .is_some_and(|fault| lost.contains(&fault))
}

/// Whether a call may be tried again as it is.
fn is_passing(call: &Exchange) -> bool {
    is_lost(call) || call.row.status == 429 || call.row.status >= 500
}
