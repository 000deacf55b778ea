//! JSON members of an answer.

use crate::server::case::{Is, JsonMember};
use crate::server::wire::{Answer, Exchange};
use serde_json::Value;

/// The first expected member that is missing or wrong.
pub(super) fn fault(
    list: &[JsonMember],
    answer: &Answer,
    exchanges: &[Exchange],
) -> Option<String> {
    let body = answer.json().unwrap_or_default();
    list.iter().find_map(|JsonMember { at, is }| {
        let found = body.pointer(at);
        let (seen, expected) = match is {
            Is::Value(value) => (found == Some(value), value.to_string()),
            Is::Absent => (found.is_none(), "nothing".to_owned()),
            Is::Not(value) => (found != Some(value), format!("anything but {value}")),
            Is::OfType(kind) => (found.is_some_and(|value| is_of(value, kind)), kind.clone()),
            Is::SameAs(earlier, pointer) => {
                let earlier = exchanges.get(*earlier).and_then(Exchange::answer);
                let wanted = earlier.and_then(|earlier| text_at(earlier, pointer));
                let seen = wanted.is_some() && found.and_then(text) == wanted;
                (seen, wanted.unwrap_or_else(|| "a value".to_owned()))
            }
        };
        (!seen).then(|| format!("200 with {expected} at {at}"))
    })
}

/// The difference in seconds between the date at this pointer and the answer's own (RFC 9110,
/// 6.6.1); `None` if one of them is missing or malformed.
pub(super) fn off_by(answer: &Answer, at: &str) -> Option<u64> {
    let sent = httpdate::parse_http_date(answer.header("date")?).ok()?;
    let told: jiff::Timestamp = text_at(answer, at)?.parse().ok()?;
    let sent = jiff::Timestamp::try_from(sent).ok()?;
    Some(sent.as_second().abs_diff(told.as_second()))
}

fn is_of(value: &Value, kind: &str) -> bool {
    match kind {
        "integer" => value.is_i64() || value.is_u64(),
        "string" => value.is_string(),
        _ => false,
    }
}

/// A text, or a number as text: ids may be either.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// The text or number at a JSON pointer.
pub(super) fn text_at(answer: &Answer, pointer: &str) -> Option<String> {
    text(answer.json()?.pointer(pointer)?)
}

/// The id of the order that an answer opened.
pub(super) fn opened_order(exchanges: &[Exchange], answer: usize) -> Option<String> {
    text_at(exchanges.get(answer)?.answer()?, "/online_order_id")
}

/// The id that notifications use for the order of an answer: from an earlier notification, or from
/// init if the two ids are the same.
fn told_order(exchanges: &[Exchange], answer: usize) -> Option<String> {
    let said = text_at(exchanges.get(answer)?.answer()?, "/transaction_id");
    said.or_else(|| opened_order(exchanges, answer))
}

/// Whether a notification is about the wrong order; `None` if it is about an order that is the
/// subject of another clause.
pub(super) fn is_about_another(
    notification: &Answer,
    exchanges: &[Exchange],
    order: usize,
    not: Option<usize>,
) -> Option<bool> {
    let found = text_at(notification, "/transaction_id")?;
    if found == told_order(exchanges, order)? {
        return Some(false);
    }
    let speaks = not.is_none_or(|not| told_order(exchanges, not) == Some(found));
    speaks.then_some(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_date_is_held_to_that_of_its_answer_if_both_can_be_read() {
        let off = |sent: Option<&str>, told: &str| {
            let header = sent.map(|sent| ("date".to_owned(), sent.to_owned()));
            let answer = Answer {
                status: 200,
                headers: header.into_iter().collect(),
                body: format!(r#"{{"date": {told}}}"#).into_bytes(),
                took: Duration::ZERO,
            };
            off_by(&answer, "/date")
        };
        let sent = Some("Mon, 30 Nov 2026 09:26:51 GMT");
        assert_eq!(off(sent, r#""2026-11-30T09:26:50.734Z""#), Some(1));
        // Toronto local time labelled as UTC.
        assert_eq!(off(sent, r#""2026-11-30T04:26:51.000Z""#), Some(18_000));
        assert_eq!(off(sent, "null"), None);
        assert_eq!(off(sent, r#""yesterday""#), None);
        assert_eq!(off(None, r#""2026-11-30T09:26:50.734Z""#), None);
    }
}
