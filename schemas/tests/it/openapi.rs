use crate::consistency::rulebook;
use flexiti_contract::{Contract, openapi};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::Write as _;
use std::process::{Command, Stdio};

#[test]
fn the_export_is_openapi_with_valid_schemas_and_nothing_of_our_own() {
    for name in Contract::shipped().dialect_names() {
        let document =
            openapi::document(&rulebook(name), "http://127.0.0.1:4359/flexiti/online-api");
        assert_eq!(document["openapi"], "3.1.0");
        let text = document.to_string();
        for own in [
            "x-samples",
            "x-json",
            "x-secret",
            "x-words",
            "$knob",
            "$defs",
        ] {
            assert!(!text.contains(own), "{name}: {own}");
        }
        for (path, item) in document["paths"].as_object().unwrap() {
            let (method, operation) = item.as_object().unwrap().iter().next().unwrap();
            let content = operation["requestBody"]["content"].as_object();
            assert_eq!(content.is_some(), method == "post", "{name} {path}");
            let bodies = content.into_iter().flatten();
            let queries = operation["parameters"].as_array().into_iter().flatten();
            let described = bodies.map(|(_, body)| body).chain(queries);
            for part in described.clone() {
                let validator = jsonschema::validator_for(&part["schema"]).unwrap();
                for (title, sample) in part["examples"].as_object().into_iter().flatten() {
                    let wrong = validator.iter_errors(&sample["value"]).next();
                    assert!(wrong.is_none(), "{name} {path} {title}: {wrong:?}");
                }
            }
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
    let body = |amount: Value| {
        json!({"lang": "fr", "flow": "apply", "amount_requested": amount,
            "billing_information": {"city": "Québec"}})
    };
    assert!(validator.is_valid(&body("499.99".into())));
    assert!(validator.is_valid(&body(499.99.into())));
    assert!(!validator.is_valid(&body("10,50".into())));
    assert!(!validator.is_valid(&json!({"lang": "fr", "flow": "apply"})));
}

/// The shape of a request for this, as its title says.
fn shape<'d>(document: &'d Value, path: &str, media: &str, title: &str) -> &'d Value {
    let body = &document["paths"][path]["post"]["requestBody"]["content"][media]["schema"];
    let shapes = body["anyOf"].as_array().unwrap().iter();
    shapes
        .into_iter()
        .find(|shape| shape["title"] == title)
        .unwrap()
}

#[test]
fn each_flow_requires_what_it_needs_and_says_on_what_evidence() {
    let document = openapi::document(&rulebook("documented"), "http://localhost");
    let plain = "/online/client-id/{clientId}/systems/init";
    let v2 = "/online/v2/client-id/{clientId}/systems/init";
    let (form, json) = ("application/x-www-form-urlencoded", "application/json");
    let apply = shape(&document, plain, form, "Apply");
    assert_eq!(
        apply["required"],
        json!(["lang", "flow", "amount_requested"])
    );
    let buy = shape(&document, v2, json, "BuyWithCustomerId");
    let required = buy["required"].as_array().unwrap();
    for name in ["billing_information", "shipping_information", "flow"] {
        assert!(required.contains(&json!(name)), "{name}: {required:?}");
    }
    let block = &buy["properties"]["billing_information"];
    assert!(
        block["required"]
            .as_array()
            .unwrap()
            .contains(&json!("postal_code"))
    );
    let flat = shape(&document, v2, form, "BuyWithVcc")["required"]
        .as_array()
        .unwrap();
    assert!(flat.contains(&json!("billing_information.postal_code")));
    // One of two is required: each has a shape of its own.
    assert!(!required.contains(&json!("vcc")) && required.contains(&json!("customer_id")));
    assert!(flat.contains(&json!("vcc")) && !flat.contains(&json!("customer_id")));
    let clauses = buy["x-clause"].as_array().unwrap();
    let is_its = |it: &Value| it["id"] == "init.buy.identity";
    assert!(clauses.iter().any(is_its), "{clauses:?}");
    assert!(buy["description"].as_str().unwrap().contains("customer_id"));
    let amount = &apply["properties"]["amount_requested"];
    let clauses = amount["x-clause"].as_array().unwrap();
    let own = clauses
        .iter()
        .find(|it| it["id"] == "init.amount_requested.type")
        .unwrap();
    assert!(
        own["evidence"].is_string() && own["level"].is_string(),
        "{own}"
    );
    let token = |title| shape(&document, "/oauth/token", form, title)["required"].to_string();
    assert!(token("RefreshToken").contains("\"refresh_token\""));
    assert!(!token("ClientCredentials").contains("grant_type"));
}

