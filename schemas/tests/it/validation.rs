use crate::consistency::rulebook;
use flexiti_contract::{Contract, Endpoint, ErrorId, Flow, Given, Lang, Msg, Parameters, Rulebook};
use serde_json::{Value, json};

fn buy() -> Value {
    let mut request = json!({
        "x-reference-id": "0123456789abcdef0123456789abcdef",
        "customer_id": "1293836", "lang": "fr", "flow": "buy", "amount_requested": "499.99",
    });
    for block in ["billing_information", "shipping_information"] {
        for (field, value) in [
            ("first_name", "Zoé"),
            ("last_name", "Côté"),
            ("address_1", "1 rue de l'Église"),
            ("address_2", ""),
            ("city", "Québec"),
            ("province", "QC"),
            ("postal_code", "G1A1A1"),
        ] {
            request[format!("{block}.{field}")] = json!(value);
        }
    }
    request
}

fn broken(rulebook: &Rulebook, request: &Value) -> Vec<(String, String, Option<Msg>)> {
    let violations = rulebook.check(Endpoint::InitV2, request);
    let row = |v: flexiti_contract::Violation| (v.clause.to_owned(), v.param, v.msg);
    violations.into_iter().map(row).collect()
}

#[test]
fn a_purchase_with_accents_is_valid_as_documented_and_not_ascii_when_strict() {
    assert_eq!(broken(&rulebook("documented"), &buy()), []);
    let violations = broken(&rulebook("strict"), &buy());
    assert_eq!(violations.len(), 8);
    assert!(
        violations
            .iter()
            .all(|(clause, _, _)| clause == "init.text.ascii")
    );
}

#[test]
fn all_violations_are_reported_in_the_contracts_order_once_for_each_parameter() {
    let mut request = buy();
    let object = request.as_object_mut().unwrap();
    object.remove("shipping_information.city");
    object.remove("billing_information.city");
    object.remove("x-reference-id");
    object.insert("amount_requested".into(), json!("-10,505"));
    object.insert("dob".into(), json!("2001-02-29"));
    object.insert("is_guest".into(), json!({"a": 1}));
    let row = |clause: &str, param: &str, msg| (clause.to_owned(), param.to_owned(), Some(msg));
    assert_eq!(
        broken(&rulebook("documented"), &request),
        [
            row(
                "init.reference_id.required",
                "x-reference-id",
                Msg::Required
            ),
            row("init.is_guest.type", "is_guest", Msg::Type),
            row(
                "init.amount_requested.separator",
                "amount_requested",
                Msg::Invalid
            ),
            row("init.dob.format", "dob", Msg::Invalid),
            row(
                "init.billing_information.required",
                "billing_information.city",
                Msg::Required
            ),
            row(
                "init.shipping_information.required",
                "shipping_information.city",
                Msg::Required
            ),
        ]
    );
}

#[test]
fn each_wrong_amount_gets_its_own_word() {
    let rulebook = rulebook("documented");
    for (amount, clause) in [
        ("abc", "type"),
        ("$10", "type"),
        ("1e3", "type"),
        ("", "type"),
        ("10,50", "separator"),
        ("1,000.00", "separator"),
        ("0.00", "positive"),
        ("-5", "positive"),
        ("499.999", "precision"),
        ("10000000000000000", "precision"),
    ] {
        let mut request = buy();
        request["amount_requested"] = json!(amount);
        let clauses: Vec<_> = broken(&rulebook, &request)
            .into_iter()
            .map(|row| row.0)
            .collect();
        assert_eq!(
            clauses,
            [format!("init.amount_requested.{clause}")],
            "{amount}"
        );
    }
}

#[test]
fn buy_needs_an_identity_and_apply_does_not() {
    let rulebook = rulebook("documented");
    let mut request = buy();
    request.as_object_mut().unwrap().remove("customer_id");
    assert_eq!(broken(&rulebook, &request)[0].0, "init.buy.identity");
    request["vcc"] = json!("1070015210367982");
    assert_eq!(broken(&rulebook, &request), []);
    request.as_object_mut().unwrap().remove("vcc");
    request["flow"] = json!("Apply/Buy");
    assert_eq!(broken(&rulebook, &request), []);
}

#[test]
fn spellings_of_flow_and_language_have_one_meaning() {
    let rulebook = rulebook("documented");
    for spelling in ["apply/buy", "Apply/Buy", "apply_buy", "applybuy"] {
        assert_eq!(rulebook.flow(spelling), Some(Flow::ApplyBuy), "{spelling}");
    }
    assert_eq!(rulebook.flow("BUY"), Some(Flow::Buy));
    assert_eq!(rulebook.flow("apply buy"), None);
    for (spelling, lang) in [
        ("fr", Lang::Fr),
        ("FR-ca", Lang::Fr),
        ("en-FR", Lang::Fr),
        ("En-CA", Lang::En),
        ("zh", Lang::En),
    ] {
        assert_eq!(Lang::of(spelling), lang, "{spelling}");
    }
}

#[test]
fn the_token_style_changes_the_words_not_the_meaning() {
    let contract = flexiti_contract::Contract::shipped();
    let nos3 = contract
        .dialect("documented")
        .unwrap()
        .with_answer("token_style", json!("nos3"), contract.sources())
        .unwrap();
    let nos3 = Rulebook::compile(contract, nos3)
        .unwrap()
        .refusal(ErrorId::TokenUnknown);
    let nos2 = rulebook("documented").refusal(ErrorId::TokenUnknown);
    for refusal in [&nos2, &nos3] {
        assert_eq!(refusal.status.as_u16(), 401);
        assert_eq!(refusal.error, "invalid_token");
    }
    assert_ne!(nos2.message, nos3.message);
}

/// A request of `endpoint` in which each parameter has its sample at `at`, where it has so many.
fn of_samples(endpoint: Endpoint, at: usize) -> Parameters<'static> {
    let mut parameters = Parameters::default();
    for param in Contract::shipped().params(endpoint) {
        if let Some(sample) = param.samples.get(at) {
            parameters.insert(param, Given::Text(sample.into()));
        }
    }
    parameters
}

#[test]
fn parameters_of_a_request_are_judged_as_the_object_that_they_make() {
    let mut wrong = 0;
    for dialect in Contract::shipped().dialect_names() {
        let rulebook = rulebook(dialect);
        for endpoint in Endpoint::ALL {
            for at in 0..20 {
                let parameters = of_samples(*endpoint, at);
                let found = rulebook.check_parameters(*endpoint, &parameters);
                let object = parameters.to_object().into();
                let expected = rulebook.check(*endpoint, &object);
                let json = |violations| serde_json::to_value(violations).unwrap();
                assert_eq!(json(&found), json(&expected), "{dialect} {endpoint:?} {at}");
                wrong += found.len();
            }
        }
    }
    assert!(wrong > 100, "the samples are good and bad: {wrong}");
}
