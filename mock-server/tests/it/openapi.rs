//! The OpenAPI document describes the admin API too, and the server answers as it says.

use crate::shop::{APPLY, admin, order, server};
use serde_json::{Value, json};

fn document() -> Value {
    let mock = server("documented");
    admin(&mock, "GET", "/openapi.json", &Value::Null).json()
}

/// A schema of the document with the components it refers to.
fn with_components(document: &Value, schema: &Value) -> jsonschema::Validator {
    let mut whole = schema.clone();
    whole["components"] = document["components"].clone();
    jsonschema::validator_for(&whole).unwrap()
}

#[test]
fn the_shapes_of_the_admin_api_have_names() {
    let document = document();
    for name in [
        "MerchantView",
        "ExchangeSummary",
        "FaultPlan",
        "ClockView",
        "OrderView",
        "Failure",
        "Error",
    ] {
        let schema = &document["components"]["schemas"][name];
        assert!(
            schema["type"] == "object" || schema["allOf"].is_array(),
            "{name}: {schema}"
        );
    }
    let paths = document["paths"].as_object().unwrap();
    let ids: Vec<&Value> = paths
        .values()
        .flat_map(|item| item.as_object().unwrap().values())
        .filter_map(|operation| operation.get("operationId"))
        .collect();
    for (at, id) in ids.iter().enumerate() {
        assert!(!ids[..at].contains(id), "{id} stands twice");
    }
}

#[test]
fn what_the_server_answers_keeps_the_schema() {
    let mock = server("documented");
    let document = admin(&mock, "GET", "/openapi.json", &Value::Null).json();
    let id = order(&mock, &APPLY)["online_order_id"].clone();
    let outcome = json!({"outcome": "approved", "settle_after": {"polls": 1}});
    let plan = json!({"faults": [{"match": {"endpoint": "token", "probability": 0.5},
        "action": {"type": "delay_uniform", "min_ms": 1, "max_ms": 2}}]});
    let never = json!({"match": {"params": {"lang": "fr"}}});
    let mut seen = 0;
    for (method, path, template, body, status) in [
        ("GET", "/health", "/health", Value::Null, 200),
        ("GET", "/merchants", "/merchants", Value::Null, 200),
        ("POST", "/merchants", "/merchants", json!({}), 201),
        (
            "GET",
            "/merchants/flexitidemo",
            "/merchants/{client_id}",
            Value::Null,
            200,
        ),
        (
            "PATCH",
            "/merchants/flexitidemo",
            "/merchants/{client_id}",
            json!({"provisioned": true}),
            200,
        ),
        (
            "PUT",
            "/merchants/flexitidemo/clock",
            "/merchants/{client_id}/clock",
            json!({"frozen": true}),
            200,
        ),
        (
            "GET",
            "/merchants/flexitidemo/dialect",
            "/merchants/{client_id}/dialect",
            Value::Null,
            200,
        ),
        (
            "PUT",
            "/merchants/flexitidemo/faults",
            "/merchants/{client_id}/faults",
            plan,
            200,
        ),
        ("GET", "/requests", "/requests", Value::Null, 200),
        ("GET", "/requests/1", "/requests/{id}", Value::Null, 200),
        (
            "POST",
            "/requests/verify",
            "/requests/verify",
            json!({}),
            200,
        ),
        ("POST", "/requests/verify", "/requests/verify", never, 422),
        ("GET", "/orders", "/orders", Value::Null, 200),
        (
            "POST",
            &format!("/orders/{id}/complete"),
            "/orders/{id}/complete",
            outcome,
            200,
        ),
        ("GET", "/orders/1", "/orders/{id}", Value::Null, 404),
        (
            "POST",
            "/merchants",
            "/merchants",
            json!({"colour": 1}),
            400,
        ),
    ] {
        let described = &document["paths"][format!("/__admin{template}")][method.to_lowercase()];
        if !body.is_null() && status < 400 {
            let schema = &described["requestBody"]["content"]["application/json"]["schema"];
            let validator = with_components(&document, schema);
            assert!(validator.is_valid(&body), "{method} {path}: {body}");
        }
        let answer = admin(&mock, method, path, &body);
        assert_eq!(answer.status, status, "{method} {path}: {}", answer.text());
        let responses = &described["responses"];
        let described = responses.get(status.to_string());
        let described = described.unwrap_or(&responses["default"]);
        let schema = &described["content"]["application/json"]["schema"];
        let wrong = with_components(&document, schema);
        let wrong = wrong
            .iter_errors(&answer.json())
            .map(|e| e.to_string())
            .next();
        assert_eq!(wrong, None, "{method} {path}: {}", answer.text());
        seen += 1;
    }
    assert_eq!(seen, 16);
}
