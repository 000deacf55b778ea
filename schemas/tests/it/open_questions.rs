//! The answers that no shipped dialect gives: each of them loads and compiles, and means what its
//! question says.

use flexiti_contract::{Contract, Dialect, Endpoint, ErrorId, Rulebook, openapi};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The documented dialect with other answers.
fn dialect(answers: &[(&str, Value)]) -> Dialect {
    let contract = Contract::shipped();
    let documented = contract.dialect("documented").unwrap();
    answers.iter().fold(documented, |dialect, (knob, answer)| {
        let answer = answer.clone();
        dialect
            .with_answer(knob, answer, contract.sources())
            .unwrap_or_else(|error| panic!("{knob}: {error}"))
    })
}

fn rulebook(answers: &[(&str, Value)]) -> Rulebook {
    Rulebook::compile(Contract::shipped(), dialect(answers)).unwrap()
}

/// Why a dialect with such answers does not load.
fn refused(answers: &Value) -> String {
    let dialect =
        json!({"name": "mine", "description": "x", "extends": "documented", "answers": answers});
    let loaded = Contract::shipped().dialect_from_json(dialect);
    loaded.unwrap_err().to_string()
}

/// Clause, parameter and `msg` of each violation.
fn violations(rulebook: &Rulebook, request: &Value) -> Vec<(String, String, String)> {
    let found = rulebook.check(Endpoint::InitV2, request).into_iter();
    let row = |v: flexiti_contract::Violation| {
        let msg = v.msg.map(|msg| msg.as_str().to_owned());
        (v.clause.to_owned(), v.param, msg.unwrap_or_default())
    };
    found.map(row).collect()
}

/// What is wrong with one parameter.
fn wrong(rulebook: &Rulebook, param: &str, value: &str) -> Vec<(String, String)> {
    let found = violations(rulebook, &json!({ param: value })).into_iter();
    let found = found.filter(|(_, name, _)| name == param);
    found.map(|(clause, _, msg)| (clause, msg)).collect()
}

#[test]
fn evidence_that_names_an_answer_names_one_that_loads_and_compiles() {
    const IN_WORDS: usize = 12;
    let contract = Contract::shipped();
    let schema = contract.sources().json("meta/dialect.schema.json").unwrap();
    let rows = schema["properties"]["answers"]["properties"].as_object();
    let documented = contract.dialect("documented").unwrap();
    let mut described = Vec::new();
    for (knob, row) in rows.unwrap() {
        for known in row["x-evidence"].as_array().unwrap() {
            let answer = known["answer"].clone();
            match documented.with_answer(knob, answer, contract.sources()) {
                Ok(dialect) => {
                    let compiled = Rulebook::compile(contract, dialect);
                    compiled.unwrap_or_else(|error| panic!("{knob}: {error}"));
                }
                Err(_) => described.push(knob),
            }
        }
    }
    described.dedup();
    assert!(described.len() <= IN_WORDS, "{described:?}");
}

#[test]
fn a_status_and_a_word_of_its_own_reach_the_refusal() {
    let rulebook = rulebook(&[
        (
            "error_statuses",
            json!({"wrong_inputs": 422, "method_not_allowed": 404}),
        ),
        ("error_words", json!({"token_missing": "unauthorized"})),
    ]);
    let refusal = |error| {
        let refusal = rulebook.refusal(error);
        (refusal.status.as_u16(), refusal.error)
    };
    assert_eq!(refusal(ErrorId::WrongInputs), (422, "wrong_inputs".into()));
    assert_eq!(
        refusal(ErrorId::MethodNotAllowed),
        (404, "method_not_allowed".into())
    );
    assert_eq!(refusal(ErrorId::TokenMissing), (401, "unauthorized".into()));
    assert_eq!(refusal(ErrorId::NotFound), (404, "not_found".into()));
}

