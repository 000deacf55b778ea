//! A fault plan as the admin API takes and shows it.

use crate::call_kind::CallKind;
use flexiti_contract::{Endpoint, readable};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// The endpoint that issues tokens.
pub const TOKEN: CallKind = CallKind::Api(Endpoint::Token);

/// The body of `PUT merchants/{client_id}/faults`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FaultPlan {
    /// The faults, in the order in which they are matched.
    pub faults: Vec<Fault>,
}

impl FaultPlan {
    /// Reads a plan. The error says where the mistake is.
    pub fn read(plan: Value) -> Result<Self, String> {
        serde_path_to_error::deserialize(plan).map_err(|error| {
            let what = readable(&error.inner().to_string());
            format!("{}: {what}", error.path())
        })
    }
}

/// A fault plan, with the requests that each fault was injected into.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
pub struct FaultPlanView {
    /// The faults, in order.
    pub faults: Vec<FaultView>,
}

/// A fault, with the requests it was injected into.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
pub struct FaultView {
    #[serde(flatten)]
    #[expect(missing_docs, reason = "its own documentation says it")]
    pub fault: Fault,
    /// How many requests it was injected into, including callbacks that never reached the shop.
    pub struck: u32,
    /// Journal ids of those that were recorded, the latest 1,000.
    pub consumed_by: Vec<u64>,
}

/// One planned fault.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// The requests that it matches; all if absent.
    #[serde(default, rename = "match")]
    pub matching: FaultMatch,
    /// How often it is injected; 0 means always. If absent, once; `maintenance`: always.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
    /// What happens.
    pub action: Action,
}

fn one() -> u32 {
    1
}

/// The requests that a fault matches.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FaultMatch {
    /// An endpoint of the contract; `init` or `notification` for all of theirs; or `callback` for
    /// the customer's return to the shop.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<Target>,
    /// Only the nth request that matches the other criteria, counted from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nth: Option<u32>,
    /// Parameters that the request must have, by the contract's names. `orderId` is the order of a
    /// notification or a callback; `merchantOrderId` is the one in a notification's path or of a
    /// callback's order.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub params: BTreeMap<String, String>,
    /// The probability of injection, from 0 to 1, drawn from the server's seed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probability: Option<f64>,
}

/// What a fault's `endpoint` may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names of the contract")]
pub enum Target {
    Token,
    Init,
    InitV2,
    InitPlain,
    Notification,
    NotificationOrder,
    NotificationMerchantOrder,
    NotificationOld,
    Calculator,
    Availability,
    LearnMore,
    /// The customer's return to the shop.
    Callback,
}

impl Target {
    /// The kinds of call that it stands for.
    pub fn places(self) -> &'static [CallKind] {
        const INIT: &[CallKind] = &[
            CallKind::Api(Endpoint::InitV2),
            CallKind::Api(Endpoint::InitPlain),
        ];
        const NOTIFICATION: &[CallKind] = &[
            CallKind::Api(Endpoint::NotificationOrder),
            CallKind::Api(Endpoint::NotificationMerchantOrder),
            CallKind::Api(Endpoint::NotificationOld),
        ];
        const CALCULATOR: &[CallKind] = &[CallKind::Api(Endpoint::Calculator)];
        const AVAILABILITY: &[CallKind] = &[CallKind::Api(Endpoint::Availability)];
        const LEARN_MORE: &[CallKind] = &[CallKind::Api(Endpoint::LearnMore)];
        const CALLBACK: &[CallKind] = &[CallKind::Callback];
        match self {
            Self::Token => &[TOKEN],
            Self::Init => INIT,
            Self::InitV2 => &INIT[..1],
            Self::InitPlain => &INIT[1..],
            Self::Notification => NOTIFICATION,
            Self::NotificationOrder => &NOTIFICATION[..1],
            Self::NotificationMerchantOrder => &NOTIFICATION[1..2],
            Self::NotificationOld => &NOTIFICATION[2..],
            Self::Calculator => CALCULATOR,
            Self::Availability => AVAILABILITY,
            Self::LearnMore => LEARN_MORE,
            Self::Callback => CALLBACK,
        }
    }
}

