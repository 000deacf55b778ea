//! The sabotage law: take one clause away from the server, and the runner names exactly that
//! clause. And: no clause without a case that keeps it, a case that breaks it, and a sabotage.

use crate::support::rulebook;
use flexiti_conformance::plan::{self, Working};
use flexiti_conformance::selftest::{Readings, bugs};
use flexiti_conformance::{Kind, selftest};
use flexiti_contract::{Asserts, Contract};
use serde_json::{Value, json};
use std::path::Path;

/// How many servers are judged at once; the tests beside this one need the machine as well.
const JOBS: usize = 2;

/// The seed of the figures; `flexiti-conformance self-test --seed N` has others.
const SEED: u64 = 1;

/// The figure that stands in every report.
#[test]
fn the_figure_in_reports_is_what_is_measured() {
    let (sabotages, named) = sabotaged();
    let (bugs, killed) = planted();
    let measured = json!({
        "version": env!("CARGO_PKG_VERSION"),
        "seed": SEED,
        "sabotages": sabotages + bugs,
        "killed": named + killed,
    });
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("power.json");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        let text = serde_json::to_string_pretty(&measured).unwrap();
        std::fs::write(&file, text + "\n").unwrap();
    }
    let stated: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    assert_eq!(stated, measured);
}

/// Every clause taken away is named, and no other: how many there are, and how many are named.
fn sabotaged() -> (usize, usize) {
    let sabotages = selftest::sabotages(None).unwrap();
    assert_eq!(sabotages.len(), Contract::shipped().clauses.len());
    let readings = Readings::default();
    let found = selftest::each(&sabotages, JOBS, |one| {
        selftest::run(one, &readings, SEED, 20).unwrap()
    });
    let wrong: Vec<String> = sabotages
        .iter()
        .zip(&found)
        .filter(|(sabotage, named)| **named != [sabotage.clause])
        .map(|(sabotage, named)| {
            let dialect = &sabotage.dialect.name;
            format!("{} in {dialect}: {named:?}", sabotage.clause)
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    (sabotages.len(), sabotages.len() - wrong.len())
}

/// Every bug is named under the clause that it breaks: how many there are, and how many are named.
fn planted() -> (usize, usize) {
    let planted = bugs::planted().unwrap();
    assert!(planted.len() >= 80, "{}", planted.len());
    let readings = Readings::default();
    let found = selftest::each(&planted, JOBS, |one| {
        bugs::run(one, &readings, SEED, 0).unwrap()
    });
    let survivors: Vec<String> = planted
        .iter()
        .zip(&found)
        .filter(|(planted, named)| !named.iter().any(|clause| clause == planted.bug.breaks))
        .map(|(planted, named)| {
            let bug = planted.bug;
            format!("{} ({}): {named:?}", bug.name, bug.breaks)
        })
        .collect();
    assert!(survivors.is_empty(), "{}", survivors.join("\n"));
    (planted.len(), planted.len() - survivors.len())
}

#[test]
fn every_clause_has_a_case_that_keeps_it_and_one_that_breaks_it() {
    for name in Contract::shipped().dialect_names() {
        let rulebook = rulebook(name);
        let working = Working::everything(&rulebook);
        let mut cases = plan::token_cases();
        cases.extend(plan::init_cases(&rulebook, &working));
        cases.extend(plan::cases(&rulebook, &working));
        for clause in rulebook.clauses() {
            let has = |kind| {
                cases
                    .iter()
                    .any(|case| case.clause == clause.id && case.kind == kind)
            };
            // What holds of every answer is watched in all of them; the sabotage breaks it.
            if clause.asserts != Asserts::Answer {
                assert!(
                    has(Kind::Positive),
                    "{name}: {} has no case that keeps it",
                    clause.id
                );
                assert!(has(Kind::Negative), "{name}: nothing breaks {}", clause.id);
            }
        }
    }
}

#[test]
fn cases_are_called_by_names_that_are_unique() {
    for name in Contract::shipped().dialect_names() {
        let rulebook = rulebook(name);
        let cases = plan::cases(&rulebook, &Working::everything(&rulebook));
        let mut ids: Vec<&str> = cases.iter().map(|case| case.id.as_str()).collect();
        ids.sort_unstable();
        let count = ids.len();
        ids.dedup();
        assert_eq!(ids.len(), count, "{name}");
    }
}
