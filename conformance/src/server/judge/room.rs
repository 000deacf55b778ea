//! Whether the documentation leaves room for an answer: whether another answer to an open question
//! would make it right.

use flexiti_contract::{Clause, Endpoint, Rule, Rulebook};
use serde_json::Value;

/// The rulebooks for the other answers to a knob that do not contradict this clause.
fn others<'r>(
    rulebook: &'r Rulebook,
    knob: &'r str,
    clause: &'r str,
) -> impl Iterator<Item = Rulebook> + 'r {
    let contract = rulebook.contract();
    let rows = contract.knob(knob).into_iter();
    let rows = rows.flat_map(|row| &row.alternatives);
    let fair = rows.filter(move |known| {
        let mut denied = known.contradicts.iter().chain(&known.hides);
        known.answer != rulebook.dialect().answers[knob] && !denied.any(|id| id == clause)
    });
    fair.filter_map(move |known| {
        let dialect = rulebook.dialect();
        let dialect = dialect.with_answer(knob, known.answer.clone(), contract.sources());
        Rulebook::compile(contract, dialect.ok()?).ok()
    })
}

/// Members that need not exist before an order has an outcome: no page shows a notification for
/// such an order. Its flow is known from the start.
const NONE_YET: [(Rule, &str); 3] = [
    (Rule::ResponseTransactionId, "transaction_id"),
    (Rule::ResponseDate, "date"),
    (Rule::ResponseCallbackUrl, "callback_url"),
];

/// The knob with an answer under which this successful answer keeps the clause.
pub(super) fn leaves(
    rulebook: &Rulebook,
    clause: &Clause,
    endpoint: Endpoint,
    body: &Value,
) -> Option<String> {
    let is_echo = || body["flow"] == "Apply" && takes_capitals_only(rulebook);
    if clause.id == Rule::ResponseFlow.id() && (is_a_purchase(&body["flow"]) || is_echo()) {
        // Only `apply` is printed. The spelling of the other flows is open, as is echoing what was
        // sent.
        return Some("flow_values".to_owned());
    }
    let is_none_yet =
        |(rule, member): &(Rule, &str)| clause.id == rule.id() && body[member].is_null();
    if NONE_YET.iter().any(is_none_yet) && is_without_outcome(rulebook, body) {
        return Some("notification_unfinished".to_owned());
    }
    if let Some(knob) = of_tokens(rulebook, clause, body) {
        return Some(knob.to_owned());
    }
    let knobs = rulebook.contract().knobs_of(clause);
    let kept = |other: Rulebook| {
        let faults = other.check_response(endpoint, body);
        faults.iter().all(|(id, _)| *id != clause.id)
    };
    let fits = |knob: &&str| others(rulebook, knob, &clause.id).any(kept);
    let knob = knobs.into_iter().find(fits)?;
    Some(knob.to_owned())
}

/// Whether the body of a refusal has one of the printed shapes: a textual `error`, with a sentence
/// under one of its two names, and an optional numeric `code` (R-old3, R-v3, P-err, HS-tr).
pub(super) fn has_a_printed_shape(body: &Value) -> bool {
    let text = |name: &str| body[name].is_string();
    let absent = |name: &str| body[name].is_null();
    text("error")
        && (text("error_description") || text("message"))
        && (absent("error_description") || text("error_description"))
        && (absent("code") || body["code"].is_number())
}

/// How much of its lifetime, in seconds, a token that is handed out again may have used.
const RUNNING: u64 = 120;

/// The knob that leaves room for a member of a token answer, if any.
fn of_tokens(rulebook: &Rulebook, clause: &Clause, body: &Value) -> Option<&'static str> {
    let text = |name: &str| body[name].as_str().unwrap_or_default();
    match clause.id.as_str() {
        // Case-insensitive by RFC 6749, 5.1.
        "token.response.token_type" => text("token_type")
            .eq_ignore_ascii_case("bearer")
            .then_some("token_type"),
        // The answer's table does not list it (R-cur).
        "token.response.scope" => body.get("scope").is_none().then_some("scope_in_answer"),
        "token.response.expires_in" => {
            let life = u64::from(rulebook.knobs().token_ttl);
            let left = body["expires_in"].as_u64()?;
            (life.saturating_sub(RUNNING)..life)
                .contains(&left)
                .then_some("token_ttl")
        }
        _ => None,
    }
}

/// The knob that leaves room for an amount with fewer than the two decimals of the only example
/// (R-ex), which needs both.
pub(super) fn of_amounts(clause: &Clause, body: &Value) -> Option<String> {
    let of_plan = clause.id == "calculator.response.monthly_payment";
    (of_plan && is_dollars(&body["paymentPlan"])).then(|| "calculator_rounding".to_owned())
}