#[test]
fn an_error_or_a_clause_that_there_is_not_does_not_load() {
    for (answers, named) in [
        (json!({"error_statuses": {"teapot": 418}}), "teapot"),
        (json!({"error_statuses": {"not_found": 500}}), "500"),
        (json!({"error_words": {"teapot": "short"}}), "teapot"),
        (
            json!({"msg_words": {"init.lang.lost": "type"}}),
            "init.lang.lost",
        ),
        // It has no msg.
        (json!({"msg_words": {"http.cors": "type"}}), "http.cors"),
        (json!({"msg_words": {"init.lang.type": "wrong"}}), "wrong"),
    ] {
        let what = refused(&answers);
        assert!(what.contains(named), "{what}");
    }
    // Nor does it compile, however it was made.
    let answer = json!({"init.lang.lost": "type"});
    let compiled = Rulebook::compile(Contract::shipped(), dialect(&[("msg_words", answer)]));
    assert!(compiled.unwrap_err().to_string().contains("init.lang.lost"));
}

#[test]
fn a_msg_of_its_own_is_said_of_the_clause_and_of_no_other() {
    let words = json!({"init.is_guest.values": "type"});
    let rulebook = rulebook(&[("msg_words", words)]);
    let one = |clause: &str, msg: &str| vec![(clause.to_owned(), msg.to_owned())];
    assert_eq!(
        wrong(&rulebook, "is_guest", "y"),
        one("init.is_guest.values", "type")
    );
    assert_eq!(
        wrong(&rulebook, "has_previous_purchase", "y"),
        one("init.has_previous_purchase.values", "invalid")
    );
    assert_eq!(
        rulebook.differing(&self::rulebook(&[])),
        ["init.is_guest.values"]
    );
}

#[test]
fn a_long_reference_id_is_too_long_before_it_is_malformed() {
    for dialect in Contract::shipped().dialect_names() {
        let rulebook = crate::consistency::rulebook(dialect);
        for (endpoint, clause) in [
            (Endpoint::InitV2, "init.reference_id.length"),
            (Endpoint::Token, "token.reference_id.length"),
        ] {
            let request = json!({"x-reference-id": "0".repeat(37)});
            let found = rulebook.check(endpoint, &request);
            let about = found.iter().find(|v| v.param == "x-reference-id");
            assert_eq!(about.map(|v| v.clause), Some(clause), "{dialect}");
        }
    }
}

#[test]
fn numbers_and_booleans_stand_for_text_as_the_dialect_says() {
    let samples = [json!(7), json!(7.5), json!(true), json!("7"), json!(["7"])];
    for (answer, param, read) in [
        ("ids_too", "customer_id", [true, false, false, true, false]),
        (
            "ids_too",
            "amount_requested",
            [true, true, false, true, false],
        ),
        ("ids_too", "is_guest", [false, false, true, true, false]),
        ("ids_too", "email", [false, false, false, true, false]),
        (
            "own_type",
            "customer_id",
            [false, false, false, true, false],
        ),
        (
            "own_type",
            "amount_requested",
            [true, true, false, true, false],
        ),
        ("own_type", "is_guest", [false, false, true, true, false]),
        ("any", "email", [true, true, true, true, false]),
        (
            "any",
            "billing_information",
            [false, false, false, true, false],
        ),
        (
            "text_only",
            "amount_requested",
            [false, false, false, true, false],
        ),
        ("text_only", "is_guest", [false, false, false, true, false]),
    ] {
        let rulebook = rulebook(&[("json_scalars", json!(answer))]);
        let row = Contract::shipped().param(Endpoint::InitV2, param).unwrap();
        let found = samples.clone().map(|value| rulebook.reads(row, &value));
        assert_eq!(found, read, "{answer}: {param}");
        // The types that the documentation names are those that are read.
        let kinds = ["number", "boolean"].map(|kind| rulebook.json_types(row).contains(&kind));
        assert_eq!(kinds, [found[1], found[2]], "{answer}: {param}");
    }
}

#[test]
fn the_missing_identity_of_a_buyer_is_named_as_the_dialect_says() {
    let request = json!({"flow": "buy"});
    for (answer, named) in [
        ("customer_id", vec!["customer_id"]),
        ("vcc", vec!["vcc"]),
        ("both", vec!["customer_id", "vcc"]),
    ] {
        let rulebook = rulebook(&[("buy_identity_named", json!(answer))]);
        let found = violations(&rulebook, &request).into_iter();
        let found = found.filter(|(clause, _, _)| clause == "init.buy.identity");
        let params: Vec<String> = found.map(|(_, param, _)| param).collect();
        assert_eq!(params, named);
        for way in ["customer_id", "vcc"] {
            let enough = violations(&rulebook, &json!({"flow": "buy", way: "1070015210367982"}));
            assert!(
                enough
                    .iter()
                    .all(|(clause, _, _)| clause != "init.buy.identity")
            );
        }
        let remedy = rulebook.remedy("init.buy.identity", named[0]);
        for way in ["`customer_id`", "`vcc`"] {
            assert_eq!(remedy.matches(way).count(), 1, "{remedy}");
        }
    }
}

