//! A merchant's clock, which governs its tokens, pages, settling and timeouts.

use crate::admin::ask::AdminRequest;
use crate::admin::merchants::with;
use crate::admin::problem::{Answer, Problem, problem};
use crate::app::App;
use crate::clock::{Clock, Millis};
use crate::events::What;
use crate::http::reply::Reply;
use hyper::StatusCode;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::de::{Deserializer, Error as _};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The body of `PUT merchants/{client_id}/clock`: any of these fields. `frozen` applies first, then
/// `set`, then `advance_ms`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClockChange {
    /// The time to set (RFC 3339).
    #[serde(default, deserialize_with = "time")]
    pub set: Option<Timestamp>,
    /// Milliseconds to advance.
    pub advance_ms: Option<u64>,
    /// Whether to freeze it.
    pub frozen: Option<bool>,
}

fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    let wanted = "expected a time such as 2026-01-01T00:00:00Z";
    let text: Option<String> =
        Option::deserialize(deserializer).map_err(|_| D::Error::custom(wanted))?;
    text.map(|text| text.parse().map_err(|_| D::Error::custom(wanted)))
        .transpose()
}

/// A clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ClockView {
    /// The current time.
    pub now: Timestamp,
    /// Whether it is frozen.
    pub frozen: bool,
}

/// Shows a merchant's clock when the machine's says `now`.
pub fn show(app: &App, id: &str, now: Millis) -> Result<ClockView, Problem> {
    with(app, id, |merchant| view(merchant.clock, now))
}

/// Moves, sets or stops it. A change outside the calendar's range is refused and changes nothing.
pub fn set(app: &App, id: &str, change: &ClockChange, now: Millis) -> Result<ClockView, Problem> {
    if change.set.is_none() && change.advance_ms.is_none() && change.frozen.is_none() {
        return Err(problem(
            StatusCode::UNPROCESSABLE_ENTITY,
            "give `set`, `advance_ms` or `frozen`",
        ));
    }
    let view = with(app, id, |merchant| {
        let mut changed = merchant.clock;
        if let Some(frozen) = change.frozen {
            changed.freeze(frozen, now);
        }
        if let Some(set) = change.set {
            changed.set(set.as_millisecond(), now);
        }
        if let Some(by) = change.advance_ms {
            changed.advance(Duration::from_millis(by));
        }
        if Timestamp::from_millisecond(changed.at(now)).is_err() {
            let message = "the clock would leave the years -9999 to 9999";
            return Err(problem(StatusCode::UNPROCESSABLE_ENTITY, message));
        }
        merchant.clock = changed;
        Ok(view(changed, now))
    })??;
    app.changed(What::Clock, Some(id));
    Ok(view)
}

fn view(clock: Clock, now: Millis) -> ClockView {
    ClockView {
        now: Timestamp::from_millisecond(clock.at(now)).unwrap_or(Timestamp::MAX),
        frozen: clock.is_frozen(),
    }
}

pub(super) fn get(call: &AdminRequest<'_>) -> Answer {
    Ok(Reply::json(
        StatusCode::OK,
        &show(call.app, call.id, call.now)?,
    ))
}

pub(super) fn put(call: &AdminRequest<'_>) -> Answer {
    let view = set(call.app, call.id, &call.body()?, call.now)?;
    Ok(Reply::json(StatusCode::OK, &view))
}
