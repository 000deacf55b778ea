//! Servers whose answers to the open questions nobody knows beforehand: none that keeps the
//! documented sentences is accused, whatever it answers; and a documented sentence that is broken
//! is found whatever the server answers besides.

use flexiti_conformance::selftest::random::{self, Unknown};
use flexiti_contract::Contract;

/// A random dialect is judged with this many generated cases.
const CASES: u32 = 10;

fn nobody_is_accused(dialects: std::ops::Range<u64>) {
    for at in dialects {
        let dialect = random::dialect(at).unwrap();
        let contradictions = Contract::shipped().contradictions(&dialect).unwrap();
        assert!(contradictions.is_empty(), "{}", dialect.name);
        let found = random::judge(&dialect, None, at % 5, CASES).unwrap();
        let none: [String; 0] = [];
        assert_eq!(found.violations, none, "{}", dialect.name);
        assert_eq!(found.misread, [], "{}", dialect.name);
        assert!(
            found.calls <= 400,
            "{}: {} calls",
            dialect.name,
            found.calls
        );
        // Most questions can be asked; the rest depends on what the dialect answers.
        assert!(found.told >= 60, "{}: {} told", dialect.name, found.told);
    }
}

#[test]
fn no_server_in_an_unknown_dialect_is_accused_1() {
    nobody_is_accused(0..100);
}

#[test]
fn no_server_in_an_unknown_dialect_is_accused_2() {
    nobody_is_accused(100..200);
}

#[test]
fn a_server_that_answers_as_the_yardstick_does_answers_nothing_otherwise() {
    let contract = Contract::shipped();
    let documented = contract.dialect("documented").unwrap();
    let mut dialects: Vec<_> = (0..8).map(|at| random::dialect(at).unwrap()).collect();
    for row in &contract.knobs {
        let fair = row.alternatives.iter().filter(|a| a.contradicts.is_empty());
        // Of these, the probe finds some entries, and has to leave the others alone.
        for known in fair.filter(|known| known.answer.is_object()) {
            let answer = known.answer.clone();
            let mut dialect = documented
                .with_answer(&row.knob, answer, contract.sources())
                .unwrap();
            dialect.name = format!("{} {}", row.knob, known.answer);
            dialects.push(dialect);
        }
    }
    assert!(dialects.len() > 30, "{}", dialects.len());
    for dialect in dialects {
        let learned = random::learned_of_itself(&dialect).unwrap();
        assert_eq!(learned, [], "{}", dialect.name);
    }
}

#[test]
fn an_answer_that_contradicts_a_sentence_is_a_violation_of_that_and_of_nothing_else() {
    let contract = Contract::shipped();
    let documented = contract.dialect("documented").unwrap();
    let mut tried = 0;
    for row in &contract.knobs {
        for known in row
            .alternatives
            .iter()
            .filter(|a| !a.contradicts.is_empty())
        {
            let answer = known.answer.clone();
            let dialect = documented.with_answer(&row.knob, answer, contract.sources());
            let found = random::judge(&dialect.unwrap(), None, 1, CASES).unwrap();
            let sorted = |list: &[String]| {
                let mut list = list.to_vec();
                list.sort();
                list
            };
            let (violated, contradicted) = (sorted(&found.violations), sorted(&known.contradicts));
            assert_eq!(violated, contradicted, "{}: {}", row.knob, known.answer);
            tried += 1;
        }
    }
    assert!(tried >= 10, "{tried}");
}

#[test]
fn a_documented_clause_taken_away_is_a_violation_in_an_unknown_dialect() {
    let contract = Contract::shipped();
    let dialects: Vec<_> = (0..20).map(|at| random::dialect(at).unwrap()).collect();
    let binding: Vec<_> = dialects
        .iter()
        .map(|d| random::binding(d).unwrap())
        .collect();
    let mut missed = Vec::new();
    let mut tried = 0;
    for (at, clause) in contract.clauses.iter().enumerate() {
        // Each clause in another one of them; `self-test --unknown 20 --without-clauses` tries all.
        let mut order = (0..dialects.len()).map(|next| (at + next) % dialects.len());
        let Some(found) = order.find(|at| binding[*at].contains(&clause.id.as_str())) else {
            continue;
        };
        let dialect = &dialects[found];
        tried += 1;
        let Unknown { violations, .. } = random::judge(dialect, Some(&clause.id), 1, 0).unwrap();
        if violations != [clause.id.as_str()] {
            missed.push(format!("{} in {}: {violations:?}", clause.id, dialect.name));
        }
    }
    assert!(tried > 60, "{tried}");
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}