/// Whether a plan's monthly payment is an amount in any spelling.
fn is_dollars(plan: &Value) -> bool {
    let text = plan["monthlyPayment"].as_str().unwrap_or_default();
    let (dollars, cents) = text.split_once('.').unwrap_or((text, "0"));
    let are_digits = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
    !dollars.is_empty()
        && are_digits(dollars)
        && are_digits(cents)
        && (1..=2).contains(&cents.len())
}

/// Whether a notification has no outcome: its contents are then open.
fn is_without_outcome(rulebook: &Rulebook, body: &Value) -> bool {
    let knobs = rulebook.dialect();
    let is_word = |said: &Value, knob: &str, ends: &[&str]| {
        let words = &knobs.answers[knob];
        said.is_string() && ends.iter().any(|end| words[*end] == *said)
    };
    let applied = &body["apply"]["apply_status"];
    let mut blocks = body.as_object().into_iter().flat_map(|body| body.values());
    !is_word(
        applied,
        "apply_status_words",
        &["approved", "declined", "cancelled", "expired"],
    ) && !blocks.any(|block| {
        let ends = ["purchased", "refused", "cancelled", "expired"];
        is_word(&block["status"], "purchase_status_words", &ends)
    })
}

/// Whether the flow Apply must be capitalized, as in the reference's prose.
fn takes_capitals_only(rulebook: &Rulebook) -> bool {
    let pattern = rulebook.dialect().answers["flow_values"]["apply"].as_str();
    let pattern = pattern.and_then(|pattern| regex::Regex::new(pattern).ok());
    pattern.is_some_and(|pattern| pattern.is_match("Apply") && !pattern.is_match("apply"))
}

/// Whether a text names Buy or Apply/Buy in any spelling.
fn is_a_purchase(flow: &Value) -> bool {
    let text = flow.as_str().unwrap_or_default().to_ascii_lowercase();
    let letters: String = text.chars().filter(char::is_ascii_alphabetic).collect();
    ["buy", "applybuy"].contains(&letters.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use flexiti_contract::Contract;
    use serde_json::json;

    #[test]
    fn without_an_outcome_there_may_be_neither_transaction_nor_date_nor_callback() {
        let contract = Contract::shipped();
        let dialect = contract.dialect("documented").unwrap();
        let rulebook = Rulebook::compile(contract, dialect).unwrap();
        for (rule, member) in NONE_YET {
            let clause = contract.clause(rule.id()).unwrap();
            for (blocks, room) in [
                (json!({"apply": {"apply_status": "PENDING"}}), true),
                (json!({"apply": {"apply_status": null}}), true),
                (json!({"apply": {"apply_status": "SUCCESS"}}), false),
                (json!({"purchase": {"status": "Success"}}), false),
                (json!({"buy": {"status": "Failed"}}), false),
            ] {
                let mut body = json!({"flow": "apply", "callback_url": "", "transaction_id": 131_209, "date": "2026-11-30T12:00:00.000Z"});
                let members = blocks.as_object().unwrap().clone();
                body.as_object_mut().unwrap().extend(members);
                let (mut null, mut absent) = (body.clone(), body);
                null[member] = Value::Null;
                absent.as_object_mut().unwrap().remove(member);
                for body in [null, absent] {
                    if member == "callback_url" && body.get(member).is_some() {
                        // Whether it may be null is a separate question.
                        continue;
                    }
                    let found = leaves(&rulebook, clause, Endpoint::NotificationOrder, &body);
                    assert_eq!(found.is_some(), room, "{body}");
                }
            }
        }
    }

    #[test]
    fn that_a_server_says_apply_as_it_has_to_be_told_is_open() {
        let contract = Contract::shipped();
        let dialect = contract.dialect("documented").unwrap();
        let mut words = dialect.answers["flow_values"].clone();
        words["apply"] = json!("^(?:Apply)$");
        let capital = dialect.with_answer("flow_values", words, contract.sources());
        let clause = contract.clause(Rule::ResponseFlow.id()).unwrap();
        for (dialect, flow, room) in [
            (dialect.clone(), "Buy", true),
            (dialect, "Apply", false),
            (capital.unwrap(), "Apply", true),
        ] {
            let rulebook = Rulebook::compile(contract, dialect).unwrap();
            let body = json!({"flow": flow});
            let found = leaves(&rulebook, clause, Endpoint::NotificationOrder, &body);
            assert_eq!(found.as_deref() == Some("flow_values"), room, "{flow}");
        }
    }
}
