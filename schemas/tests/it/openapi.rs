use crate::consistency::rulebook;
use flexiti_contract::{Contract, openapi};

#[test]
fn the_export_is_openapi_with_valid_schemas_and_nothing_of_our_own() {
    for name in Contract::shipped().dialect_names() {
        let document =
            openapi::document(&rulebook(name), "http://127.0.0.1:4359/flexiti/online-api");
        assert_eq!(document["openapi"], "3.1.0");
        let text = document.to_string();
        for own in ["x-clause", "x-samples", "x-json", "$knob"] {
            assert!(!text.contains(own), "{name}: {own}");
        }
        for (path, item) in document["paths"].as_object().unwrap() {
            let content = item["post"]["requestBody"]["content"].as_object().unwrap();
            for (media, body) in content {
                let schema = &body["schema"];
                assert!(jsonschema::meta::is_valid(schema), "{name} {path} {media}");
                jsonschema::validator_for(schema).unwrap();
            }
        }
    }
}

#[test]
fn the_exported_schemas_accept_a_valid_body_and_refuse_a_wrong_amount() {
    let document = openapi::document(&rulebook("documented"), "http://localhost");
    let path = &document["paths"]["/online/client-id/{clientId}/systems/init"]["post"];
    let schema = &path["requestBody"]["content"]["application/json"]["schema"];
    let validator = jsonschema::validator_for(schema).unwrap();
    let body = |amount: serde_json::Value| {
        serde_json::json!({"lang": "fr", "flow": "apply", "amount_requested": amount,
            "billing_information": {"city": "Québec"}})
    };
    assert!(validator.is_valid(&body("499.99".into())));
    assert!(validator.is_valid(&body(499.99.into())));
    assert!(!validator.is_valid(&body("10,50".into())));
    assert!(!validator.is_valid(&serde_json::json!({"lang": "fr", "flow": "apply"})));
}
