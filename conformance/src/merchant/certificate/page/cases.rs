//! Flexiti's own test cases, and the evidence for each verdict on them.

use super::cell::{Cell, anchor};
use crate::merchant::judge::results::Results;
use crate::merchant::judge::{Ground, Judgement, Verdict};
use crate::merchant::scenarios;

/// A test case, with the worst verdict on it in each dialect.
pub(super) struct Case {
    pub(super) id: &'static str,
    pub(super) asks: &'static str,
    pub(super) cells: Vec<Cell>,
    pub(super) evidence: Evidence,
}

/// The evidence for a verdict on a test case, over all dialects.
#[derive(Default)]
pub(super) struct Evidence {
    /// How many checks were made.
    pub(super) checks: usize,
    /// The scenarios: anchor and name.
    pub(super) scenarios: Vec<(String, String)>,
    /// The checks over all scenarios, by id.
    pub(super) rules: Vec<String>,
}

/// Flexiti's test cases that a runner can check (TC). A-1, the space for Flexiti's pages, needs a
/// human eye. Of the D cases, only the name is known: purchases that begin with an application.
const CASES: &[(&str, &str)] = &[
    (
        "B-1",
        "The flow opens in the language that the customer chose.",
    ),
    ("B-2", "Success and failure end on a page in that language."),
    ("C-1", "Client id, client secret and token are in no page."),
    (
        "C-2",
        "There is a fresh token for each checkout, used for the whole checkout.",
    ),
    (
        "C-3",
        "A token is refreshed while the customer is in checkout (optional).",
    ),
    (
        APPLY_AND_BUY,
        "Customers apply and buy in one checkout. What the D cases ask for is not public: this is the runner's reading.",
    ),
];
const APPLY_AND_BUY: &str = "D";

/// The cases, in order.
pub(super) fn cases(results: &[Results]) -> Vec<Case> {
    let case = |(id, asks): &(&'static str, &'static str)| Case {
        id,
        asks,
        cells: results.iter().map(|results| cell(id, results)).collect(),
        evidence: evidence(id, results),
    };
    CASES.iter().map(case).collect()
}

/// Whether a scenario is about a test case.
fn is_about(case: &str, name: &str) -> bool {
    if case == APPLY_AND_BUY {
        return name.starts_with("outcome.") && name.contains("/apply/buy/");
    }
    let row = scenarios::named(name.split('/').next().unwrap_or_default());
    row.is_some_and(|row| row.test_case.as_deref() == Some(case))
}

/// The test case that a check rests on, whatever the scenario.
fn case_of(check: &Judgement) -> Option<&'static str> {
    let ground = Ground::of(&check.check).filter(|ground| check.basis == ground.basis)?;
    let mut ids = CASES.iter().map(|(id, _)| *id);
    ids.find(|id| *id != APPLY_AND_BUY && ground.sentence.starts_with(id))
}

/// Whether a check of a scenario counts for a test case.
fn counts(case: &str, scenario: &str, check: &Judgement) -> bool {
    match case_of(check) {
        Some(other) => other == case,
        None => is_about(case, scenario),
    }
}

fn cell(case: &str, results: &Results) -> Cell {
    let checks = results.named_checks();
    let verdicts = checks.filter(|(scenario, check)| counts(case, scenario, check));
    let worst = verdicts.map(|(_, check)| check.verdict).max();
    // A test case passes only if all of its scenarios were played.
    let is_left_out = results.skipped.iter().any(|name| is_about(case, name));
    match worst {
        Some(worst) if !(is_left_out && worst.is_fine()) => Cell::of(worst),
        Some(_) => Cell {
            word: "not played in full",
            ..Cell::of(Verdict::NotTestable)
        },
        None => Cell::empty("not played"),
    }
}

fn evidence(case: &str, results: &[Results]) -> Evidence {
    let mut evidence = Evidence::default();
    for (scenario, check) in results.iter().flat_map(Results::named_checks) {
        if !counts(case, scenario, check) {
            continue;
        }
        evidence.checks += 1;
        if scenario == "review" {
            if !evidence.rules.contains(&check.check) {
                evidence.rules.push(check.check.clone());
            }
        } else if !evidence.scenarios.iter().any(|(_, name)| name == scenario) {
            let row = (anchor(scenario), scenario.to_owned());
            evidence.scenarios.push(row);
        }
    }
    evidence
}
