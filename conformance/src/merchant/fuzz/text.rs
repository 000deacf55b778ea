//! Plans, and what they break, as text.

use super::reproduction::Reproduction;
use crate::merchant::certificate::text::lines;
use crate::merchant::judge::Judgement;
use crate::merchant::recipe::{line, plain};
use std::fmt::Write as _;

/// A plan in one line: `apply/buy en, purchased: token_ttl=60; init reset`.
pub fn plan_line(plan: &Reproduction) -> String {
    line(&plan.scenario, &plan.flow, &plan.lang)
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
