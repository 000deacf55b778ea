//! Every refusal says what to send instead, and following it helps.

use crate::consistency::rulebook;
use flexiti_contract::{Asserts, Check, Clause, Contract, Endpoint, Rulebook};
use serde_json::{Value, json};

/// Where a clause of the dialect can be broken: each endpoint and parameter, or one place
/// without a parameter for a rule in code.
fn places(rulebook: &Rulebook, clause: &Clause) -> Vec<(Endpoint, String)> {
    if clause.check == Check::Rule {
        let endpoint = clause.endpoints.first().copied();
        let endpoint = endpoint.unwrap_or(Endpoint::InitV2);
        let param = if clause.msg.is_some() { "lang" } else { "" };
        return vec![(endpoint, param.to_owned())];
    }
    let places = rulebook.sites(&clause.id).iter();
    places
        .map(|place| (place.endpoint, place.param.clone()))
        .collect()
}

/// Each refusal of each shipped dialect, with its place and its remedy.
fn each(test: impl Fn(&Rulebook, &Clause, Endpoint, &str, &str)) {
    for name in Contract::shipped().dialect_names() {
        let rulebook = rulebook(name);
        let refusals = rulebook.clauses().filter(|c| c.asserts == Asserts::Refusal);
        for clause in refusals {
            for (endpoint, param) in places(&rulebook, clause) {
                let remedy = rulebook.remedy_at(endpoint, &clause.id, &param);
                test(&rulebook, clause, endpoint, &param, &remedy);
            }
        }
    }
}

