//! What supports the expectations of a judge, and which answers contradict the documentation.

use flexiti_contract::{Contract, Dialect, Evidence, LoadError, Part, Sources};

fn contradicting(dialect: &Dialect) -> Vec<String> {
    let found = Contract::shipped().contradictions(dialect).unwrap();
    found.into_iter().map(|one| one.knob).collect()
}

/// `documented` with one answer, without what the answer presupposes.
fn with(knob: &str, answer: &serde_json::Value) -> Dialect {
    let contract = Contract::shipped();
    let documented = contract.dialect("documented").unwrap();
    documented
        .with_answer(knob, answer.clone(), contract.sources())
        .unwrap()
}

#[test]
fn shipped_dialects_contradict_only_what_their_clients_need() {
    let contract = Contract::shipped();
    let expected: [(&str, &[&str]); 4] = [
        ("documented", &[]),
        ("strict", &[]),
        ("hyperswitch", &["reference_id_required", "ids_as"]),
        (
            "lenient",
            &[
                "reference_id_required",
                "token_json_body",
                "plain_path_defaults",
                "require_address_2",
                "callback_params",
            ],
        ),
    ];
    for (name, knobs) in expected {
        let dialect = contract.dialect(name).unwrap();
        assert_eq!(contradicting(&dialect), knobs, "{name}");
    }
}

#[test]
fn every_listed_answer_loads_and_contradicts_what_its_row_says() {
    for row in &Contract::shipped().knobs {
        for known in &row.alternatives {
            let dialect = with(&row.knob, &known.answer);
            let found = Contract::shipped().contradictions(&dialect).unwrap();
            let clauses: Vec<String> = found.into_iter().flat_map(|one| one.clauses).collect();
            let (mut clauses, mut listed) = (clauses, known.contradicts.clone());
            clauses.sort();
            listed.sort();
            assert_eq!(clauses, listed, "{}: {}", row.knob, known.answer);
        }
    }
}

#[test]
fn a_pattern_that_takes_what_the_documentation_refuses_contradicts_it() {
    let lax = with("boolean_values", &"^[a-z]+$".into());
    assert_eq!(contradicting(&lax), ["boolean_values"]);
    let narrow = with("province_values", &"^(?:ON)$".into());
    let found = Contract::shipped().contradictions(&narrow).unwrap();
    assert_eq!(found[0].clauses.len(), 3, "{found:?}");
    let ttl = with("token_ttl", &600.into());
    assert_eq!(contradicting(&ttl), ["token_ttl"]);
    let long = with("max_lengths.customer_id", &40.into());
    assert_eq!(contradicting(&long), ["max_lengths.customer_id"]);
}

#[test]
fn a_corrected_dialect_keeps_every_other_answer() {
    let contract = Contract::shipped();
    let documented = contract.dialect("documented").unwrap();
    for name in contract.dialect_names() {
        let dialect = contract.dialect(name).unwrap();
        let wrong = contradicting(&dialect);
        let corrected = contract.corrected(&dialect, &documented).unwrap();
        assert!(contradicting(&corrected).is_empty(), "{name}");
        for (knob, answer) in &dialect.answers {
            if !wrong.contains(knob) {
                assert_eq!(&corrected.answers[knob], answer, "{name}: {knob}");
            }
        }
    }
}

#[test]
fn a_clause_binds_only_where_no_version_of_the_documentation_leaves_room() {
    let contract = Contract::shipped();
    let must = |id: &str| contract.is_must(contract.clause(id).unwrap());
    for id in [
        "init.lang.required",
        "init.buy.identity",
        "init.reference_id.required",
        "token.encoding",
        "init.v2.accepted",
        "notification.merchant_order.accepted",
        "calculator.monthly_payment.amount",
    ] {
        assert!(must(id), "{id}");
    }
    for id in [
        // Older pages say so, the current one does not.
        "init.apply_buy.identity",
        "token.grant_type.required",
        "token.refresh.kind",
        "learn_more.gone",
        // Only the POS API or a client says so.
        "init.vcc.length",
        "auth.scope",
        "token.basic",
    ] {
        assert!(!must(id), "{id}");
    }
}

#[test]
fn the_knobs_of_a_clause_are_those_that_decide_what_it_asks() {
    let contract = Contract::shipped();
    let knobs = |id: &str| contract.knobs_of(contract.clause(id).unwrap());
    assert_eq!(knobs("init.email.format"), ["email_pattern"]);
    assert_eq!(knobs("init.v2.flow"), ["flow_paths", "flow_values"]);
    assert_eq!(knobs("init.lang.required"), [""; 0]);
}

#[test]
fn parts_of_a_refusal_are_supported_by_the_pos_api_at_best() {
    let contract = Contract::shipped();
    for part in [Part::Param, Part::Msg, Part::Header, Part::Shape] {
        let support = contract.support_of(part).unwrap();
        assert!(support.evidence > Evidence::Example, "{}", part.id());
        assert!(!support.source.is_empty());
    }
    for (id, _) in contract.errors.iter() {
        let support = contract.support_of_error(id);
        assert!(support.evidence > Evidence::Example, "{}", id.id());
    }
}

fn refused(file: &str, from: &str, to: &str) -> LoadError {
    let mut sources = Sources::shipped();
    let text = sources.text(file).unwrap().to_owned();
    assert!(text.contains(from), "{file}: {from}");
    sources.replace(file, text.replacen(from, to, 1));
    Contract::load(sources).unwrap_err()
}

#[test]
fn an_expectation_that_nobody_can_source_does_not_load() {
    let part = r#"{ "part": "msg", "evidence": "pos-api", "source": ["P-val"] },"#;
    let what = refused("expectations.json", part, "").what;
    assert!(what.contains("0 rows for `msg`"), "{what}");
    let what = refused("expectations.json", r#""vrai""#, r#""oui""#).what;
    assert!(what.contains("`oui` is no sample"), "{what}");
    let what = refused("expectations.json", r#"["R-old1"]"#, r#"["R-older"]"#).what;
    assert!(what.contains("R-older"), "{what}");
    let what = refused(
        "meta/dialect.schema.json",
        r#""contradicts": ["token.encoding"]"#,
        r#""contradicts": ["token.nothing"]"#,
    )
    .what;
    assert!(what.contains("token.nothing"), "{what}");
    let what = refused(
        "errors.json",
        r#""evidence": "pos-api", "source""#,
        r#""source""#,
    )
    .what;
    assert!(what.contains("evidence"), "{what}");
}
