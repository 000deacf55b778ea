//! A server of one dialect held to another: what is named is what differs.

use crate::support::{judge, mock, rulebook};
use flexiti_conformance::Status;
use std::collections::BTreeSet;

#[test]
fn strict_against_lenient_names_exactly_the_clauses_in_which_they_differ() {
    let mock = mock("lenient");
    for seed in 0..5 {
        let report = judge(&mock, "strict", seed, 200);
        let named: BTreeSet<&str> = report.with_status(Status::Failed).into_iter().collect();
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
fn documented_against_hyperswitch_names_the_type_of_ids_and_the_shape_of_errors() {
    let report = judge(&mock("hyperswitch"), "documented", 1, 200);
    let named = report.with_status(Status::Failed);
    for clause in [
        "init.response.online_order_id",
        "http.error.shape",
        "init.postal_code.format",
    ] {
        assert!(named.contains(&clause), "{named:?}");
    }
}
