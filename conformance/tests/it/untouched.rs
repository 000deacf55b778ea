//! On a server that keeps the contract the runner finds nothing, whatever the seed.

use crate::support::{judge, mock};
use flexiti_conformance::run::{self, Options, Reading, Waivers};
use flexiti_conformance::{Phase, Status, Target, selftest};
use flexiti_contract::Contract;
use flexiti_mock::{Mock, Settings};

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

/// Findings of a server that breaks several clauses, without what differs from run to run.
fn findings(base_url: &str, jobs: usize) -> Vec<[String; 3]> {
    let rulebook = crate::support::rulebook("documented");
    let target = Target::connect(base_url, selftest::demo(), None).unwrap();
    let options = Options {
        seed: 3,
        cases: 40,
        jobs,
        ..Options::default()
    };
    let reading = Reading::by(&rulebook);
    let report = run::server(&target, &reading, &options, &Waivers::default(), &mut []).unwrap();
    let findings = report.findings.iter().chain(&report.otherwise);
    findings
        .map(|found| {
            [
                found.clause.clone(),
                found.case.clone(),
                found.expected.clone(),
            ]
        })
        .collect()
}

#[test]
fn what_is_found_does_not_depend_on_how_many_requests_are_sent_at_once() {
    let dialect = Contract::shipped().dialect("documented").unwrap();
    let bug = "only Apply/Buy needs the shipping address";
    let mock = Mock::with_bug(&Settings::default(), dialect, bug).unwrap();
    let one = findings(&mock.base_url(), 1);
    assert!(!one.is_empty());
    assert_eq!(findings(&mock.base_url(), 4), one);
}

#[test]
fn a_phase_is_run_alone_and_what_it_leaves_out_is_not_testable() {
    let mock = mock("documented");
    let rulebook = crate::support::rulebook("documented");
    let target = Target::connect(&mock.base_url(), selftest::demo(), None).unwrap();
    let mut options = Options::default();
    options.select(&[Phase::Stateful], true);
    assert_eq!((options.garbage, options.oversize), (false, false));
    let reading = Reading::by(&rulebook);
    let report = run::server(&target, &reading, &options, &Waivers::default(), &mut []).unwrap();
    let status = |id: &str| {
        report
            .clauses
            .iter()
            .find(|row| row.id == id)
            .unwrap()
            .status
    };
    assert_eq!(status("token.accepted"), Status::Verified);
    assert_eq!(status("notification.stable"), Status::Verified);
    assert_eq!(status("init.email.format"), Status::NotTestable);
    assert_eq!(report.exit_code(), 0);
    options.select(&[Phase::Garbage], false);
    assert!(options.garbage && !options.oversize);
}

#[test]
fn every_call_says_who_makes_it() {
    let mock = mock("documented");
    judge(&mock, "documented", 1, 0);
    let calls = mock.admin().requests("endpoint=init&limit=50").unwrap();
    assert!(!calls.requests.is_empty());
    for call in calls.requests {
        let call = mock.admin().request(call.id).unwrap();
        let agent = call
            .row
            .headers
            .get("user-agent")
            .and_then(|it| it.as_str());
        let agent = agent.unwrap_or_default();
        assert!(agent.starts_with("flexiti-conformance/"), "{agent}");
    }
}
