//! `docs/reference/lint-rules.md`: what `schemas/lint.json` looks for.

use super::keep;
use super::markdown::sources;
use flexiti_contract::Contract;
use std::fmt::Write as _;

fn rules(contract: &Contract) -> String {
    let mut text = String::new();
    for rule in &contract.lint {
        let _ = writeln!(text, "### {}\n\n{}\n", rule.id.id(), rule.requirement);
        let _ = writeln!(text, "Remedy: {}\n", rule.remedy);
        let mut facts = Vec::new();
        if let Some(clause) = &rule.clause {
            facts.push(format!("clause `{clause}`"));
        }
        if let Some(case) = &rule.test_case {
            facts.push(format!("Flexiti's test case {case}"));
        }
        if rule.source.is_empty() {
            facts.push("this project's own advice".to_owned());
        } else {
            facts.push(format!("sources {}", sources(&rule.source)));
        }
        let _ = writeln!(text, "Rests on: {}.\n", facts.join("; "));
    }
    text
}

#[test]
fn the_lint_page_is_current() {
    let contract = Contract::shipped();
    keep(
        "docs/reference/lint-rules.md",
        &[("rules", rules(contract))],
    );
}
