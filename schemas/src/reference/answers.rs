//! Example answers, and what their members mean.

use super::document::{Block, Cell, Inline, Text, code, is_guess, link, plain, prose, table};
use super::requests::order_id;
use crate::dialect::{ErrorShape, TokenShape};
use crate::endpoint::Endpoint;
use crate::error::Msg;
use crate::rulebook::Rulebook;
use crate::vocabulary::Refusal;
use crate::wording::alternatives;
use serde_json::{Map, Value, json};

/// A block with an answer's body.
pub(super) fn body(answer: &Value) -> Block {
    Block::Code {
        language: "json",
        text: serde_json::to_string_pretty(answer).unwrap_or_default(),
    }
}

/// The answer to a token request.
pub(super) fn token(rulebook: &Rulebook) -> Value {
    let dialect = rulebook.dialect();
    let (access, refresh) = match rulebook.knobs().token_shape {
        TokenShape::Hex40 => (
            "3f9c1d5a7b2e8064c1a9f3d7e5b80246ac13579f",
            "a81b6d0f42c7e935d1f08b64e2a7c9530fd82b17",
        ),
        TokenShape::Opaque => (
            "P5wdWnsuUGTBqfPX5bgCRqwTV58-Xb_uT2mYc0iJ",
            "qBttD0LH6TXR8Itk4qfJUw_YKxcbE0mW9dQ7aZ3h",
        ),
    };
    let mut body = json!({
        "token_type": dialect.answer("token_type"),
        "access_token": access,
        "expires_in": dialect.answer("token_ttl"),
        "refresh_token": refresh,
    });
    if rulebook.knobs().scope_in_answer {
        body["scope"] = json!("merchant");
    }
    body
}

/// The answer to an init request.
pub(super) fn init(rulebook: &Rulebook, base_url: &str, client_id: &str) -> Value {
    let origin = base_url.trim_end_matches('/');
    let origin = origin.strip_suffix("/flexiti/online-api").unwrap_or(origin);
    let template = rulebook.dialect().answer("redirect_url_template");
    let url = template.as_str().unwrap_or_default();
    let url = url
        .replace("{checkout}", &format!("{origin}/checkout/9d2f60c1b7e84a35"))
        .replace("{lang}", "fr")
        .replace("{order_id}", &order_id(rulebook))
        .replace("{client_id}", client_id);
    json!({"online_order_id": id(rulebook, &order_id(rulebook)), "redirection_url": url})
}

/// Notifications: a description, and the body.
pub(super) fn notifications(rulebook: &Rulebook) -> Vec<(&'static str, Value)> {
    let dialect = rulebook.dialect();
    let block = dialect
        .answer("purchase_block_name")
        .as_str()
        .unwrap_or("purchase")
        .to_owned();
    let apply = |word: &str| {
        dialect
            .answer(&format!("apply_status_words.{word}"))
            .clone()
    };
    let purchase =
        |word: &str| json!({"status": dialect.answer(&format!("purchase_status_words.{word}"))});
    let approved =
        || json!({"customer_id": id(rulebook, "1293836"), "apply_status": apply("approved")});
    let knobs = rulebook.knobs();
    let transaction = knobs.transaction_id_is.of(knobs.first_order_id).to_string();
    let build = |flow: &str, applied: Option<Value>, purchased: Option<Value>| {
        let mut body = Map::new();
        body.insert("transaction_id".into(), id(rulebook, &transaction));
        body.insert("flow".into(), json!(flow));
        body.insert("callback_url".into(), json!(""));
        if let Some(applied) = applied {
            body.insert("apply".into(), applied);
        }
        if let Some(purchased) = purchased {
            body.insert(block.clone(), purchased);
        }
        body.insert("date".into(), json!("2022-06-13T22:29:20.276Z"));
        Value::Object(body)
    };
    let mut list = vec![
        ("Apply, approved", build("apply", Some(approved()), None)),
        (
            "Buy, purchased",
            build("buy", None, Some(purchase("purchased"))),
        ),
        (
            "Apply/Buy, approved and purchased",
            build("apply/buy", Some(approved()), Some(purchase("purchased"))),
        ),
    ];
    let ended_early = match dialect.answer("purchase_block_without_purchase").as_str() {
        Some("refused") => Some(purchase("refused")),
        _ => None,
    };
    list.push((
        "Apply/Buy, declined",
        build(
            "apply/buy",
            Some(json!({"apply_status": apply("declined")})),
            ended_early,
        ),
    ));
    match dialect.answer("notification_unfinished").as_str() {
        Some("status_word") => list.push((
            "Apply, the customer has not finished",
            build(
                "apply",
                Some(json!({"apply_status": apply("unfinished")})),
                None,
            ),
        )),
        Some("without_blocks") => list.push((
            "Apply, the customer has not finished",
            build("apply", None, None),
        )),
        _ => {}
    }
    list
}

