//! Faults on demand: an ordered plan for each merchant, and the account of what became of it.

mod change;

pub use change::PlanChange;

use crate::clock::Millis;
use crate::random::Random;
use flexiti_contract::Endpoint;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::time::Duration;

/// The longest delay, so that a mistyped plan does not hang a test for hours.
const LONGEST_MS: u32 = 600_000;

/// A plan as it is put.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// The faults, in the order in which they are tried.
    pub faults: Vec<Fault>,
}

impl Plan {
    /// Reads a plan; the error says where the mistake is.
    pub fn read(plan: Value) -> Result<Self, String> {
        serde_path_to_error::deserialize(plan)
            .map_err(|error| format!("{}: {}", error.path(), error.inner()))
    }
}

/// A plan with its account.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
pub struct PlanView {
    /// The faults, in their order.
    pub faults: Vec<FaultView>,
}

/// A fault and what became of it.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
pub struct FaultView {
    #[serde(flatten)]
    #[expect(missing_docs, reason = "its own documentation says it")]
    pub fault: Fault,
    /// The journal's ids of the requests that it struck.
    pub consumed_by: Vec<u64>,
}

/// One planned fault.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Which requests it is for; all of them where nothing is said.
    #[serde(default, rename = "match")]
    pub matching: Match,
    /// How many requests it is for; 0 is for all that come.
    #[serde(default = "one")]
    pub times: u32,
    /// What happens.
    pub action: Action,
}

fn one() -> u32 {
    1
}

/// Which requests a fault is for.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Match {
    /// An endpoint of the contract; `init` and `notification` stand for all of theirs, and
    /// `callback` for the way back to the shop.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<Target>,
    /// Only the nth request, counted from one, of those that the rest of the match is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nth: Option<u32>,
    /// Parameters that the request must have.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub params: BTreeMap<String, String>,
    /// The share of those requests, drawn from the server's seed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probability: Option<f64>,
}

/// What a fault's `endpoint` may say.
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
    /// The way back to the shop.
    Callback,
}

impl Target {
    fn is_notification(self) -> bool {
        matches!(
            self,
            Self::Notification
                | Self::NotificationOrder
                | Self::NotificationMerchantOrder
                | Self::NotificationOld
        )
    }

    fn covers(self, place: Place) -> bool {
        let Place::Api(endpoint) = place else {
            return self == Self::Callback;
        };
        match self {
            Self::Init => matches!(endpoint, Endpoint::InitV2 | Endpoint::InitPlain),
            Self::Notification => matches!(
                endpoint,
                Endpoint::NotificationOrder
                    | Endpoint::NotificationMerchantOrder
                    | Endpoint::NotificationOld
            ),
            target => serde_json::to_value(target).is_ok_and(|name| name == endpoint.id()),
        }
    }
}

/// Where a fault may strike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// A call of the API.
    Api(Endpoint),
    /// The way back to the shop.
    Callback,
}

/// What happens.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Action {
    /// The answer comes later by so many milliseconds.
    Delay {
        /// Milliseconds.
        ms: u32,
    },
    /// The answer comes later by any time between two.
    DelayUniform {
        /// The shortest, in milliseconds.
        min_ms: u32,
        /// The longest, in milliseconds.
        max_ms: u32,
    },
    /// The answer comes later: mostly by about the median, seldom by much more.
    DelayLognormal {
        /// The median, in milliseconds.
        median_ms: u32,
        /// The standard deviation of the logarithm, above 0 and up to 3.
        sigma: f64,
    },
    /// This status in place of an answer; nothing else happens. Without a body, the refusal of
    /// the dialect's shape.
    Status {
        /// HTTP status, 400 to 599.
        status: u16,
        /// Headers to add.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        headers: BTreeMap<String, String>,
        /// JSON, or text that is sent as it is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        body: Option<Value>,
    },
    /// The connection is closed without an answer; nothing else happens.
    Empty,
    /// The connection is reset without an answer; nothing else happens.
    Reset,
    /// The answer breaks off after so many bytes of its body; half of it where none is named.
    Truncate {
        /// How many bytes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        bytes: Option<u32>,
    },
    /// The answer comes in small pieces.
    Dribble {
        /// Bytes in a piece.
        #[serde(default = "one")]
        bytes: u32,
        /// Milliseconds between pieces.
        #[serde(default = "one")]
        every_ms: u32,
    },
    /// The body is broken JSON.
    Malformed,
    /// The body is framed in chunks, wrongly.
    MalformedChunking,
    /// The body is a page of HTML, declared as such.
    WrongType,
    /// The token of the call has ended.
    ExpireToken,
    /// Everything is done, and the connection closed without the answer.
    LostResponse,
    /// The callback reaches the shop twice.
    DuplicateCallback,
    /// The notification does not show the outcome yet.
    LateNotification,
    /// 503 with `Retry-After`, by the merchant's clock from `from` until `until`. Not counted
    /// by `times`.
    Maintenance {
        /// When it begins.
        from: Timestamp,
        /// When it ends.
        until: Timestamp,
    },
}

