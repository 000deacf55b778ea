use crate::consistency::rulebook;
use flexiti_contract::{Contract, openapi};

#[test]
fn the_export_is_openapi_with_valid_schemas_and_nothing_of_our_own() {
    for name in Contract::shipped().dialect_names() {
        let document =
            openapi::document(&rulebook(name), "http://127.0.0.1:4359/flexiti/online-api");
        assert_eq!(document["openapi"], "3.1.0");
        let text = document.to_string();
        for own in ["x-clause", "x-samples", "x-json", "x-secret", "$knob"] {
            assert!(!text.contains(own), "{name}: {own}");
        }
        for (path, item) in document["paths"].as_object().unwrap() {
            let (method, operation) = item.as_object().unwrap().iter().next().unwrap();
            let content = operation["requestBody"]["content"].as_object();
            assert_eq!(content.is_some(), method == "post", "{name} {path}");
            let bodies = content.into_iter().flatten();
            let queries = operation["parameters"].as_array().into_iter().flatten();
            let described = bodies.map(|(_, body)| body).chain(queries);
            for schema in described.map(|part| &part["schema"]) {
                assert!(jsonschema::meta::is_valid(schema), "{name} {path} {schema}");
                jsonschema::validator_for(schema).unwrap();
            }
        }
    }
}

#[test]
fn the_export_lists_what_the_dialect_serves_with_every_parameter() {
    let paths =
        |name: &str| openapi::document(&rulebook(name), "http://localhost")["paths"].clone();
    let old = "/online/client-id/{clientId}/notifications/{orderId}";
    assert!(paths("documented")[old].is_null());
    assert_eq!(
        paths("lenient")[old]["get"]["parameters"][1]["name"],
        "orderId"
    );
    let calculator = "/online/v2/client-id/{clientId}/systems/payment-calculator";
    let parameters = paths("strict")[calculator]["get"]["parameters"].clone();
    let told: Vec<String> = parameters
        .as_array()
        .unwrap()
        .iter()
        .map(|row| format!("{} {} {}", row["name"], row["in"], row["required"]).replace('"', ""))
        .collect();
    assert_eq!(
        told,
        [
            "clientId query true",
            "price query true",
            "lang query false",
            "clientId path true"
        ]
    );
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
