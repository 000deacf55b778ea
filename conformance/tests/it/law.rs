//! The sabotage law: take one clause away from the server, and the runner names exactly that
//! clause. And: no clause without a case that keeps it, a case that breaks it, and a sabotage.

use crate::support::rulebook;
use flexiti_conformance::plan::{self, Working};
use flexiti_conformance::selftest::{Readings, bugs};
use flexiti_conformance::{Kind, selftest};
use flexiti_contract::{Asserts, Contract};

/// How many servers are judged at once; the tests beside this one need the machine as well.
const JOBS: usize = 2;

/// The seed of the figures; `flexiti-conformance self-test --seed N` has others.
const SEED: u64 = 1;

#[test]
fn every_sabotage_is_named_and_nothing_else() {
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
}

#[test]
fn every_bug_is_named_under_the_clause_that_it_breaks() {
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