/// A fault of a plan, and what became of it.
#[derive(Debug, Clone)]
struct Planned {
    fault: Fault,
    /// How many requests the match was for, whichever of them `nth` and chance chose.
    seen: u32,
    /// The journal's ids of the requests that it struck.
    consumed_by: Vec<u64>,
}

impl Planned {
    fn new(fault: Fault) -> Self {
        Self {
            fault,
            seen: 0,
            consumed_by: Vec::new(),
        }
    }

    fn is_spent(&self) -> bool {
        let struck = u32::try_from(self.consumed_by.len()).unwrap_or(u32::MAX);
        self.fault.times != 0 && struck >= self.fault.times
    }
}

/// A merchant's faults.
#[derive(Debug)]
pub struct Faults {
    plan: Vec<Planned>,
    /// Its own, so that merchants do not disturb each other.
    random: Random,
}

/// What a request looks like to a fault.
pub struct Seen<'a> {
    /// Where it went.
    pub place: Place,
    /// The merchant's time.
    pub now: Millis,
    /// Its parameters, read when a fault asks for them.
    pub params: &'a dyn Fn() -> Map<String, Value>,
}

impl Faults {
    /// No faults; `random` is what chance is drawn from.
    pub fn none(random: Random) -> Self {
        let plan = Vec::new();
        Self { plan, random }
    }

    /// The faults of a plan; a mistake refuses it whole, and the error says where it is.
    pub fn new(plan: Plan, random: Random) -> Result<Self, String> {
        for (at, fault) in plan.faults.iter().enumerate() {
            check(fault).map_err(|(key, what)| format!("faults[{at}].{key}: {what}"))?;
        }
        let plan = plan.faults.into_iter().map(Planned::new).collect();
        Ok(Self { plan, random })
    }

    /// The plan with its account.
    pub fn view(&self) -> PlanView {
        let row = |planned: &Planned| FaultView {
            fault: planned.fault.clone(),
            consumed_by: planned.consumed_by.clone(),
        };
        PlanView {
            faults: self.plan.iter().map(row).collect(),
        }
    }

    /// Whether there is no plan.
    pub fn is_empty(&self) -> bool {
        self.plan.is_empty()
    }

    /// The fault that strikes a request, which the journal will know as `id`: the first of the
    /// plan that is for it. Every fault that could have been counts it.
    pub fn strike(&mut self, seen: &Seen<'_>, id: u64) -> Option<Action> {
        let mut struck = None;
        for planned in &mut self.plan {
            if planned.is_spent() || !is_for(&planned.fault, seen) {
                continue;
            }
            planned.seen += 1;
            let matching = &planned.fault.matching;
            let chosen = matching.nth.is_none_or(|nth| nth == planned.seen)
                && matching
                    .probability
                    .is_none_or(|share| self.random.fraction() < share);
            if chosen && struck.is_none() {
                planned.consumed_by.push(id);
                struck = Some(planned.fault.action.clone());
            }
        }
        struck
    }

    /// How much later an answer comes.
    pub fn delay(&mut self, action: &Action) -> Option<Duration> {
        let ms = match *action {
            Action::Delay { ms } => f64::from(ms),
            Action::DelayUniform { min_ms, max_ms } => {
                f64::from(min_ms) + f64::from(max_ms - min_ms) * self.random.fraction()
            }
            Action::DelayLognormal { median_ms, sigma } => {
                f64::from(median_ms) * (sigma * self.random.normal()).exp()
            }
            _ => return None,
        };
        Some(Duration::from_secs_f64(ms.min(f64::from(LONGEST_MS)) / 1e3))
    }
}