/// Every schema with a pattern, in a document.
fn patterned<'d>(value: &'d Value, found: &mut Vec<&'d Value>) {
    if value["pattern"].is_string() {
        found.push(value);
    }
    match value {
        Value::Object(members) => members.values().for_each(|it| patterned(it, found)),
        Value::Array(items) => items.iter().for_each(|it| patterned(it, found)),
        _ => {}
    }
}

/// What Node's own engine says: for each pattern and text, whether it fits.
fn by_node(patterns: &[String], texts: &[String]) -> Vec<Vec<bool>> {
    let script = "const [patterns, texts] = JSON.parse(require('fs').readFileSync(0, 'utf8')); \
         console.log(JSON.stringify(patterns.map((pattern) => { \
         const read = new RegExp(pattern, 'u'); return texts.map((text) => read.test(text)); })));";
    let mut node = Command::new("node");
    let piped = node.args(["-e", script]).stdin(Stdio::piped());
    let mut node = piped.stdout(Stdio::piped()).spawn().unwrap();
    let asked = json!([patterns, texts]).to_string();
    node.stdin
        .take()
        .unwrap()
        .write_all(asked.as_bytes())
        .unwrap();
    let said = node.wait_with_output().unwrap();
    assert!(said.status.success(), "a pattern is not read by Node");
    serde_json::from_slice(&said.stdout).unwrap()
}

#[test]
fn patterns_are_those_of_ecma_262_with_a_type_beside_each() {
    let mut patterns = BTreeSet::new();
    for name in Contract::shipped().dialect_names() {
        let document = openapi::document(&rulebook(name), "http://localhost");
        let mut found = Vec::new();
        patterned(&document, &mut found);
        for schema in found {
            assert!(!schema["type"].is_null(), "{name}: {schema}");
            patterns.insert(schema["pattern"].as_str().unwrap().to_owned());
        }
    }
    // What somebody's own dialect may say.
    let answers = json!({"lang_values": "^(?i:(?:en|fr)(?:.[a-z]{2})?)$"});
    let own =
        json!({"name": "own", "description": "-", "extends": "documented", "answers": answers});
    let dialect = Contract::shipped().dialect_from_json(own).unwrap();
    let own = flexiti_contract::Rulebook::compile(Contract::shipped(), dialect).unwrap();
    let document = openapi::document(&own, "http://localhost");
    let lang = &shape(
        &document,
        "/online/client-id/{clientId}/systems/init",
        "application/json",
        "Apply",
    )["properties"]["lang"]["pattern"];
    patterns.insert(lang.as_str().unwrap().to_owned());
    let patterns: Vec<String> = patterns.into_iter().collect();
    let texts = [
        "",
        "en",
        "FR-ca",
        "fr_CA",
        "fr\nCA",
        "buy",
        "BUY",
        "Apply/Buy",
        "499.99",
        "on",
        "ON",
        "true",
        "faLſe",
        "é",
        "http://x",
    ];
    let texts = texts.map(str::to_owned);
    let by_node = by_node(&patterns, &texts);
    for (pattern, said) in patterns.iter().zip(&by_node) {
        let validator = jsonschema::validator_for(&json!({"pattern": pattern})).unwrap();
        for (text, said) in texts.iter().zip(said) {
            assert_eq!(validator.is_valid(&json!(text)), *said, "{pattern}: {text}");
        }
    }
    let at = patterns
        .iter()
        .position(|it| Some(&**it) == lang.as_str())
        .unwrap();
    let fits: Vec<&str> = texts
        .iter()
        .zip(&by_node[at])
        .filter(|it| *it.1)
        .map(|it| &**it.0)
        .collect();
    assert_eq!(fits, ["en", "FR-ca", "fr_CA"]);
}