/// What happens.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Action {
    /// The answer is delayed.
    Delay {
        /// Milliseconds.
        ms: u32,
    },
    /// The answer is delayed by a time from a uniform distribution.
    DelayUniform {
        /// The shortest, in milliseconds.
        min_ms: u32,
        /// The longest, in milliseconds.
        max_ms: u32,
    },
    /// The answer is delayed by a time from a log-normal distribution: usually about the median,
    /// rarely much longer.
    DelayLognormal {
        /// The median, in milliseconds.
        median_ms: u32,
        /// The standard deviation of the logarithm, above 0 and up to 3.
        sigma: f64,
    },
    /// Answers with this status; nothing else happens. Without a body, the answer is a refusal in
    /// the dialect's shape.
    Status {
        /// HTTP status, 400 to 599.
        status: u16,
        /// Headers to add.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        headers: BTreeMap<String, String>,
        /// JSON, or a string that is sent as it is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        body: Option<Value>,
    },
    /// The connection is closed without an answer, and nothing else happens.
    Empty,
    /// The connection is reset without an answer, and nothing else happens.
    Reset,
    /// The answer's body is cut short.
    Truncate {
        /// Number of bytes sent; half of the body if absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        bytes: Option<u32>,
    },
    /// The answer's body is sent in small pieces.
    Dribble {
        /// Bytes per piece.
        #[serde(default = "one")]
        bytes: u32,
        /// Milliseconds between pieces.
        #[serde(default = "one")]
        every_ms: u32,
    },
    /// The body is broken JSON.
    Malformed,
    /// The chunked encoding of the body is broken.
    MalformedChunking,
    /// The body is an HTML page, declared as such.
    WrongType,
    /// The token of the request expires before it is handled.
    ExpireToken,
    /// The request is handled, and the connection is closed without an answer.
    LostResponse,
    /// The callback reaches the shop twice.
    DuplicateCallback,
    /// The callback never reaches the shop.
    NoCallback,
    /// The notification does not show the outcome yet.
    LateNotification,
    /// 503 with `Retry-After`, from `from` until `until` by the merchant's clock.
    Maintenance {
        /// When it begins.
        from: Timestamp,
        /// When it ends.
        until: Timestamp,
    },
}

/// The `type` of each fault that leaves the caller without an answer.
const LOSE_THE_ANSWER: &[&str] = &[
    "empty",
    "reset",
    "lost_response",
    "truncate",
    "malformed",
    "malformed_chunking",
    "wrong_type",
];

impl Action {
    /// Whether a fault of this `type` leaves the caller without a readable answer, and therefore
    /// not knowing what the server did.
    pub fn loses_answer(word: &str) -> bool {
        LOSE_THE_ANSWER.contains(&word)
    }

    /// Its `type`.
    pub fn word(&self) -> String {
        let value = serde_json::to_value(self).unwrap_or_default();
        value["type"].as_str().unwrap_or_default().to_owned()
    }
}

impl Fault {
    /// How many requests it strikes; 0 means all.
    pub fn times(&self) -> u32 {
        let own = match self.action {
            Action::Maintenance { .. } => 0,
            _ => 1,
        };
        self.times.unwrap_or(own)
    }

    /// The kinds of call that it may strike: those that it names, or else all for which its action
    /// makes sense.
    pub fn places(&self) -> Vec<CallKind> {
        let api = || Endpoint::ALL.iter().copied().map(CallKind::Api);
        match (self.matching.endpoint, &self.action) {
            (Some(target), _) => target.places().to_vec(),
            (None, Action::DuplicateCallback | Action::NoCallback) => vec![CallKind::Callback],
            (None, Action::LateNotification) => Target::Notification.places().to_vec(),
            // A token request has no token.
            (None, Action::ExpireToken) => api().filter(|place| *place != TOKEN).collect(),
            (None, _) => api().collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_actions_lose_an_answer() {
        for word in LOSE_THE_ANSWER {
            let action: Action = serde_json::from_value(json!({"type": word})).unwrap();
            assert_eq!(action.word(), *word);
        }
        for word in ["status", "delay", "expire_token"] {
            assert!(!Action::loses_answer(word), "{word}");
        }
    }
}