#[test]
fn ids_may_be_ascii_where_other_text_need_not_be() {
    let ascii = json!("^[\\x20-\\x7e]*$");
    let rulebook = rulebook(&[("id_pattern", ascii)]);
    let one = vec![("init.ids.ascii".to_owned(), "invalid".to_owned())];
    for id in [
        "merchant_orderid",
        "merchant_order_id",
        "customer_id",
        "vcc",
    ] {
        assert_eq!(wrong(&rulebook, id, "1é"), one, "{id}");
        assert_eq!(wrong(&self::rulebook(&[]), id, "1é"), [], "{id}");
    }
    assert_eq!(wrong(&rulebook, "fname", "Zoé"), []);
}

#[test]
fn a_customer_id_looks_as_the_dialect_says() {
    for (pattern, fine) in [
        (json!("^[1-9A-Za-z]"), [true, true, false, false]),
        (json!(null), [true, true, true, true]),
        (json!("^[1-9][0-9]*$"), [true, false, false, false]),
    ] {
        let rulebook = rulebook(&[("customer_id_pattern", pattern.clone())]);
        let found = ["1293836", "c-7", "0", "-5"];
        let found = found.map(|id| wrong(&rulebook, "customer_id", id).is_empty());
        assert_eq!(found, fine, "{pattern}");
    }
}

#[test]
fn a_body_is_described_under_the_names_and_forms_of_the_dialect() {
    let rulebook = rulebook(&[
        ("field_errors_name", json!("error_fields")),
        ("token_shape", json!("opaque")),
        ("init_success_status", json!(201)),
    ]);
    let rows = json!([{"param": "lang", "msg": "required"}]);
    let body = |name: &str| json!({"code": 409, "error": "x", "error_description": "x", "message": "x", "url": "/", name: rows});
    assert_eq!(rulebook.check_error_body(&body("error_fields")), None);
    assert!(rulebook.check_error_body(&body("field_errors")).is_some());
    let token = |token: &str| json!({"token_type": "bearer", "access_token": token, "expires_in": 1200, "refresh_token": token, "scope": "merchant"});
    let broken = |text: &str| {
        let faults = rulebook.check_response(Endpoint::Token, &token(text));
        let clauses: BTreeSet<&str> = faults.into_iter().map(|(clause, _)| clause).collect();
        clauses.len()
    };
    // A token means nothing to whoever has it (RFC 6749, 1.4), and stands in a header (RFC 6750, 2.1).
    let (small, large) = ("0123456789abcdef", "0123456789ABCDEF");
    for text in [
        "eyJhbGciOiJub25l.eyJzdWIiOiJhIn0.c2ln",
        "6f1e7c9a-3f0b-4a8e-9d51-0c2b7e6a4f10",
        "TlBlZmF0b2tlbg==",
        &small.repeat(3)[..40],
    ] {
        assert_eq!(broken(text), 0, "{text}");
    }
    // Hexadecimal digits of another length or case are a mistake, not another shape.
    for text in [
        "",
        "a b",
        "\"eyJh\"",
        &small.repeat(2),
        &large.repeat(3)[..40],
    ] {
        assert_eq!(broken(text), 2, "{text}");
    }
    // The table of init has room for 40 characters of an access token; of refresh tokens, none says it.
    for text in [&small.repeat(4), &large.repeat(4), &"A1-_".repeat(11)] {
        assert_eq!(broken(text), 1, "{text}");
    }
    let document = openapi::document(&rulebook, "http://127.0.0.1:1");
    let init = &document["paths"]["/online/v2/client-id/{clientId}/systems/init"]["post"];
    assert!(init["responses"]["201"].is_object());
    assert!(init["responses"]["200"].is_null());
}
