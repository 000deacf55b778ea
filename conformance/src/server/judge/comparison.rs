//! Compares two answers.

use crate::server::case::Expect;
use crate::server::wire::{Answer, Exchange};
use serde_json::Value;

/// Whether the comparison of two answers fails, and what was expected of the second one. `None` if
/// they cannot be compared.
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
                // A missing member is the fault of the clause about it.
                let found = first.pointer(pointer).filter(|found| !found.is_null());
                found.is_some() && found == second.pointer(pointer)
            });
            let wanted = same.map_or("/", String::as_str);
            Some((same.is_some(), format!("another value at {wanted}")))
        }
        _ => None,
    }
}

fn shown(answer: &Answer) -> String {
    format!("{} {}", answer.status, answer.text())
}

/// A body without the member that repeats which URL was asked for.
fn without_url(answer: &Answer) -> Option<Value> {
    let mut body = answer.json()?;
    if let Some(object) = body.as_object_mut() {
        object.remove("url");
    }
    Some(body)
}
