//! Compares two answers.

use super::json_members;
use super::page::is_page;
use crate::server::case::Expect;
use crate::server::wire::{Answer, Exchange};
use serde_json::Value;
use std::collections::HashSet;

/// Whether two answers fail their comparison, and what was expected of the second. `None` if they
/// cannot be compared.
pub(super) fn compared(expect: &Expect, exchanges: &[Exchange]) -> Option<(bool, String)> {
    let answer = |at: &usize| exchanges.get(*at)?.answer();
    match expect {
        Expect::Same(a, b) => {
            let [a, b] = [answer(a)?, answer(b)?];
            let differ = (a.status, &a.body) != (b.status, &b.body);
            let refused = !a.granted() && !b.granted();
            refused.then(|| (differ, format!("the same as before: {}", shown(a))))
        }
        Expect::Alike(a, b) => {
            let [a, b] = [answer(a)?, answer(b)?];
            let differ = (a.status, without_url(a)) != (b.status, without_url(b));
            Some((differ, format!("like before: {}", shown(a))))
        }
        Expect::Distinct(a, b, pointers) => {
            let [first, second] = [answer(a)?, answer(b)?];
            if !second.granted() {
                return None;
            }
            let [first, second] = [first.json()?, second.json()?];
            let same = pointers.iter().find(|pointer| {
                let found = told(&first, pointer);
                found.is_some() && found == second.pointer(pointer)
            });
            let wanted = same.map_or("/", String::as_str);
            Some((same.is_some(), format!("another value at {wanted}")))
        }
        Expect::AllDistinct(pointers) => {
            // Compare the notifications, not the answers that opened the orders.
            let told_of = exchanges.iter().any(|exchange| exchange.method == "GET");
            let compared = exchanges
                .iter()
                .filter(|exchange| !told_of || exchange.method == "GET");
            let bodies: Vec<Value> = compared
                .filter_map(|exchange| exchange.answer()?.json())
                .collect();
            let twice = pointers.iter().find(|pointer| {
                let mut seen = HashSet::new();
                let mut values = bodies.iter().filter_map(|body| told(body, pointer));
                values.any(|value| !seen.insert(value.to_string()))
            });
            let wanted = twice.map_or("/", String::as_str);
            Some((twice.is_some(), format!("another value at {wanted}")))
        }
        Expect::Agree(a, b, pointers) => {
            let [first, second] = [answer(a)?, answer(b)?];
            if !first.granted() || !second.granted() {
                return None;
            }
            let [first, second] = [first.json()?, second.json()?];
            if pointers.is_empty() {
                return Some((first != second, format!("the same as before: {first}")));
            }
            let odd = pointers
                .iter()
                .find(|pointer| first.pointer(pointer) != second.pointer(pointer));
            let told = odd.map(|pointer| {
                let value = first.pointer(pointer).cloned().unwrap_or_default();
                format!("the same as before: {value} at {pointer}")
            });
            Some((told.is_some(), told.unwrap_or_default()))
        }
        Expect::Unlike(a, b, pointer) => {
            let text = |answer: &Answer| match pointer {
                Some(pointer) => json_members::text_at(answer, pointer),
                None => is_page(answer).then(|| answer.whole_text().into_owned()),
            };
            let [first, second] = [text(answer(a)?)?, text(answer(b)?)?];
            let expected = "other words than in the other language".to_owned();
            Some((speak_alike(&first, &second)?, expected))
        }
        _ => None,
    }
}

/// The value of a member. A missing one is the subject of another clause. Before there is a
/// customer there may be no transaction, and its number may be missing or 0.
fn told<'b>(body: &'b Value, pointer: &str) -> Option<&'b Value> {
    let value = body.pointer(pointer).filter(|value| !value.is_null())?;
    let is_transaction = pointer.ends_with("transaction_id");
    let is_none_yet = is_transaction && *value == 0 && body["apply"]["customer_id"].is_null();
    (!is_none_yet).then_some(value)
}

/// How many of ten words two texts must share to count as the same text.
const SHARED: usize = 8;

/// Whether two pieces of HTML are in the same language, judging by their words; `None` if there are
/// too few words.
fn speak_alike(first: &str, second: &str) -> Option<bool> {
    let [first, second] = [first, second].map(words);
    let all = first.union(&second).count();
    let shared = first.intersection(&second).count();
    (first.len().min(second.len()) > 1).then_some(shared * 10 >= all * SHARED)
}

/// The words of a piece of HTML, without tags and anything with digits.
fn words(html: &str) -> HashSet<String> {
    let mut in_tag = false;
    let shown = html.chars().map(|sign| {
        let was_in_tag = in_tag;
        in_tag = match sign {
            '<' => true,
            '>' => false,
            _ => in_tag,
        };
        if in_tag || was_in_tag { ' ' } else { sign }
    });
    let shown: String = shown.collect();
    let words = shown.split(|sign: char| !sign.is_alphanumeric());
    let is_word = |word: &&str| word.chars().count() > 2 && word.chars().all(char::is_alphabetic);
    words.filter(is_word).map(str::to_lowercase).collect()
}

fn shown(answer: &Answer) -> String {
    format!("{} {}", answer.status, answer.text())
}

/// A body without the member that echoes the requested URL.
fn without_url(answer: &Answer) -> Option<Value> {
    let mut body = answer.json()?;
    if let Some(object) = body.as_object_mut() {
        object.remove("url");
    }
    Some(body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_order_that_has_no_transaction_yet_has_no_number_of_one() {
        let of = |id: Value, customer: Value| {
            let body = json!({"transaction_id": id, "apply": {"customer_id": customer}});
            told(&body, "/transaction_id").is_some()
        };
        assert!(!of(json!(0), Value::Null) && !of(Value::Null, Value::Null));
        assert!(of(json!(0), json!(7)) && of(json!(131_210), Value::Null));
    }

    #[test]
    fn texts_are_told_apart_by_their_words() {
        let page = |words: &str, id: &str| format!("<html lang=fr><p>{words}</p><b>{id}</b>");
        let english = "Apply for credit with this lender";
        let french = "Faire une demande de crédit chez ce prêteur";
        let compared = |a: &str, b: &str| speak_alike(&page(a, "C-ab12"), &page(b, "C-9cde"));
        assert_eq!(compared(english, english), Some(true));
        assert_eq!(compared(english, french), Some(false));
        assert_eq!(speak_alike("<b>3 x 166.33</b>", "<b>3 x 166,33</b>"), None);
    }
}
