//! A scenario and its trace: the input of every check.

use crate::merchant::trace::{ExchangeView, Happened, Played, endpoint, is_lost};
use flexiti_contract::Endpoint;
use flexiti_contract::scenario::{Scenario, Start, Step};

/// A scenario and its trace.
pub struct Story<'a> {
    pub scenario: &'a Scenario,
    pub played: &'a Played,
}

impl<'a> Story<'a> {
    /// The shop's calls to these endpoints.
    pub fn calls(&self, is_wanted: fn(Endpoint) -> bool) -> impl Iterator<Item = &'a ExchangeView> {
        let calls = self.played.exchanges.iter();
        calls.filter(move |call| endpoint(call).is_some_and(is_wanted))
    }

    /// Whether the shop may give up.
    pub fn may_fail(&self) -> bool {
        self.scenario
            .steps
            .iter()
            .any(|step| matches!(step, Step::Checkout { expect } if *expect != Start::Opens))
    }

    /// Whether it did.
    pub fn gave_up(&self) -> bool {
        let mut steps = self.scenario.steps.iter().zip(&self.played.happened);
        let opened = steps.any(|(step, happened)| {
            let own = matches!(step, Step::Checkout { .. });
            own && matches!(happened, Happened::Started { order, .. } if order.is_some())
        });
        self.may_fail() && !opened
    }
}

pub fn is_init(endpoint: Endpoint) -> bool {
    matches!(endpoint, Endpoint::InitV2 | Endpoint::InitPlain)
}

pub fn is_token(endpoint: Endpoint) -> bool {
    endpoint == Endpoint::Token
}

/// The kind of operation that a call belongs to; both init paths are one.
pub fn kind(endpoint: Endpoint) -> &'static str {
    match endpoint {
        Endpoint::Token => "token",
        Endpoint::InitV2 | Endpoint::InitPlain => "init",
        Endpoint::NotificationOrder
        | Endpoint::NotificationMerchantOrder
        | Endpoint::NotificationOld => "notification",
        Endpoint::Calculator | Endpoint::Availability | Endpoint::LearnMore => "other",
    }
}

/// Whether a call may be retried unchanged.
pub fn is_passing(call: &ExchangeView) -> bool {
    is_lost(call) || call.row.status == 429 || call.row.status >= 500
}
