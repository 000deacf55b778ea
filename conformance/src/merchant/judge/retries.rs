//! Checks retries after a fault: backed off and limited, not before `Retry-After`, and recognizable
//! as the same operation.

use super::judgement::Judgement;
use super::story::{Story, is_passing, kind, merchant_orderid};
use crate::merchant::trace::{ExchangeView, Happened, endpoint};
use serde_json::Value;

/// How much earlier than `Retry-After` a call may come, to allow for clocks and networks.
const GRACE_MS: i64 = 100;
/// Two consecutive retries sooner than this have no back-off.
const HASTE_MS: i64 = 50;
/// More consecutive failed attempts than this hammer a server that is down.
const ATTEMPTS: usize = 8;

pub fn judge(story: &Story<'_>) -> Vec<Judgement> {
    // A customer who starts again after being turned away begins another operation.
    let came_again = story
        .played
        .happened
        .iter()
        .any(|happened| matches!(happened, Happened::Started { times, .. } if *times > 1));
    let mut all = Vec::new();
    for wanted in ["token", "init", "notification"] {
        let calls = story.played.exchanges.iter();
        let calls = calls.filter(|call| endpoint(call).is_some_and(|e| kind(e) == wanted));
        let calls: Vec<&ExchangeView> = calls.collect();
        if calls.iter().any(|call| is_passing(call)) {
            all.extend(judge_calls(
                wanted,
                &calls,
                came_again,
                !story.played.left_out.is_empty(),
                &story.played.looked,
            ));
        }
    }
    all
}

fn judge_calls(
    wanted: &str,
    calls: &[&ExchangeView],
    came_again: bool,
    is_busy: bool,
    looked: &[u64],
) -> Vec<Judgement> {
    let mut all = Vec::new();
    let mut hasty = 0;
    let mut failed = 0;
    for pair in calls.windows(2) {
        let [before, after] = pair else {
            continue;
        };
        if !is_passing(before) {
            (hasty, failed) = (0, 0);
            continue;
        }
        // A shop still busy with earlier orders also gets tokens for them, so two token calls need
        // not be a call and its retry.
        let is_other = wanted == "token"
            && is_busy
            && (reference(before).is_none() || reference(before) != reference(after));
        if is_other {
            (hasty, failed) = (0, 0);
            continue;
        }
        let both = [before.row.id, after.row.id];
        let gap = after.row.at.as_millisecond() - before.row.at.as_millisecond();
        // For a shop that asks only when its status is read, the runner chose the time.
        let is_looked = looked.contains(&after.row.id);
        failed += usize::from(!is_looked);
        if let Some(seconds) = retry_after(before)
            && gap + GRACE_MS < seconds * 1_000
            && !is_looked
        {
            let message = format!(
                "{wanted} was asked again after {gap} ms; Flexiti had said after {seconds} seconds"
            );
            all.push(Judgement::failed("retry_after_ignored", message).of(both));
        }
        hasty = if gap < HASTE_MS && !is_looked {
            hasty + 1
        } else {
            0
        };
        if hasty == 2 {
            let message = format!(
                "{wanted} was asked three times within {} ms, and failed each time",
                2 * HASTE_MS
            );
            all.push(Judgement::failed("retry_without_backoff", message).of(both));
        }
        if failed == ATTEMPTS && !is_looked {
            let message = format!("{wanted} failed {ATTEMPTS} times in a row and was asked again");
            all.push(Judgement::failed("retry_endless", message).of(both));
        }
        let same = !came_again && merchant_orderid(before) == merchant_orderid(after);
        if wanted != "notification" && same && reference(before) != reference(after) {
            let message = format!(
                "{wanted} was tried again under another x-reference-id: nobody can see that it is the same operation"
            );
            all.push(Judgement::advice("reference_id_unstable", Some(message)).of(both));
        }
    }
    if all.is_empty() {
        all.push(Judgement::passed("retry_polite"));
    }
    all
}

fn reference(call: &ExchangeView) -> Option<&str> {
    call.row
        .headers
        .get("x-reference-id")
        .and_then(Value::as_str)
}

fn retry_after(call: &ExchangeView) -> Option<i64> {
    let value = call.response_headers.get("retry-after")?.as_str()?;
    value.parse().ok()
}