/// Answers of the calculator: one with a plan and, if the dialect answers 200 without one, one
/// without.
pub(super) fn calculator(rulebook: &Rulebook) -> Vec<(&'static str, Value)> {
    let plan = json!({
        "htmlRender": "<span lang=\"fr\">3 versements mensuels de 166,33\u{a0}$<br>Dernier versement\u{a0}: 166,34\u{a0}$</span>",
        "paymentPlan": {"monthlyPayment": "166.33", "months": "3"},
    });
    let mut list = vec![("A plan fits the price", plan)];
    if rulebook.dialect().answer("calculator_no_plan") == "empty" {
        list.push((
            "No plan fits the price",
            json!({"htmlRender": "", "paymentPlan": null}),
        ));
    }
    list
}

/// A refusal in the dialect's shape.
pub(super) fn refusal(
    rulebook: &Rulebook,
    refusal: &Refusal,
    path: &str,
    field: Option<(&str, Msg, &str)>,
) -> Value {
    let knobs = rulebook.knobs();
    let shape = knobs.error_shape;
    let mut body = Map::new();
    if matches!(shape, ErrorShape::Doc | ErrorShape::Union) {
        body.insert("code".into(), json!(refusal.status.as_u16()));
    }
    body.insert("error".into(), json!(refusal.error));
    if shape != ErrorShape::Pos {
        let named = field.filter(|_| !shape.lists_fields());
        let named = named.map(|(param, msg, _)| format!(" {param}: {}", msg.as_str()));
        let description = format!("{}{}", refusal.message, named.unwrap_or_default());
        body.insert("error_description".into(), json!(description));
    }
    if shape.lists_fields() {
        body.insert("message".into(), json!(refusal.message));
        body.insert("url".into(), json!(path));
        if let Some((param, msg, value)) = field {
            let row = json!([{"param": param, "msg": msg, "value": value}]);
            body.insert(knobs.field_errors_name.as_str().into(), row);
        }
    }
    Value::Object(body)
}

fn id(rulebook: &Rulebook, text: &str) -> Value {
    match text.parse::<u64>() {
        Ok(number) if rulebook.dialect().answer("ids_as") == "integer" => json!(number),
        _ => json!(text),
    }
}

/// The members of an answer, with their meaning and evidence.
pub(super) fn members(rulebook: &Rulebook, endpoint: Endpoint) -> Option<Block> {
    members_of(rulebook, rulebook.response_schema(endpoint)?)
}

/// The members of an answer with any schema, with their meaning and evidence.
pub(super) fn members_of(rulebook: &Rulebook, schema: &Value) -> Option<Block> {
    let mut rows = Vec::new();
    collect(rulebook, schema, "", &mut rows);
    let mut head = vec!["member", "what it is", "value", "evidence"];
    // No clause is about the members of a refusal.
    if rows.iter().flat_map(|row| &row[3]).all(Vec::is_empty) {
        head.truncate(3);
        for row in &mut rows {
            row.truncate(3);
        }
    }
    (!rows.is_empty()).then(|| table(&head, rows))
}

fn collect(rulebook: &Rulebook, schema: &Value, prefix: &str, rows: &mut Vec<Vec<Cell>>) {
    for (name, row) in schema["properties"].as_object().into_iter().flatten() {
        let name = row["x-name"].as_str().unwrap_or(name);
        let path = format!("{prefix}{name}");
        let about = row["description"].as_str().unwrap_or_default();
        let rule = row["x-clause"].as_str().or_else(|| row["x-rule"].as_str());
        let clause = rule.and_then(|id| rulebook.contract().clause(id));
        let evidence: Text = clause.map_or_else(Vec::new, |clause| {
            let mut text = vec![link(format!("clause-{}", clause.id), clause.id.clone())];
            if is_guess(clause.evidence) {
                text.extend([plain(" "), Inline::Badge(clause.evidence)]);
            }
            text
        });
        rows.push(vec![
            vec![vec![code(path.clone())]],
            vec![prose(about)],
            vec![prose(&value(row, path.as_str(), rulebook))],
            vec![evidence],
        ]);
        collect(rulebook, row, &format!("{path}."), rows);
        collect(rulebook, &row["items"], &format!("{path}[]."), rows);
    }
}

