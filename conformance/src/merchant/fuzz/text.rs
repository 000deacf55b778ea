//! Plans, and what they break, as text.

use super::reproduction::Reproduction;
use crate::merchant::certificate::text::lines;
use crate::merchant::judge::Judgement;
use flexiti_contract::scenario::Step;
use serde_json::Value;
use std::fmt::Write as _;

/// A plan in one line: `apply/buy en, purchased: token_ttl=60; init reset`.
pub fn plan_line(plan: &Reproduction) -> String {
    let scenario = &plan.scenario;
    let mut outcomes = scenario.steps.iter().filter_map(|step| match step {
        Step::Complete { outcome, .. } => Some(outcome.as_str()),
        _ => None,
    });
    let outcome = outcomes.next_back().unwrap_or_default();
    let answers = scenario.answers.iter();
    let answers = answers.map(|(knob, answer)| format!("{knob}={answer}"));
    let faults = scenario.faults.iter().map(|fault| {
        let word = |pointer| fault.pointer(pointer).map(plain).unwrap_or_default();
        let words = [
            word("/match/endpoint"),
            word("/action/type"),
            word("/action/status"),
        ];
        let words: Vec<String> = words.into_iter().filter(|word| !word.is_empty()).collect();
        words.join(" ")
    });
    let more: Vec<String> = answers.chain(faults).collect();
    format!(
        "{} {}, {outcome}: {}",
        plan.flow,
        plan.lang,
        more.join("; ")
    )
}

fn plain(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// A plan, and how it breaks the shop.
pub fn broken(plan: &Reproduction, failed: &[Judgement]) -> String {
    let mut text = String::new();
    let _ = writeln!(text, "dialect `{}`, {}", plan.dialect, plan_line(plan));
    for (at, step) in (1..).zip(&plan.scenario.steps) {
        let step = serde_json::to_value(step).unwrap_or_default();
        let members = step.as_object().into_iter().flatten();
        let words = members.filter(|(_, value)| !value.is_null());
        let words: Vec<String> = words
            .map(|(name, value)| match name.as_str() {
                "do" => plain(value),
                _ => format!("{name}={}", plain(value)),
            })
            .collect();
        let _ = writeln!(text, "  {at}. {}", words.join(" "));
    }
    lines(&mut text, failed);
    text
}
