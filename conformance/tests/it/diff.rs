//! The same calls to two servers: what differs is named, and nothing else.

use crate::support::{demo, mock, rulebook};
use flexiti_conformance::Target;
use flexiti_conformance::diff::{self, Comparison, Subject};
use flexiti_conformance::run::Options;
use flexiti_contract::Contract;
use flexiti_mock::{Mock, Settings};
use std::collections::BTreeSet;

/// Compares two mocks.
fn compare(left: &Mock, right: &Mock, seed: u64) -> Comparison {
    let [left, right] =
        [left, right].map(|mock| Target::connect(&mock.base_url(), demo(), None).unwrap());
    let options = || Options {
        seed,
        cases: 120,
        ..Options::default()
    };
    let (mut left_options, mut right_options) = (options(), options());
    let sides = ((&left, &mut left_options), (&right, &mut right_options));
    diff::servers(sides.0, sides.1, &mut []).unwrap()
}

fn sabotaged(clause: &str) -> Mock {
    let documented = Contract::shipped().dialect("documented").unwrap();
    Mock::sabotaged(&Settings::default(), documented, clause).unwrap()
}

fn text(comparison: &Comparison) -> String {
    let mut out = Vec::new();
    diff::write(comparison, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn servers_of_one_dialect_do_not_differ() {
    for dialect in Contract::shipped().dialect_names() {
        let found = compare(&mock(dialect), &mock(dialect), 1);
        assert!(!found.differs(), "{dialect}: {}", text(&found));
        assert_eq!(found.exit_code(), 0);
        assert!(found.compared > 500, "{}", found.compared);
    }
}

#[test]
fn a_server_does_not_differ_from_itself() {
    let mock = mock("documented");
    let found = compare(&mock, &mock, 2);
    assert!(!found.differs(), "{}", text(&found));
}

#[test]
fn what_differs_between_two_dialects_is_a_knob_or_depends_on_one() {
    let contract = Contract::shipped();
    let names = contract.dialect_names();
    for right in names.iter().filter(|name| **name != "documented") {
        let found = compare(&mock("documented"), &mock(right), 3);
        let (ours, theirs) = (rulebook("documented"), rulebook(right));
        let (a, b) = (&ours.dialect().answers, &theirs.dialect().answers);
        let knobs: BTreeSet<&str> = contract
            .knobs
            .iter()
            .map(|row| row.knob.as_str())
            .filter(|knob| a.get(*knob) != b.get(*knob))
            .collect();
        for row in &found.knobs {
            assert!(knobs.contains(row.knob.as_str()), "{right}: {}", row.knob);
        }
        let strange = found.groups.iter().filter(|group| match &group.subject {
            Subject::Knob(knob) => !knobs.contains(knob.as_str()),
            Subject::Clause(id) => {
                let clause = contract.clause(id).unwrap();
                let decides = contract.knobs_of(clause);
                !decides.iter().any(|knob| knobs.contains(knob))
            }
        });
        let strange: Vec<_> = strange.map(|group| group.subject.name()).collect();
        assert!(strange.is_empty(), "{right}: {strange:?}\n{}", text(&found));
        assert_eq!(found.exit_code(), 1);
    }
}

#[test]
fn a_clause_that_one_server_does_not_keep_is_named() {
    let documented = rulebook("documented");
    let contract = documented.contract();
    let intact = mock("documented");
    // A clause with a knob is named by that, and the probe hears the words of some refusals. Where
    // others depend on a clause, they differ as well.
    let depends = [
        "http.method.allowed",
        "token.accepted",
        "token.client_id.required",
        "token.scope.default",
        "token.refresh_token.required",
        "token.client.known",
        "auth.token.required",
        "init.amount_requested.positive",
        "init.redirect.page",
        "notification.order.accepted",
    ];
    let plain = documented
        .clauses()
        .filter(|row| contract.knobs_of(row).is_empty() && !depends.contains(&row.id.as_str()));
    let mut wrong = Vec::new();
    for clause in plain.step_by(6) {
        let found = compare(&intact, &sabotaged(&clause.id), 4);
        let named = found.named();
        if !named.contains(&clause.id.as_str()) || named.len() > 6 {
            wrong.push(format!("{}: {}", clause.id, text(&found)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
