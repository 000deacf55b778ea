//! A server of one dialect held to another: what is named is what differs.

use crate::support::{judge, mock, rulebook};
use flexiti_conformance::{Report, Status};
use flexiti_contract::{Contract, Evidence};
use std::collections::BTreeSet;

/// The clauses that were violated, or answered otherwise.
fn differing(report: &Report) -> BTreeSet<&str> {
    [Status::Failed, Status::Otherwise]
        .into_iter()
        .flat_map(|status| report.with_status(status))
        .collect()
}

#[test]
fn strict_against_lenient_names_exactly_the_clauses_in_which_they_differ() {
    let mock = mock("lenient");
    for seed in 0..5 {
        let report = judge(&mock, "strict", seed, 200);
        let named: BTreeSet<&str> = differing(&report);
        let expected: BTreeSet<&str> = rulebook("strict")
            .differing(&rulebook("lenient"))
            .into_iter()
            .collect();
        let missed: Vec<_> = expected.difference(&named).collect();
        let invented: Vec<_> = named.difference(&expected).collect();
        assert!(
            missed.is_empty() && invented.is_empty(),
            "missed {missed:?}, invented {invented:?}"
        );
        assert_eq!(report.exit_code(), 1);
    }
}

#[test]
fn only_what_the_documentation_says_is_a_violation() {
    let report = judge(&mock("lenient"), "strict", 1, 200);
    let violated = report.with_status(Status::Failed);
    let contract = Contract::shipped();
    for id in &violated {
        let clause = contract.clause(id).unwrap();
        assert!(clause.evidence <= Evidence::Example, "{id}");
    }
    // Documented, and lenient does not keep it; open, and lenient answers otherwise.
    assert!(
        violated.contains(&"init.reference_id.required"),
        "{violated:?}"
    );
    assert!(!violated.contains(&"init.province.values"), "{violated:?}");
    assert!(!violated.contains(&"http.cors"), "{violated:?}");
}

#[test]
fn documented_against_hyperswitch_names_the_type_of_ids_and_the_shape_of_errors() {
    let report = judge(&mock("hyperswitch"), "documented", 1, 200);
    let named = differing(&report);
    for clause in [
        "init.response.online_order_id",
        "http.error.shape",
        "init.postal_code.format",
    ] {
        assert!(named.contains(&clause), "{named:?}");
    }
}
