//! Checks the last answer of a case against its expectation.

use super::json_members::{self, text_at};
use super::page::{self, is_page, root_lang};
use super::refusal::{self, culprit};
use super::verdict::{Mismatch, Verdict, differs, kept};
use super::{callback, comparison, money, talk, tokens};
use crate::server::case::{Case, Expect};
use crate::server::wire::{Answer, Exchange};
use flexiti_contract::dialect::Members;
use flexiti_contract::{Flow, Part, Rule, Rulebook};
use serde_json::Value;

/// Maximum clock skew in seconds: more suggests a wrong time zone.
const HOUR: u64 = 3_600;

/// The verdict of the last exchange on the clause of the case.
#[expect(clippy::too_many_lines, reason = "an arm for each expectation")]
pub(super) fn expectation(
    rulebook: &Rulebook,
    case: &Case,
    exchanges: &[Exchange],
) -> Option<Verdict> {
    let at = exchanges.len().checked_sub(1)?;
    let exchange = &exchanges[at];
    if let Expect::Heeds(heeds) = &case.expect {
        return talk::verdict(case, heeds, at, exchange);
    }
    let answer = exchange.answer()?;
    let held = |mismatch: Option<Mismatch>| match mismatch {
        None => kept(&case.clause),
        Some(mismatch) => differs(&case.clause, at, mismatch, exchange.actual()),
    };
    let content = |expected| Mismatch::of_case(case, Part::Content, expected);
    let verdict = |fault: Option<String>| held(fault.map(content));
    let unless = |wrong: bool, expected: String| Some(verdict(wrong.then_some(expected)));
    if case.expect.grants() && !answer.granted() {
        let named = culprit(rulebook, case, exchange, answer);
        let demands = refusal::demands_the_other(rulebook, case, exchange, answer);
        // A documented clause is blamed for what its own case shows, whatever the server names.
        let clause = if case.must_be_accepted() || demands {
            case.clause.clone()
        } else {
            named
        };
        let mismatch = Mismatch {
            violates: demands
                || (case.must_be_accepted() && case.expect.must_be_served(answer.status)),
            ..Mismatch::of_case(case, Part::Accepted, "200")
        };
        let mut verdict = differs(&clause, at, mismatch, exchange.actual());
        if let Some(fault) = verdict.fault.as_mut().filter(|_| !demands) {
            fault.rests_on = refusal::foundation(rulebook, case, exchange, answer);
        }
        return Some(verdict);
    }
    match &case.expect {
        Expect::Granted if says_200(&case.clause) => {
            let mismatch = Mismatch::of_case(case, Part::Status, "200");
            Some(held((answer.status != 200).then_some(mismatch)))
        }
        Expect::Alive | Expect::Granted | Expect::Served => Some(kept(&case.clause)),
        Expect::Holds(pointer, value) => {
            // A missing member is the subject of another clause.
            let body = answer.json()?;
            let found = body.pointer(pointer);
            let found = found.filter(|found| is_alike(found, value))?;
            unless(found != value, format!("200 with {value} at {pointer}"))
        }
        Expect::HoldsWith { holds, with } => {
            let body = answer.json()?;
            let found = body.pointer(&holds.0);
            let found = found.filter(|found| is_alike(found, &holds.1))?;
            let goes_with = body.pointer(&with.0) == Some(&with.1);
            let (pointer, value) = holds;
            goes_with.then(|| {
                let expected = format!("200 with {value} at {pointer}");
                verdict((found != value).then_some(expected))
            })
        }
        Expect::Filled => {
            let body = answer.json().unwrap_or_default();
            let empty = body.as_object().is_none_or(serde_json::Map::is_empty);
            let expected = "200 with a JSON object that says something";
            let mismatch = Mismatch {
                // Notifications about unfinished orders are undocumented.
                violates: case.must && !case.clause.starts_with("notification."),
                ..Mismatch::of_case(case, Part::Content, expected)
            };
            Some(held(empty.then_some(mismatch)))
        }
        Expect::Json(body) => {
            let same = answer
                .json()
                .is_some_and(|found| says(rulebook, &found, body));
            unless(!same, format!("200 {body}"))
        }
        Expect::Shows(list) => Some(verdict(json_members::fault(list, answer, exchanges))),
        Expect::TellsOf { order, not } => {
            let other = json_members::is_about_another(answer, exchanges, *order, *not)?;
            unless(other, "200 with the transaction_id of the order".to_owned())
        }
        Expect::OfFlow(flow) => {
            // The spelling of flows is an open question; an unknown word proves nothing.
            let text = text_at(answer, "/flow")?;
            let named = flow_named(&text)?;
            let before = exchanges.get(at.checked_sub(1)?)?.answer()?;
            if text_at(before, "/flow").as_deref() == Some(&text) {
                // If all orders have the same word, that is the subject of another clause.
                return None;
            }
            unless(
                named != *flow,
                format!("200 about an order of the flow {flow:?}"),
            )
        }
        Expect::Speaks(pointer, lang) => {
            let html = text_at(answer, pointer)?;
            let spoken = root_lang(&html)?;
            let expected = format!("HTML with lang=\"{lang}\" at {pointer}");
            unless(!spoken.starts_with(lang.as_str()), expected)
        }
        Expect::Callback(asked) => Some(verdict(callback::fault(asked, exchange, exchanges))),
        Expect::Status(status) => unless(answer.status != *status, status.to_string()),
        Expect::TellsOfNone => {
            let tells = |body: &Value| {
                ["transaction_id", "apply", "purchase", "buy"]
                    .iter()
                    .any(|member| !body[member].is_null())
            };
            let told = answer.granted() && answer.json().as_ref().is_some_and(tells);
            unless(told, "nothing about any order".to_owned())
        }
        Expect::Recent(at) => {
            let seconds = json_members::off_by(answer, at)?;
            let expected = format!("the time of the answer at {at}, in UTC");
            unless(seconds > HOUR, expected)
        }
        Expect::NotGranted => {
            let mismatch = Mismatch::of_case(case, Part::Refused, "a refusal (4xx)");
            Some(held(answer.granted().then_some(mismatch)))
        }
        Expect::Refused { param, header } => {
            let (param, header) = (param.as_deref(), header.as_ref());
            Some(held(refusal::fault(rulebook, case, answer, param, header)))
        }
        Expect::NamesSeveral(names) => {
            // Whether it is refused is the subject of other clauses.
            let body = answer.json().filter(|_| !answer.granted())?;
            let unnamed = refusal::unnamed(rulebook, &body, names)?;
            let expected = format!("field_errors that name each of {}", names.join(", "));
            unless(unnamed, expected)
        }
        Expect::Pays(price) => {
            let body = answer.json()?;
            let right = money::monthly(rulebook, price, &body)?;
            let wrong = right != body["paymentPlan"]["monthlyPayment"].as_str()?;
            unless(wrong, format!("a monthly payment of {right} for {price}"))
        }
        Expect::Course(_) | Expect::Heeds(_) => None,
        Expect::Unguessable => Some(verdict(tokens::guessable(exchanges))),
        Expect::Same(..)
        | Expect::Alike(..)
        | Expect::Distinct(..)
        | Expect::AllDistinct(_)
        | Expect::Agree(..)
        | Expect::Unlike(..) => {
            let (wrong, expected) = comparison::compared(&case.expect, exchanges)?;
            let mut mismatch = content(expected);
            // It is documented that an order has its own id, but not the form of its URL, unless
            // the page must depend on the order.
            mismatch.violates &= !mismatch.expected.ends_with("/redirection_url")
                || case.clause == Rule::RedirectLanguage.id();
            Some(held(wrong.then_some(mismatch)))
        }
        Expect::Preflight => Some(verdict(preflight_fault(rulebook, answer))),
        Expect::Page(lang) => {
            let fault = page::fault(case, answer, lang.as_deref());
            Some(match fault {
                None => kept(&case.clause),
                Some((clause, mismatch)) => differs(&clause, at, mismatch, exchange.actual()),
            })
        }
        Expect::ShowsNothingOf(other) => {
            let shown = page::shows_email_of(rulebook, exchanges.get(*other)?, answer);
            unless(shown, "a page about its own order".to_owned())
        }
        Expect::Closed => {
            // If there was no page before, that is the subject of another clause.
            let before = exchanges.get(at.checked_sub(1)?)?.answer()?;
            let status = rulebook.refusal_of(&case.clause)?.status;
            let closed = unless(answer.status != status, status.to_string());
            closed.filter(|_| is_page(before))
        }
    }
}

