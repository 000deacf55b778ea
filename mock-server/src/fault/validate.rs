//! Checks of a plan that do not depend on the merchant: limits that no type expresses, and members
//! that do not go together.

use crate::call_kind::CallKind;
use crate::fault::mistake::{LONGEST_MS, Wrong};
use crate::fault::plan::{Action, Fault, FaultMatch, TOKEN, Target};
use hyper::header::{
    CONNECTION, CONTENT_LENGTH, HeaderName, HeaderValue, TRANSFER_ENCODING, UPGRADE,
};
use serde_json::Value;
use std::collections::BTreeMap;

/// The maximum number of faults in a plan.
const FAULTS: usize = 1_000;
/// The maximum length of a parameter's name; the contract's longest has 34 characters.
const NAME: usize = 100;
/// The maximum size of an answer's body, of all its headers together, or of a parameter's value, in
/// bytes.
const SIZE: usize = 64 * 1024;
/// Headers that frame an answer, which only the server may set.
const FRAMING: [HeaderName; 4] = [CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING, UPGRADE];

/// Checks the number of faults in a plan.
pub fn count(count: usize) -> Result<(), String> {
    if count > FAULTS {
        return Err(format!(
            "faults: {count} are too many; a plan has at most {FAULTS}"
        ));
    }
    Ok(())
}

/// Checks a fault by itself. The error says where the first mistake is.
pub fn fault(fault: &Fault) -> Result<(), Wrong> {
    matching(fault)?;
    endpoint(fault)?;
    action(&fault.action)
}

fn wrong(key: &str, what: impl Into<String>) -> Wrong {
    (key.to_owned(), what.into())
}

fn matching(fault: &Fault) -> Result<(), Wrong> {
    let FaultMatch {
        endpoint: _,
        nth,
        params,
        probability,
    } = &fault.matching;
    if *nth == Some(0) {
        return Err(wrong("match.nth", "counts from 1"));
    }
    if nth.is_some() && fault.times.is_some_and(|times| times != 1) {
        let what = "the nth request is only one; leave `times` out, or leave `nth` out";
        return Err(wrong("times", what));
    }
    if probability.is_some_and(|share| !(share > 0.0 && share <= 1.0)) {
        return Err(wrong("match.probability", "must be above 0 and at most 1"));
    }
    if let Some(name) = params.keys().find(|name| name.len() > NAME) {
        let what = format!("a name has {} bytes; at most {NAME}", name.len());
        return Err(wrong("match.params", what));
    }
    let long = params.iter().find(|(_, value)| value.len() > SIZE);
    if let Some((name, value)) = long {
        let what = format!("has {} bytes; at most {SIZE}", value.len());
        return Err(wrong(&format!("match.params.{name}"), what));
    }
    Ok(())
}

/// Checks that the action makes sense for the endpoint.
fn endpoint(fault: &Fault) -> Result<(), Wrong> {
    let Some(target) = fault.matching.endpoint else {
        return Ok(());
    };
    let all_in = |places: &[CallKind]| target.places().iter().all(|place| places.contains(place));
    let callback = target.places() == [CallKind::Callback];
    let what = match &fault.action {
        Action::DuplicateCallback | Action::NoCallback if !callback => {
            "must be `callback` for this action"
        }
        Action::LateNotification if !all_in(Target::Notification.places()) => {
            "must be a notification endpoint for this action"
        }
        Action::ExpireToken if target.places() == [TOKEN] => {
            "must be an endpoint that takes an access token for this action"
        }
        Action::Delay { .. }
        | Action::DelayUniform { .. }
        | Action::DelayLognormal { .. }
        | Action::DuplicateCallback
        | Action::NoCallback => return Ok(()),
        _ if callback => {
            "`callback` takes only delay, delay_uniform, delay_lognormal, duplicate_callback, \
             no_callback"
        }
        _ => return Ok(()),
    };
    Err(wrong("match.endpoint", what))
}

fn action(action: &Action) -> Result<(), Wrong> {
    let at_most = |key, ms: u32| {
        if ms <= LONGEST_MS {
            Ok(())
        } else {
            Err(wrong(key, format!("must be at most {LONGEST_MS}")))
        }
    };
    match action {
        Action::Delay { ms } => at_most("action.ms", *ms),
        Action::DelayUniform { min_ms, max_ms } if min_ms > max_ms => {
            Err(wrong("action.min_ms", "must not be above max_ms"))
        }
        Action::DelayUniform { max_ms, .. } => at_most("action.max_ms", *max_ms),
        Action::DelayLognormal { sigma, .. } if !(*sigma > 0.0 && *sigma <= 3.0) => {
            Err(wrong("action.sigma", "must be above 0 and at most 3"))
        }
        Action::DelayLognormal { median_ms, .. } => at_most("action.median_ms", *median_ms),
        Action::Status { status, .. } if !(400..=599).contains(status) => {
            Err(wrong("action.status", "must be 400 to 599"))
        }
        Action::Status { headers, body, .. } => {
            check_headers(headers)?;
            let length = body.as_ref().map_or(0, length);
            if length > SIZE {
                let what = format!("has {length} bytes; at most {SIZE}");
                return Err(wrong("action.body", what));
            }
            Ok(())
        }
        Action::Dribble { bytes: 0, .. } => Err(wrong("action.bytes", "must be at least 1")),
        Action::Dribble { every_ms, .. } => at_most("action.every_ms", *every_ms),
        Action::Maintenance { from, until } if from >= until => {
            Err(wrong("action.until", "must be after `from`"))
        }
        _ => Ok(()),
    }
}

/// The length of a body on the wire, in bytes.
fn length(body: &Value) -> usize {
    match body {
        Value::String(text) => text.len(),
        body => body.to_string().len(),
    }
}

fn check_headers(headers: &BTreeMap<String, String>) -> Result<(), Wrong> {
    const KEY: &str = "action.headers";
    let sizes = headers.iter().map(|(name, value)| name.len() + value.len());
    let size: usize = sizes.sum();
    if size > SIZE {
        let what = format!("have {size} bytes together; at most {SIZE}");
        return Err(wrong(KEY, what));
    }
    for (name, value) in headers {
        let Ok(parsed) = HeaderName::try_from(name.as_str()) else {
            return Err(wrong(KEY, format!("`{name}` is not a header name")));
        };
        if FRAMING.contains(&parsed) {
            let what = format!("`{name}` is the server's own; see truncate, malformed_chunking");
            return Err(wrong(KEY, what));
        }
        if HeaderValue::try_from(value.as_str()).is_err() {
            let what = format!("`{name}` contains a character that headers may not have");
            return Err(wrong(KEY, what));
        }
    }
    Ok(())
}
