//! Checks tokens: one per checkout, refreshed in time, and never sent again once refused.

use super::judgement::{Judgement, Verdict};
use super::story::{Story, is_passing, is_token, kind};
use crate::merchant::trace::{ExchangeView, Happened, endpoint, is_lost};
use flexiti_contract::scenario::{Deed, Rank, Step, To};
use serde_json::Value;
use std::collections::{HashMap, HashSet};

/// How long after a refusal a call may arrive that was already on its way.
const ON_ITS_WAY_MS: i64 = 25;
/// How many consecutive refusals a shop may collect: two for each time it is read.
const REFUSALS: usize = 8;
/// A call this long after a refusal is not consecutive.
const PAUSE_MS: i64 = 1_000;

pub fn judge(story: &Story<'_>) -> Vec<Judgement> {
    let mut all = vec![dead_token(story), refused(story)];
    all.extend(made_up(story));
    all.extend(lives_long(story).then(|| one_token(story)));
    all.extend(stampede(story));
    if story.scenario.also.contains(&Deed::Refresh) {
        all.push(refreshed(story));
    }
    if story.scenario.also.contains(&Deed::Renew) {
        all.push(renewed(story));
    }
    all
}

/// Whether tokens outlive the last minute before expiry, in which they are replaced (RT).
fn lives_long(story: &Story<'_>) -> bool {
    let life = story.scenario.answers.get("token_ttl");
    life.and_then(Value::as_u64).is_none_or(|life| life > 70)
}

fn grant(call: &ExchangeView) -> &str {
    let params = call.row.params.as_ref();
    let grant = params.and_then(|params| params.get("grant_type")?.as_str());
    grant.unwrap_or("client_credentials")
}

fn is_granted(call: &ExchangeView) -> bool {
    (200..300).contains(&call.row.status) && !is_lost(call)
}

/// A checkout gets one token, and another only if one was refused (C-2).
fn one_token(story: &Story<'_>) -> Judgement {
    let calls = story.calls(is_token);
    let fresh = calls.filter(|call| is_granted(call) && grant(call) != "refresh_token");
    let all: Vec<&ExchangeView> = story.played.exchanges.iter().collect();
    let looked = |id: u64| story.played.looked.contains(&id);
    let fresh = fresh.filter(|call| !is_of_back_office(&all, looked, call));
    let fresh: Vec<u64> = fresh.map(|call| call.row.id).collect();
    let refused = story.played.exchanges.iter();
    let refused = refused.filter(|call| call.row.status == 401).count();
    let starts = story.played.happened.iter().map(|happened| match happened {
        Happened::Started { times, .. } => *times,
        Happened::SentAgain {
            pages, troubles, ..
        } => pages.len() + troubles.len(),
        _ => 0,
    });
    let starts: usize = starts.sum();
    let wrong = (fresh.len() > starts + refused).then(|| {
        let fresh = fresh.len();
        format!(
            "{fresh} tokens were requested where {starts} would do, and {refused} calls refused"
        )
    });
    let concerned = if wrong.is_some() { fresh } else { Vec::new() };
    Judgement::unless("one_token", wrong).of(concerned)
}

/// Whether a token was for the shop's back office: a background job got it at a time of its own,
/// and asked for notifications with it. C-2 is about the customer's checkout; merchant tokens are
/// for the back office too (P-auth).
pub(super) fn is_of_back_office(
    calls: &[&ExchangeView],
    looked: impl Fn(u64) -> bool,
    grant: &ExchangeView,
) -> bool {
    let body = grant.response_body.as_deref().unwrap_or_default();
    let answer: Value = serde_json::from_str(body).unwrap_or_default();
    let Some(token) = answer["access_token"].as_str() else {
        return false;
    };
    let brings = |call: &ExchangeView| {
        let header = call.row.headers.get("authorization");
        let header = header.and_then(Value::as_str);
        header.is_some_and(|header| header.ends_with(token))
    };
    let uses: Vec<&ExchangeView> = calls.iter().copied().filter(|call| brings(call)).collect();
    let asks = |call: &&ExchangeView| endpoint(call).is_some_and(|it| kind(it) == "notification");
    let own_time = !looked(grant.row.id) || uses.iter().any(|call| !looked(call.row.id));
    !uses.is_empty() && uses.iter().all(asks) && own_time
}