impl Action {
    /// The word of its `type`.
    pub fn word(&self) -> String {
        let value = serde_json::to_value(self).unwrap_or_default();
        value["type"].as_str().unwrap_or_default().to_owned()
    }
}

fn is_for(fault: &Fault, seen: &Seen<'_>) -> bool {
    let matching = &fault.matching;
    let place = match (matching.endpoint, &fault.action) {
        (Some(target), _) => target.covers(seen.place),
        // Where nothing is said, a fault strikes where it can.
        (None, Action::DuplicateCallback) => seen.place == Place::Callback,
        (None, Action::LateNotification) => Target::Notification.covers(seen.place),
        (None, _) => seen.place != Place::Callback,
    };
    let open = match &fault.action {
        Action::Maintenance { from, until } => {
            (from.as_millisecond()..until.as_millisecond()).contains(&seen.now)
        }
        _ => true,
    };
    let has = |(name, value): (&String, &String)| {
        (seen.params)().get(name).and_then(Value::as_str) == Some(value)
    };
    place && open && matching.params.iter().all(has)
}

/// What no type says; the error names key, and what is allowed.
fn check(fault: &Fault) -> Result<(), (&'static str, String)> {
    let matching = &fault.matching;
    if matching.nth == Some(0) {
        return Err(("match.nth", "counts from 1".to_owned()));
    }
    if matching
        .probability
        .is_some_and(|share| !(share > 0.0 && share <= 1.0))
    {
        let what = "must be above 0 and at most 1".to_owned();
        return Err(("match.probability", what));
    }
    let at_most = |key, ms: u32| {
        if ms <= LONGEST_MS {
            Ok(())
        } else {
            Err((key, format!("must be at most {LONGEST_MS}")))
        }
    };
    let only = |endpoint: Target, what: &str| match matching.endpoint {
        Some(given)
            if given != endpoint
                && !(endpoint == Target::Notification && given.is_notification()) =>
        {
            Err(("match.endpoint", format!("must be {what} for this action")))
        }
        _ => Ok(()),
    };
    match &fault.action {
        Action::Delay { ms } => at_most("action.ms", *ms),
        Action::DelayUniform { min_ms, max_ms } if min_ms > max_ms => {
            Err(("action.min_ms", "must not be above max_ms".to_owned()))
        }
        Action::DelayUniform { max_ms, .. } => at_most("action.max_ms", *max_ms),
        Action::DelayLognormal { sigma, .. } if !(*sigma > 0.0 && *sigma <= 3.0) => {
            Err(("action.sigma", "must be above 0 and at most 3".to_owned()))
        }
        Action::DelayLognormal { median_ms, .. } => at_most("action.median_ms", *median_ms),
        Action::Status {
            status, headers, ..
        } => {
            if !(400..=599).contains(status) {
                return Err(("action.status", "must be 400 to 599".to_owned()));
            }
            let wrong = headers.iter().find(|(name, value)| {
                hyper::header::HeaderName::try_from(name.as_str()).is_err()
                    || hyper::header::HeaderValue::try_from(value.as_str()).is_err()
            });
            match wrong {
                Some((name, _)) => Err(("action.headers", format!("`{name}` is no header"))),
                None => Ok(()),
            }
        }
        Action::Dribble { bytes: 0, .. } => Err(("action.bytes", "must be at least 1".to_owned())),
        Action::Dribble { every_ms, .. } => at_most("action.every_ms", *every_ms),
        Action::Maintenance { from, until } if from >= until => {
            Err(("action.until", "must be after `from`".to_owned()))
        }
        Action::DuplicateCallback => only(Target::Callback, "`callback`"),
        Action::LateNotification => only(Target::Notification, "a notification endpoint"),
        Action::Empty
        | Action::Reset
        | Action::Truncate { .. }
        | Action::Malformed
        | Action::MalformedChunking
        | Action::WrongType
        | Action::ExpireToken
        | Action::LostResponse
        | Action::Maintenance { .. } => match matching.endpoint {
            Some(Target::Callback) => {
                let what = "`callback` takes only duplicate_callback".to_owned();
                Err(("match.endpoint", what))
            }
            _ => Ok(()),
        },
    }
}
