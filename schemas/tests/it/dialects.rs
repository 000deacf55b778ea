use crate::consistency::rulebook;
use flexiti_contract::Contract;
use std::io::Write as _;

#[test]
fn a_dialect_of_ones_own_names_only_what_differs() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    write!(file, r#"{{"name": "mine", "description": "from a call on Tuesday", "extends": "strict", "answers": {{"token_ttl": 600}}}}"#).unwrap();
    let dialect = Contract::shipped()
        .dialect(file.path().to_str().unwrap())
        .unwrap();
    assert_eq!(dialect.knobs.token_ttl, 600);
    assert_eq!(dialect.answer("max_lengths.fname"), 35);
    assert!(dialect.answer("max_lengths.city").is_null());
}

#[test]
fn the_difference_of_two_dialects_comes_with_its_evidence() {
    let contract = Contract::shipped();
    let [documented, hyperswitch] =
        ["documented", "hyperswitch"].map(|n| contract.dialect(n).unwrap());
    let diff = documented.diff(&hyperswitch, contract.sources()).unwrap();
    let ids = diff.iter().find(|row| row.knob == "ids_as").unwrap();
    assert_eq!(ids.answers, ["integer", "string"]);
    assert_eq!(ids.evidence[1]["source"][0], "HS-tr");
    assert!(diff.iter().all(|row| row.answers[0] != row.answers[1]));
}

#[test]
fn a_dialect_written_out_reads_back_the_same() {
    let contract = Contract::shipped();
    for name in contract.dialect_names() {
        let dialect = contract.dialect(name).unwrap();
        let again = contract.dialect_from_json(dialect.to_json()).unwrap();
        assert_eq!(dialect.answers, again.answers);
    }
}

#[test]
fn differing_clauses_are_named_from_the_side_that_asks() {
    let (strict, lenient) = (rulebook("strict"), rulebook("lenient"));
    let differing = strict.differing(&lenient);
    for clause in [
        "init.text.ascii",
        "init.reference_id.required",
        "http.error.shape",
        "http.cors",
    ] {
        assert!(differing.contains(&clause), "{clause}");
    }
    assert!(!differing.contains(&"init.amount_requested.positive"));
    assert!(strict.differing(&rulebook("strict")).is_empty());
}

#[test]
fn every_knob_has_evidence_for_some_answer() {
    let contract = Contract::shipped();
    let schema = contract.sources().json("meta/dialect.schema.json").unwrap();
    let knobs = schema["properties"]["answers"]["properties"]
        .as_object()
        .unwrap();
    for (knob, row) in knobs {
        let evidence = row["x-evidence"].as_array().unwrap();
        assert!(!evidence.is_empty(), "{knob}");
        for answer in evidence {
            assert!(
                answer["source"].as_array().is_some_and(|s| !s.is_empty()),
                "{knob}"
            );
        }
    }
}

#[test]
fn the_programs_know_every_answer_that_the_schema_lists() {
    let contract = Contract::shipped();
    let schema = contract.sources().json("meta/dialect.schema.json").unwrap();
    let rows = schema["properties"]["answers"]["properties"].as_object();
    let documented = contract.dialect("documented").unwrap();
    let mut tried = 0;
    for (knob, row) in rows.unwrap() {
        for answer in row["enum"].as_array().into_iter().flatten() {
            let dialect = documented.with_answer(knob, answer.clone(), contract.sources());
            let dialect = dialect.unwrap_or_else(|error| panic!("{knob}: {error}"));
            assert_eq!(dialect.answer(knob), answer, "{knob}");
            tried += 1;
        }
    }
    assert!(tried > 80, "{tried}");
}