/// A refused token must not be sent again.
fn dead_token(story: &Story<'_>) -> Judgement {
    // Tokens with the time of their refusal: a call already on its way by then could not know.
    let mut dead: HashMap<&str, i64> = HashMap::new();
    let mut again: HashMap<&str, u64> = HashMap::new();
    for call in &story.played.exchanges {
        let token = call
            .row
            .headers
            .get("authorization")
            .and_then(Value::as_str);
        let Some(token) = token else {
            continue;
        };
        let at = call.row.at.as_millisecond();
        if dead
            .get(token)
            .is_some_and(|refused| at > refused + ON_ITS_WAY_MS)
        {
            again.insert(token, call.row.id);
        }
        if call.row.status == 401 {
            let took = i64::try_from(call.row.duration_us / 1_000).unwrap_or_default();
            dead.entry(token).or_insert(at + took);
        }
    }
    let wrong = (!again.is_empty())
        .then(|| "a token was sent again after Flexiti had refused it with 401".to_owned());
    Judgement::unless("dead_token_used", wrong).of(again.into_values())
}

/// A refresh token is used once: concurrent requests must wait for the refresh in progress.
fn stampede(story: &Story<'_>) -> Option<Judgement> {
    let mut sent: HashMap<&Value, u64> = HashMap::new();
    let mut twice = Vec::new();
    let refreshes = story
        .calls(is_token)
        .filter(|call| grant(call) == "refresh_token");
    for call in refreshes {
        let params = call.row.params.as_ref();
        let Some(token) = params.and_then(|params| params.get("refresh_token")) else {
            continue;
        };
        if let Some(earlier) = sent.get(token) {
            twice.push(*earlier);
            twice.push(call.row.id);
        }
        // A failed call may be retried.
        if !is_passing(call) {
            sent.insert(token, call.row.id);
        }
    }
    if sent.is_empty() {
        return None;
    }
    twice.sort_unstable();
    twice.dedup();
    let message = || "a refresh token was sent again though it had been answered".to_owned();
    let wrong = (!twice.is_empty()).then(message);
    Some(Judgement::unless("refresh_stampede", wrong).of(twice))
}

/// A token from a callback URL may be anyone's and must not be used.
fn made_up(story: &Story<'_>) -> Option<Judgement> {
    let forged = story.scenario.steps.iter();
    let mut forged = forged.filter(|step| matches!(step, Step::Return { to: To::Token, .. }));
    forged.next()?;
    let granted: Vec<String> = story
        .calls(is_token)
        .filter_map(|call| {
            let answer: Value = serde_json::from_str(call.response_body.as_deref()?).ok()?;
            Some(answer["access_token"].as_str()?.to_owned())
        })
        .collect();
    let is_strange = |call: &&ExchangeView| {
        let header = call
            .row
            .headers
            .get("authorization")
            .and_then(Value::as_str);
        let token = header.and_then(|header| header.split_whitespace().next_back());
        call.row.status == 401 && token.is_some_and(|token| !granted.iter().any(|own| own == token))
    };
    let sent = story.played.exchanges.iter().filter(is_strange);
    let sent: Vec<u64> = sent.map(|call| call.row.id).collect();
    let message =
        || "the shop called Flexiti with a token from the address of a callback".to_owned();
    let wrong = (!sent.is_empty()).then(message);
    Some(Judgement::unless("callback_token_used", wrong).of(sent))
}

/// A shop that is refused repeatedly must pause.
fn refused(story: &Story<'_>) -> Judgement {
    let mut longest: Vec<&ExchangeView> = Vec::new();
    let mut row: Vec<&ExchangeView> = Vec::new();
    for call in &story.played.exchanges {
        let is_refused = call.row.status == 401;
        // A token call in between does not reset the count of refusals.
        if !is_refused && endpoint(call).is_some_and(is_token) {
            continue;
        }
        let at = |call: &ExchangeView| call.row.at.as_millisecond();
        let has_paused = row
            .last()
            .is_some_and(|last| at(call) - at(last) >= PAUSE_MS);
        if !is_refused || has_paused {
            row.clear();
        }
        if is_refused {
            row.push(call);
        }
        if row.len() > longest.len() {
            longest.clone_from(&row);
        }
    }
    let wrong = (longest.len() > REFUSALS).then(|| {
        let tokens: HashSet<&str> = longest
            .iter()
            .filter_map(|call| call.row.headers.get("authorization")?.as_str())
            .collect();
        let with = match tokens.len() {
            1 => "all with one token".to_owned(),
            many => format!("with {many} tokens"),
        };
        format!(
            "{} consecutive calls were refused with 401, each within a second of the previous one, {with}",
            longest.len()
        )
    });
    let concerned = longest.iter().map(|call| call.row.id);
    let concerned: Vec<u64> = concerned.filter(|_| wrong.is_some()).collect();
    Judgement::unless("refused_endlessly", wrong).of(concerned)
}

