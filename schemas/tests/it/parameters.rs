//! Parameters are checked as they were read, and the verdict is that on the JSON they stand for.

use crate::consistency::rulebook;
use flexiti_contract::{Contract, Endpoint, Given, Param, Parameters, Rulebook, StoredParameters};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};
use std::cell::Cell;

/// A value for every parameter, or none: the first samples, which are good, but for a few.
fn values(endpoint: Endpoint) -> impl Strategy<Value = Vec<Option<Value>>> {
    let params = Contract::shipped().params(endpoint);
    let good = |param: &Param| (!param.group).then(|| json!(param.samples[0]));
    let good: Vec<_> = params.iter().map(good).collect();
    let samples = params.iter().map(|param| &param.samples);
    let samples: Vec<_> = samples.flatten().map(|text| Some(json!(text))).collect();
    let others = [
        json!(null),
        json!(7),
        json!([]),
        json!({"a": [1]}),
        json!(true),
    ];
    let value = prop_oneof![
        4 => select(samples),
        2 => Just(None),
        1 => select(others.map(Some).to_vec()),
        1 => ".{0,30}".prop_map(|text| Some(json!(text))),
    ];
    let flow = params.iter().position(|param| param.name == "flow");
    let changes = proptest::collection::vec((0..params.len(), value), 0..4);
    (select(vec!["apply", "buy", "apply/buy"]), changes).prop_map(move |(word, changes)| {
        let mut values = good.clone();
        if let Some(at) = flow {
            values[at] = Some(json!(word));
        }
        for (at, value) in changes {
            values[at] = value;
        }
        values
    })
}

fn object(endpoint: Endpoint, values: &[Option<Value>]) -> Map<String, Value> {
    let params = Contract::shipped().params(endpoint).iter().zip(values);
    params
        .filter_map(|(param, value)| Some((param.name.clone(), value.clone()?)))
        .collect()
}

fn parameters(endpoint: Endpoint, values: &[Option<Value>]) -> Parameters<'_> {
    let mut parameters = Parameters::default();
    for (param, value) in Contract::shipped().params(endpoint).iter().zip(values) {
        let value = match value {
            Some(Value::String(text)) => Given::Text(text.into()),
            Some(other) => Given::Json(other.clone()),
            None => continue,
        };
        assert!(!parameters.insert(param, value));
    }
    parameters
}

/// Whether the schema itself says yes, by the validator's own reading of JSON.
fn oracle(rulebook: &Rulebook, endpoint: Endpoint) -> jsonschema::Validator {
    jsonschema::options()
        .should_validate_formats(true)
        .with_pattern_options(jsonschema::PatternOptions::regex())
        .build(rulebook.request_schema(endpoint).unwrap())
        .unwrap()
}

#[test]
fn what_was_read_is_judged_as_the_json_it_stands_for() {
    for dialect in Contract::shipped().dialect_names() {
        let rulebook = rulebook(dialect);
        let takes_some = |endpoint: &&Endpoint| !Contract::shipped().params(**endpoint).is_empty();
        for endpoint in Endpoint::ALL.iter().filter(takes_some) {
            let oracle = oracle(&rulebook, *endpoint);
            let valid_ones = Cell::new(0);
            let config = ProptestConfig {
                failure_persistence: None,
                ..ProptestConfig::with_cases(500)
            };
            let mut runner = proptest::test_runner::TestRunner::new(config);
            let judged = runner.run(&values(*endpoint), |values| {
                let parameters = parameters(*endpoint, &values);
                let object = object(*endpoint, &values);
                prop_assert_eq!(&parameters.to_object(), &object);
                let kept =
                    StoredParameters::new(Contract::shipped().params(*endpoint), &parameters);
                prop_assert_eq!(&kept.to_object(), &object);
                let violations = rulebook.check_parameters(*endpoint, &parameters);
                let as_json = rulebook.check(*endpoint, &json!(object));
                prop_assert_eq!(format!("{violations:?}"), format!("{as_json:?}"));
                let valid = oracle.is_valid(&json!(object));
                prop_assert_eq!(violations.is_empty(), valid);
                valid_ones.set(valid_ones.get() + u32::from(valid));
                Ok(())
            });
            judged.unwrap_or_else(|error| panic!("{dialect}, {}: {error}", endpoint.id()));
            assert!(
                valid_ones.get() > 0,
                "{dialect}, {}: none was valid",
                endpoint.id()
            );
        }
    }
}

#[test]
fn a_value_that_comes_twice_is_replaced_where_it_stands() {
    let contract = Contract::shipped();
    let param = |name| contract.param(Endpoint::InitV2, name).unwrap();
    let mut parameters = Parameters::default();
    assert!(!parameters.insert(param("lang"), Given::Text("fr".into())));
    assert!(!parameters.insert(param("flow"), Given::Json(json!(1))));
    assert!(parameters.insert(param("lang"), Given::Text("en".into())));
    assert_eq!(parameters.text("lang"), Some("en"));
    assert_eq!(parameters.text("flow"), None);
    let kept = StoredParameters::new(contract.params(Endpoint::InitV2), &parameters);
    for object in [parameters.to_object(), kept.to_object()] {
        assert_eq!(json!(object).to_string(), r#"{"lang":"en","flow":1}"#);
    }
}

#[test]
fn a_form_spells_fields_with_dots_or_brackets() {
    let contract = Contract::shipped();
    let named = |name| contract.form_param(Endpoint::InitV2, name);
    for name in ["billing_information.city", "billing_information[city]"] {
        assert_eq!(named(name).unwrap().name, "billing_information.city");
    }
    for name in [
        "[city]",
        "city]",
        "billing_information[city",
        "billing_information[city][]",
        "billing_information[[city]]",
        "billing_information[colour]",
    ] {
        assert!(named(name).is_none(), "{name}");
    }
}

#[test]
fn the_credentials_of_token_are_secret_and_nothing_else_is() {
    let contract = Contract::shipped();
    let every = Endpoint::ALL.iter().flat_map(|e| contract.params(*e));
    let secret: Vec<&str> = every
        .filter(|param| param.secret)
        .map(|param| param.name.as_str())
        .collect();
    assert_eq!(secret, ["client_secret", "refresh_token", "password"]);
    for name in ["client_secret", "Refresh_Token", "PASSWORD"] {
        assert!(contract.is_secret_param(name), "{name}");
    }
    for name in ["client_id", "username", "secret", "", "x-reference-id"] {
        assert!(!contract.is_secret_param(name), "{name}");
    }
}
