//! On a server that keeps the contract the runner finds nothing, whatever the seed.

use crate::support::{judge, mock};
use flexiti_conformance::Status;

fn nothing_is_found(dialect: &str) {
    let mock = mock(dialect);
    for seed in 0..20 {
        let report = judge(&mock, dialect, seed, 100);
        let findings: Vec<String> = report
            .findings
            .iter()
            .map(|finding| {
                format!(
                    "{}: {} / {}",
                    finding.case, finding.expected, finding.actual
                )
            })
            .collect();
        assert_eq!(findings, [""; 0], "{dialect}, seed {seed}");
        assert_eq!(
            report.with_status(Status::NotVerified),
            [""; 0],
            "{dialect}, seed {seed}"
        );
        assert_eq!(
            report.with_status(Status::NotTestable),
            [""; 0],
            "{dialect}, seed {seed}"
        );
        let cases = report.clauses.iter().flat_map(|clause| &clause.cases);
        let odd: Vec<_> = cases.filter(|case| case.outcome != "kept").collect();
        assert!(odd.is_empty(), "{dialect}, seed {seed}: {odd:?}");
        assert_eq!(report.exit_code(), 0);
    }
}

#[test]
fn nothing_is_found_documented() {
    nothing_is_found("documented");
}

#[test]
fn nothing_is_found_lenient() {
    nothing_is_found("lenient");
}

#[test]
fn nothing_is_found_strict() {
    nothing_is_found("strict");
}

#[test]
fn nothing_is_found_hyperswitch() {
    nothing_is_found("hyperswitch");
}