fn quoted(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

fn violates(
    rulebook: &Rulebook,
    endpoint: Endpoint,
    request: &Value,
    clause: &str,
    param: &str,
) -> bool {
    let violations = rulebook.check(endpoint, request);
    violations
        .iter()
        .any(|v| v.clause == clause && v.param == param)
}

#[test]
fn every_refusal_of_every_dialect_has_a_concrete_remedy() {
    if std::env::var_os("SHOW").is_some() {
        each(|rulebook, clause, endpoint, param, remedy| {
            println!(
                "{} {endpoint:?} {} {param}: {remedy}",
                rulebook.dialect().name,
                clause.id
            );
        });
    }
    each(|rulebook, clause, _, param, remedy| {
        let place = format!(
            "{} {} {param}: {remedy}",
            rulebook.dialect().name,
            clause.id
        );
        assert!(remedy.len() > 10 && remedy.ends_with('.'), "{place}");
        assert!(
            !remedy.contains(['{', '}']) || remedy.contains('`'),
            "{place}"
        );
        let concrete = remedy.contains('`') || remedy.contains(|c: char| c.is_ascii_digit());
        assert!(concrete || remedy.starts_with("Send "), "{place}");
        for left in [
            "{param}",
            "{values}",
            "{example}",
            "{knob:",
            "{media_types}",
            "null",
        ] {
            let meant = left == "null" && clause.id == "init.parameters.not_null";
            assert!(meant || !remedy.contains(left), "{place}");
        }
        assert!(!remedy.contains("known"), "{place}");
        let backticks = remedy.matches('`').count();
        assert_eq!(backticks % 2, 0, "{place}");
    });
}

/// Something that breaks a clause about the value of one parameter.
fn bad_value(
    rulebook: &Rulebook,
    clause: &Clause,
    endpoint: Endpoint,
    param: &str,
) -> Option<Value> {
    let samples = &Contract::shipped().param(endpoint, param)?.samples;
    let samples = samples.iter().map(|sample| json!(sample));
    let others = [
        json!("é"),
        json!([1]),
        json!("a".repeat(10_001)),
        json!("password"),
    ];
    samples.chain(others).find(|value| {
        let request = json!({ param: value });
        violates(rulebook, endpoint, &request, &clause.id, param)
    })
}

#[test]
fn the_values_that_a_remedy_quotes_are_accepted() {
    let seen = std::cell::Cell::new(0);
    each(|rulebook, clause, endpoint, param, remedy| {
        if clause.check != Check::Request || remedy.contains("a JSON object with") {
            return;
        }
        let place = format!(
            "{} {} {param}: {remedy}",
            rulebook.dialect().name,
            clause.id
        );
        if clause.id.ends_with("required") || clause.id.ends_with("identity") {
            return;
        }
        assert!(
            bad_value(rulebook, clause, endpoint, param).is_some(),
            "{place}"
        );
        for value in quoted(remedy) {
            if value == param || value.starts_with('/') {
                continue;
            }
            let violations = rulebook.check(endpoint, &json!({ param: value }));
            let about = violations.iter().find(|v| v.param == param);
            assert!(about.is_none(), "{place}: {about:?}");
            seen.set(seen.get() + 1);
        }
    });
    assert!(seen.get() > 500, "{}", seen.get());
}

#[test]
fn sending_what_a_remedy_names_makes_up_for_what_was_missing() {
    let contexts = [
        json!({}),
        json!({"flow": "buy"}),
        json!({"flow": "apply/buy"}),
        json!({"grant_type": "refresh_token"}),
        json!({"grant_type": "password"}),
    ];
    each(|rulebook, clause, endpoint, param, remedy| {
        let demands = clause.id.ends_with("required") || clause.id.ends_with("identity");
        if clause.check != Check::Request || !demands {
            return;
        }
        let place = format!(
            "{} {} {param}: {remedy}",
            rulebook.dialect().name,
            clause.id
        );
        let mut broken = contexts
            .iter()
            .filter(|request| violates(rulebook, endpoint, request, &clause.id, param));
        let request = broken.next().unwrap_or_else(|| panic!("{place}"));
        let params = Contract::shipped().params(endpoint).iter();
        let named = params.filter(|row| quoted(remedy).contains(&row.name.as_str()));
        let mut ways = 0;
        // Where both of two are needed, each makes up for its own absence.
        for row in named.filter(|row| row.name == param || clause.id.ends_with("identity")) {
            let mut better = request.clone();
            better[&row.name] = json!(rulebook.allowed(endpoint, &row.name).example);
            let still = violates(rulebook, endpoint, &better, &clause.id, param);
            assert!(!still, "{place}: {better}");
            ways += 1;
        }
        let expected = if clause.id.ends_with("identity") {
            2
        } else {
            1
        };
        assert_eq!(ways, expected, "{place}");
    });
}

#[test]
fn remedies_say_what_a_merchant_has_to_send() {
    for (dialect, clause, param, remedy) in [
        (
            "documented",
            "init.lang.values",
            "lang",
            "Send `en` or `fr`, alone or with a region such as `fr-CA`.",
        ),
        (
            "strict",
            "init.lang.values",
            "lang",
            "Send `en`, `fr`, `En-CA` or `en-FR`.",
        ),
        (
            "documented",
            "init.buy.identity",
            "customer_id",
            "Send `customer_id` or `vcc`.",
        ),
        (
            "strict",
            "init.vcc.length",
            "vcc",
            "Send at most 16 characters.",
        ),
        (
            "documented",
            "init.dob.format",
            "dob",
            "Send an existing date, written YYYY-MM-DD, for example `1988-07-24`.",
        ),
        (
            "strict",
            "token.scope.values",
            "scope",
            "Send `customer` or `merchant`.",
        ),
        (
            "documented",
            "init.parameters.repeated",
            "lang",
            "Send `lang` once.",
        ),
        // It does not hold there.
        ("lenient", "init.parameters.repeated", "lang", ""),
        ("documented", "no.such.clause", "", ""),
    ] {
        assert_eq!(rulebook(dialect).remedy(clause, param), remedy, "{clause}");
    }
    let strict = rulebook("strict");
    let on_v2 = strict.remedy_at(Endpoint::InitV2, "init.flow.required", "flow");
    assert!(!on_v2.contains("`apply`"), "{on_v2}");
}

#[test]
fn a_pattern_of_somebodys_own_is_quoted_with_a_sample_that_fits() {
    let contract = Contract::shipped();
    let dialect = contract.dialect("documented").unwrap();
    let dialect = dialect
        .with_answer(
            "lang_values",
            json!("^(?:zh-Hans-CN|de)$"),
            contract.sources(),
        )
        .unwrap();
    let rulebook = Rulebook::compile(contract, dialect).unwrap();
    assert_eq!(
        rulebook.remedy("init.lang.values", "lang"),
        "Send text that matches `^(?:zh-Hans-CN|de)$`, for example `de`."
    );
}

#[test]
fn every_pattern_of_a_shipped_dialect_is_put_into_words_that_fit_it() {
    let contract = Contract::shipped();
    let schema = contract.sources().json("meta/dialect.schema.json").unwrap();
    let mut worded = Vec::new();
    let rows = schema["properties"]["answers"]["properties"].as_object();
    let mut used = Vec::new();
    for row in rows.unwrap().values() {
        let known = row["x-evidence"].as_array().into_iter().flatten();
        let known = known.filter_map(|known| known["answer"].as_str());
        let patterns = known.filter(|text| text.starts_with('^'));
        used.extend(patterns.map(str::to_owned));
        for words in row["x-words"].as_array().into_iter().flatten() {
            let pattern = words["answer"].as_str().unwrap().to_owned();
            let values = words["values"].as_array().into_iter().flatten();
            for value in values {
                let value = value.as_str().unwrap();
                assert!(
                    jsonschema_matches(&pattern, value),
                    "{pattern} does not match {value}"
                );
            }
            assert!(words.get("values").is_some() || words.get("words").is_some());
            worded.push(pattern);
        }
    }
    for name in contract.dialect_names() {
        for answer in contract.dialect(name).unwrap().answers.values() {
            let entries = answer.as_object().into_iter().flat_map(|map| map.values());
            let texts = entries.chain([answer]).filter_map(Value::as_str);
            let patterns = texts.filter(|text| text.starts_with('^'));
            used.extend(patterns.map(str::to_owned));
        }
    }
    for pattern in &used {
        assert!(worded.contains(pattern), "no words for {pattern}");
    }
    for pattern in &worded {
        assert!(used.contains(pattern), "no dialect answers {pattern}");
    }
}

fn jsonschema_matches(pattern: &str, value: &str) -> bool {
    jsonschema::is_valid(&json!({ "pattern": pattern }), &json!(value))
}