/// Whether a success status is printed: for the token (R-cur, P-plan B-5) and the calculator
/// (R-ex), but not for init and notifications.
fn says_200(clause: &str) -> bool {
    [Rule::TokenAccepted.id(), Rule::CalculatorAccepted.id()].contains(&clause)
}

/// The flow that a text names in any spelling.
fn flow_named(text: &str) -> Option<Flow> {
    let letters = text.chars().filter(char::is_ascii_alphabetic);
    let letters: String = letters.map(|letter| letter.to_ascii_lowercase()).collect();
    match letters.as_str() {
        "apply" => Some(Flow::Apply),
        "buy" => Some(Flow::Buy),
        "applybuy" => Some(Flow::ApplyBuy),
        _ => None,
    }
}

/// Whether two values have the same JSON type: a wrong or missing one is the subject of another
/// clause.
fn is_alike(found: &Value, value: &Value) -> bool {
    std::mem::discriminant(found) == std::mem::discriminant(value)
}

fn preflight_fault(rulebook: &Rulebook, answer: &Answer) -> Option<String> {
    if !rulebook.knobs().cors {
        let refused = (400..500).contains(&answer.status);
        return (!refused).then(|| "a refusal (4xx)".to_owned());
    }
    let methods = answer
        .header("access-control-allow-methods")
        .unwrap_or_default();
    let headers = answer
        .header("access-control-allow-headers")
        .unwrap_or_default();
    let right = (200..300).contains(&answer.status)
        && methods.contains("POST")
        && ["authorization", "content-type", "x-reference-id"]
            .iter()
            .all(|name| headers.contains(name));
    (!right)
        .then(|| "2xx that allows POST with authorization, content-type, x-reference-id".to_owned())
}

/// Whether an answer has this body, apart from members that the dialect may add.
fn says(rulebook: &Rulebook, found: &Value, body: &Value) -> bool {
    let more = rulebook.knobs().response_members == Members::More;
    match (found.as_object(), body.as_object()) {
        (Some(found), Some(body)) if more && !body.is_empty() => {
            let mut members = body.iter();
            members.all(|(name, value)| found.get(name) == Some(value))
        }
        _ => found == body,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flow_is_named_in_any_spelling() {
        for (text, flow) in [
            ("apply", Some(Flow::Apply)),
            ("Buy", Some(Flow::Buy)),
            ("apply/buy", Some(Flow::ApplyBuy)),
            ("APPLY_BUY", Some(Flow::ApplyBuy)),
            ("lease", None),
            ("", None),
        ] {
            assert_eq!(flow_named(text), flow, "{text}");
        }
    }
}