/// If no second token was needed, none expired, and the scenario proves nothing.
fn renewed(story: &Story<'_>) -> Judgement {
    let granted = story
        .calls(is_token)
        .filter(|call| is_granted(call))
        .count();
    if granted > 1 {
        return Judgement::passed("token_renewed");
    }
    let message = "the token was due to expire, and the shop kept using it".to_owned();
    Judgement::new("token_renewed", Verdict::Inconclusive, message)
}

/// A token that is about to expire should be refreshed (C-3, which is optional).
fn refreshed(story: &Story<'_>) -> Judgement {
    let mut refreshes = story
        .calls(is_token)
        .filter(|call| grant(call) == "refresh_token");
    let judgement = match refreshes.next() {
        None => {
            let message = "the token was about to end and was not refreshed (C-3 is optional)";
            Judgement::advice("refresh_in_time", Some(message.to_owned()))
        }
        Some(call) if call.row.status >= 400 => {
            let message = format!("the refresh was refused with {}", call.row.status);
            Judgement::failed("refresh_in_time", message).of([call.row.id])
        }
        Some(_) => Judgement::passed("refresh_in_time"),
    };
    judgement.at(Rank::Exemplary)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merchant::judge::scenario::judge;
    use crate::merchant::scenarios;
    use crate::merchant::trace::Played;
    use serde_json::json;

    /// A token call: its grant, the refresh token it sends, and its status.
    type Call = (&'static str, Option<&'static str>, u16);

    /// The verdict of a check on these calls, if it has one.
    fn verdict(scenario: &str, check: &str, calls: &[Call]) -> Option<Verdict> {
        let exchange = |(id, (grant, refresh, status)): (u64, &Call)| {
            json!({
                "id": id, "at": "2026-01-01T00:00:00Z", "clock": null, "client_id": "c",
                "endpoint": "token", "method": "POST", "path": "/", "headers": {},
                "params": {"grant_type": grant, "refresh_token": refresh}, "body": null,
                "status": status, "duration_us": 1, "order_id": null, "violations": [],
                "fault": null, "why": [], "query": null, "response_headers": {},
                "response_body": null, "curl": ""
            })
        };
        let exchanges: Vec<Value> = (1..).zip(calls).map(exchange).collect();
        let played: Played = serde_json::from_value(json!({
            "scenario": scenario, "flow": "buy", "lang": "en", "dialect": "documented",
            "amount": "1.00", "merchant_orderid": "C1", "cart": {}, "happened": [],
            "exchanges": exchanges, "first_id": 1, "next_id": 9, "left_out": [], "faults": [],
            "opened": []
        }))
        .unwrap();
        let scenario = scenarios::named(scenario);
        let mut all = judge(scenario.unwrap(), &played).into_iter();
        let found = all.find(|judgement| judgement.check == check);
        found.map(|judgement| judgement.verdict)
    }

    #[test]
    fn a_token_that_never_ended_says_nothing() {
        let renewed = |calls: &[Call]| verdict("token.ended", "token_renewed", calls);
        let first: Call = ("client_credentials", None, 200);
        assert_eq!(renewed(&[first]), Some(Verdict::Inconclusive));
        let refused: Call = ("refresh_token", Some("a"), 400);
        assert_eq!(renewed(&[first, refused]), Some(Verdict::Inconclusive));
        assert_eq!(renewed(&[first, refused, first]), Some(Verdict::Passed));
    }

    #[test]
    fn a_refresh_token_is_sent_again_only_where_it_was_not_answered() {
        let stampede = |calls: &[Call]| verdict("token.crowd", "refresh_stampede", calls);
        let (first, again): (Call, Call) = (
            ("refresh_token", Some("a"), 200),
            ("refresh_token", Some("a"), 400),
        );
        assert_eq!(stampede(&[]), None);
        assert_eq!(stampede(&[first, again]), Some(Verdict::Failed));
        let other: Call = ("refresh_token", Some("b"), 200);
        assert_eq!(stampede(&[first, other]), Some(Verdict::Passed));
        let broken: Call = ("refresh_token", Some("a"), 503);
        assert_eq!(stampede(&[broken, first]), Some(Verdict::Passed));
    }

    /// The judgement on notifications refused with 401 at these times (ms), each with a token.
    fn refused_at(calls: &[(i64, &str)]) -> Judgement {
        let exchange = |(id, (at, token)): (u64, &(i64, &str))| {
            let at = jiff::Timestamp::from_millisecond(1_767_225_600_000 + at).unwrap();
            json!({
                "id": id, "at": at.to_string(), "clock": null, "client_id": "c",
                "endpoint": "notification_order", "method": "GET", "path": "/",
                "headers": {"authorization": format!("Bearer {token}")}, "params": {}, "body": null,
                "status": 401, "duration_us": 1, "order_id": 7, "violations": [], "fault": null,
                "why": [], "query": null, "response_headers": {}, "response_body": null, "curl": ""
            })
        };
        let exchanges: Vec<Value> = (1..).zip(calls).map(exchange).collect();
        let played: Played = serde_json::from_value(json!({
            "scenario": "token.refused_for_long", "flow": "buy", "lang": "en",
            "dialect": "documented", "amount": "1.00", "merchant_orderid": "C1", "cart": {},
            "happened": [], "exchanges": exchanges, "first_id": 1, "next_id": 99, "left_out": [],
            "faults": [], "opened": []
        }))
        .unwrap();
        let scenario = scenarios::named("token.refused_for_long").unwrap();
        refused(&Story {
            scenario,
            played: &played,
        })
    }

    #[test]
    fn refusals_are_endless_only_where_no_second_passes_between_them() {
        let each_after =
            |pause: i64| -> Vec<(i64, &str)> { (0..12).map(|at| (at * pause, "t")).collect() };
        let hasty = refused_at(&each_after(100));
        assert_eq!(hasty.verdict, Verdict::Failed);
        assert!(
            hasty.message.contains("all with one token"),
            "{}",
            hasty.message
        );
        assert_eq!(refused_at(&each_after(1_000)).verdict, Verdict::Passed);
        // Two refusals each time the shop asks, which it does from time to time.
        let pairs: Vec<(i64, &str)> = (0..24).map(|at| (at / 2 * 1_500, "t")).collect();
        assert_eq!(refused_at(&pairs).verdict, Verdict::Passed);
        let tokens = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"];
        let renewed: Vec<(i64, &str)> = (0..).zip(tokens).collect();
        let message = refused_at(&renewed).message;
        assert!(message.contains("with 12 tokens"), "{message}");
    }
    #[test]
    fn a_token_that_no_customer_waited_for_is_the_back_offices_own() {
        let call = |id: u64, endpoint: &str, token: Option<&str>, answer: Option<&str>| {
            let answer = answer.map(|token| json!({"access_token": token}).to_string());
            let header = token.map(|token| format!("Bearer {token}"));
            let call = json!({
                "id": id, "at": "2026-01-01T00:00:00Z", "clock": null, "client_id": "c",
                "endpoint": endpoint, "method": "GET", "path": "/",
                "headers": {"authorization": header}, "params": {}, "body": null, "status": 200,
                "duration_us": 1, "order_id": 7, "violations": [], "fault": null, "why": [],
                "query": null, "response_headers": {}, "response_body": answer, "curl": ""
            });
            serde_json::from_value::<ExchangeView>(call).unwrap()
        };
        let calls = [
            call(1, "token", None, Some("a")),
            call(2, "init_v2", Some("a"), None),
            call(3, "token", None, Some("b")),
            call(4, "notification_order", Some("b"), None),
            call(5, "token", None, Some("c")),
        ];
        let all: Vec<&ExchangeView> = calls.iter().collect();
        let is_own = |at: usize, looked: &[u64]| {
            is_of_back_office(&all, |id| looked.contains(&id), &calls[at])
        };
        // The customer's token, used for init.
        assert!(!is_own(0, &[]));
        assert!(is_own(2, &[]));
        // The order was read, and the shop got a token for that.
        assert!(!is_own(2, &[3, 4]));
        // An unused token shows nothing.
        assert!(!is_own(4, &[]));
    }
}