/// The value of a member.
fn value(row: &Value, path: &str, rulebook: &Rulebook) -> String {
    let words = |knob: &str| {
        let words = rulebook
            .dialect()
            .answer(knob)
            .as_object()
            .into_iter()
            .flatten();
        let list =
            words.map(|(name, word)| format!("`{}` {name}", word.as_str().unwrap_or_default()));
        list.collect::<Vec<String>>().join(", ")
    };
    if path.ends_with("apply_status") {
        return words("apply_status_words");
    }
    if path.ends_with(".status") {
        return words("purchase_status_words");
    }
    if path.ends_with("apply.customer_id") {
        return value(
            &json!({"type": rulebook.dialect().answer("ids_as")}),
            "",
            rulebook,
        );
    }
    if let Some(word) = row.get("const") {
        return format!(
            "`{}`",
            word.as_str()
                .map_or_else(|| word.to_string(), str::to_owned)
        );
    }
    if let Some(list) = row["enum"].as_array() {
        let list: Vec<&str> = list.iter().filter_map(Value::as_str).collect();
        return alternatives(&list);
    }
    match (row["type"].as_str(), row["pattern"].as_str()) {
        (_, Some("^[0-9a-f]{40}$")) => "40 hexadecimal digits, lower case".to_owned(),
        (_, Some(pattern)) if pattern.contains("[0-9A-Za-z._~+/-]*=*") => {
            "a text that can stand in a header".to_owned()
        }
        (_, Some(pattern)) if pattern.contains("://") => "an absolute URL".to_owned(),
        (_, Some("^[0-9]+[.][0-9]{2}$")) => "a string with two decimals".to_owned(),
        (_, Some("^[1-9][0-9]*$")) => "a string of digits".to_owned(),
        (_, Some(_)) => "a string such as `2022-06-13T22:29:20.276Z`".to_owned(),
        (Some("integer"), _) => "a number".to_owned(),
        (Some("array"), _) => "a list".to_owned(),
        (Some("object"), _) => "an object".to_owned(),
        (Some(name), _) => format!("a {name}"),
        (None, _) if row.get("properties").is_some() => "an object".to_owned(),
        (None, _) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Contract;

    /// Each shipped dialect, and one with the answers that no shipped one has.
    fn rulebooks() -> Vec<Rulebook> {
        let contract = Contract::shipped();
        let names = contract.dialect_names().into_iter();
        let mut dialects: Vec<_> = names.map(|name| contract.dialect(name).unwrap()).collect();
        let mut other = contract.dialect("documented").unwrap();
        for (knob, answer) in [
            ("notification_unfinished", "status_word"),
            ("purchase_block_name", "buy"),
            ("calculator_no_plan", "not_found"),
        ] {
            other = other
                .with_answer(knob, json!(answer), contract.sources())
                .unwrap();
        }
        dialects.push(other);
        let compile = |dialect| Rulebook::compile(contract, dialect).unwrap();
        dialects.into_iter().map(compile).collect()
    }

    #[test]
    fn the_examples_are_answers_that_the_contract_accepts() {
        for rulebook in rulebooks() {
            let name = &rulebook.dialect().name;
            let mut shown = vec![
                (Endpoint::Token, token(&rulebook)),
                (
                    Endpoint::InitV2,
                    init(&rulebook, "http://127.0.0.1:4359/flexiti/online-api", "a"),
                ),
                (Endpoint::Calculator, calculator(&rulebook)[0].1.clone()),
            ];
            let told = notifications(&rulebook).into_iter();
            shown.extend(told.map(|(_, body)| (Endpoint::NotificationOrder, body)));
            for (endpoint, body) in shown {
                let broken = rulebook.check_response(endpoint, &body);
                assert!(broken.is_empty(), "{name}: {body}: {broken:?}");
            }
            let refused = rulebook.refusal_of("init.lang.values").unwrap();
            for field in [None, Some(("lang", Msg::Invalid, "??"))] {
                let body = refusal(&rulebook, &refused, "/x", field);
                assert_eq!(rulebook.check_error_body(&body), None, "{name}: {body}");
            }
        }
    }

    #[test]
    fn every_member_of_an_example_is_explained() {
        for rulebook in rulebooks() {
            let explained = |endpoint| -> String { format!("{:?}", members(&rulebook, endpoint)) };
            for (endpoint, body) in [
                (Endpoint::Token, token(&rulebook)),
                (Endpoint::InitPlain, init(&rulebook, "http://x", "a")),
                (
                    Endpoint::NotificationOrder,
                    notifications(&rulebook)[2].1.clone(),
                ),
                (Endpoint::Calculator, calculator(&rulebook)[0].1.clone()),
            ] {
                let text = explained(endpoint);
                for (name, value) in body.as_object().unwrap() {
                    assert!(
                        text.contains(&format!("Code(\"{name}\")")),
                        "{name}: {text}"
                    );
                    for inner in value.as_object().into_iter().flat_map(Map::keys) {
                        assert!(text.contains(&format!("{name}.{inner}")), "{inner}: {text}");
                    }
                }
            }
        }
    }
}
