//! The sabotage law: take one clause away from the server, and the runner names exactly that
//! clause. And: no clause without a case that keeps it, a case that breaks it, and a sabotage.

use crate::support::rulebook;
use flexiti_conformance::plan::{self, Working};
use flexiti_conformance::{Kind, selftest};
use flexiti_contract::{Asserts, Contract};

fn every_sabotage_is_named(seed: u64) {
    let sabotages = selftest::sabotages(None).unwrap();
    assert_eq!(sabotages.len(), Contract::shipped().clauses.len());
    for sabotage in sabotages {
        let named = selftest::run(&sabotage, seed, 60).unwrap();
        assert_eq!(
            named,
            [sabotage.clause],
            "seed {seed}, {}",
            sabotage.dialect.name
        );
    }
}

#[test]
fn every_sabotage_is_named_and_nothing_else_seed_1() {
    every_sabotage_is_named(1);
}

#[test]
fn every_sabotage_is_named_and_nothing_else_seed_2() {
    every_sabotage_is_named(2);
}

#[test]
fn every_sabotage_is_named_and_nothing_else_seed_3() {
    every_sabotage_is_named(3);
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
