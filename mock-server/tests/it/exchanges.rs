//! The golden exchanges of `fixtures/exchanges`: what is sent, and what must come back. They
//! were written by hand from the sources they name, not from what the server answers.

use crate::orders_desk;
use crate::shop::{self, BASE, CLIENT, LIFE};
use crate::wire::{Answer, Call};
use flexiti_mock::{Mock, Settings};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

#[derive(Debug, Deserialize)]
struct Exchange {
    #[serde(default = "documented")]
    dialect: Vec<String>,
    pair: Option<String>,
    order: Option<Order>,
    request: Request,
    status: u16,
    answer: Value,
}

/// An order that is there before the request is sent.
#[derive(Debug, Deserialize)]
struct Order {
    path: String,
    form: Vec<(String, String)>,
    outcome: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Request {
    method: String,
    path: String,
    query: Option<String>,
    headers: BTreeMap<String, String>,
    form: Option<Vec<(String, String)>>,
    json: Option<Value>,
    body: Option<String>,
}

fn documented() -> Vec<String> {
    vec!["documented".to_owned()]
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures")
}

/// Every file below a folder, as its path from there.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn read(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).unwrap();
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn exchange(id: &str) -> Exchange {
    let value = read(&fixtures().join(format!("exchanges/{id}.json")));
    serde_json::from_value(value).unwrap_or_else(|error| panic!("{id}: {error}"))
}

/// The ids of a folder's cases: `token/accept/refresh`.
fn ids(folder: &str) -> Vec<String> {
    let ids: Vec<String> = files(&fixtures().join("exchanges").join(folder))
        .iter()
        .map(|path| format!("{folder}/{}", path.file_stem().unwrap().to_str().unwrap()))
        .collect();
    assert!(!ids.is_empty(), "{folder} is empty");
    ids
}

const ENDPOINTS: [&str; 6] = [
    "token",
    "init",
    "notification",
    "calculator",
    "availability",
    "learn_more",
];

#[test]
fn every_file_conforms_to_the_schema_and_lies_in_a_folder_that_is_run() {
    let schema = read(&fixtures().join("exchange.schema.json"));
    jsonschema::meta::validate(&schema).expect("a schema");
    let validator = jsonschema::validator_for(&schema).unwrap();
    let run: BTreeSet<PathBuf> = ENDPOINTS
        .iter()
        .flat_map(|endpoint| [format!("{endpoint}/accept"), format!("{endpoint}/reject")])
        .flat_map(|folder| ids(&folder))
        .map(|id| fixtures().join(format!("exchanges/{id}.json")))
        .collect();
    for path in files(&fixtures().join("exchanges")) {
        let errors: Vec<String> = validator
            .iter_errors(&read(&path))
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{}: {errors:?}", path.display());
        assert!(run.contains(&path), "{} is never run", path.display());
    }
}

#[test]
fn every_refusal_differs_from_an_accepted_request_in_one_place() {
    for folder in ENDPOINTS {
        for id in ids(&format!("{folder}/reject")) {
            let refused = exchange(&id);
            let Some(pair) = &refused.pair else { continue };
            let accepted = exchange(&format!("{folder}/accept/{pair}"));
            let places = differences(&refused.request, &accepted.request);
            let both = |dialect| accepted.dialect.contains(dialect);
            if places.is_empty() {
                let in_both = refused.dialect.iter().any(both);
                assert!(!in_both, "{id} and {pair} say the same of one dialect");
            } else {
                assert_eq!(places.len(), 1, "{id} and {pair} differ in {places:?}");
                assert!(
                    refused.dialect.iter().all(both),
                    "{id} and {pair}: dialects"
                );
            }
        }
    }
    for endpoint in ENDPOINTS {
        for id in ids(&format!("{endpoint}/accept")) {
            assert_eq!(exchange(&id).pair, None, "{id}: only refusals have a pair");
        }
    }
}

/// The places in which two requests differ.
fn differences(left: &Request, right: &Request) -> BTreeSet<String> {
    let (left, right) = (places(left), places(right));
    let all: BTreeSet<&String> = left.keys().chain(right.keys()).collect();
    let differs = |place: &&String| left.get(*place) != right.get(*place);
    all.into_iter().filter(differs).cloned().collect()
}

fn places(request: &Request) -> BTreeMap<String, String> {
    let mut places: BTreeMap<String, String> = request
        .headers
        .iter()
        .map(|(name, value)| (format!("header {name}"), value.clone()))
        .collect();
    places.insert("method".into(), request.method.clone());
    places.insert("path".into(), request.path.clone());
    places.insert("query".into(), format!("{:?}", request.query));
    places.insert("body".into(), format!("{:?}", request.body));
    for (name, value) in request.form.iter().flatten() {
        // A name that stands twice has both its values in one place.
        let values = places.entry(format!("form {name}")).or_default();
        *values = format!("{values} {value:?}");
    }
    if let Some(json) = &request.json {
        leaves("json", json, &mut places);
    }
    places
}

fn leaves(place: &str, value: &Value, into: &mut BTreeMap<String, String>) {
    match value {
        // Blocks of an address are one step further in; nothing else is.
        Value::Object(members) if !members.is_empty() && place.matches('/').count() < 2 => {
            for (name, value) in members {
                leaves(&format!("{place}/{name}"), value, into);
            }
        }
        value => {
            into.insert(place.to_owned(), value.to_string());
        }
    }
}

#[test]
fn accepted_token_requests_get_their_tokens() {
    run("token/accept", |id, _, _, answer| {
        let body = answer.json();
        for key in ["access_token", "refresh_token"] {
            let token = shop::text(&body, key);
            let hex = token
                .bytes()
                .all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
            assert!(hex && token.len() == 40, "{id}: {key} {token}");
        }
    });
}

#[test]
fn refused_token_requests_get_their_refusals() {
    run("token/reject", |_, _, _, _| {});
}

#[test]
fn accepted_init_requests_open_an_order_with_a_page() {
    run("init/accept", |id, dialect, mock, answer| {
        let body = answer.json();
        let order = &body["online_order_id"];
        let as_text = dialect == "hyperswitch";
        assert_eq!(order.is_string(), as_text, "{id}: {order}");
        assert_eq!(order.is_u64(), !as_text, "{id}: {order}");
        let url = shop::text(&body, "redirection_url");
        let origin = format!("http://{}/", mock.address());
        assert!(url.starts_with(&origin), "{id}: {url}");
        let page = Call::get(&shop::path_of(&url)).send(mock.address());
        assert_eq!(page.status, 200, "{id}");
        assert!(page.text().contains("<html"), "{id}");
    });
}

#[test]
fn refused_init_requests_get_their_refusals() {
    run("init/reject", |id, _, _, answer| {
        let body = answer.json();
        assert_eq!(body["online_order_id"], Value::Null, "{id}");
    });
}

#[test]
fn notifications_tell_what_became_of_an_order_or_are_refused() {
    run("notification/accept", |_, _, _, _| {});
    run("notification/reject", |id, _, _, answer| {
        assert_eq!(answer.json()["transaction_id"], Value::Null, "{id}");
    });
}

#[test]
fn prices_are_answered_with_a_plan_or_refused() {
    run("calculator/accept", |id, _, _, answer| {
        let html = shop::text(&answer.json(), "htmlRender");
        assert!(html.contains("lang="), "{id}: {html}");
    });
    run("calculator/reject", |id, _, _, answer| {
        assert_eq!(answer.json()["paymentPlan"], Value::Null, "{id}");
    });
}

#[test]
fn availability_and_learn_more_are_answered_or_refused() {
    for folder in [
        "availability/accept",
        "availability/reject",
        "learn_more/reject",
    ] {
        run(folder, |_, _, _, _| {});
    }
    run("learn_more/accept", |id, _, _, answer| {
        let body = answer.json();
        assert!(body["online_order_id"].is_u64(), "{id}: {body}");
        shop::text(&body, "redirection_url");
    });
}

/// Runs every case of a folder in each of its dialects; `look` judges what no file can say.
fn run(folder: &str, look: impl Fn(&str, &str, &Mock, &Answer)) {
    let mut wrong = Vec::new();
    for id in ids(folder) {
        let case = exchange(&id);
        for dialect in &case.dialect {
            let mock = server(dialect);
            let order = case.order.as_ref().map(|order| open(&mock, order));
            let order = order.unwrap_or_default();
            let answer = call(&mock, &case.request, &order).send(mock.address());
            let expected = with_order(&case.answer, &order);
            let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
            if answer.status != case.status || !holds(&body, &expected) {
                let expected = format!("{} {expected}", case.status);
                let got = format!(
                    "{} {}",
                    answer.status,
                    String::from_utf8_lossy(&answer.body)
                );
                wrong.push(format!(
                    "{id} ({dialect})\n  expected {expected}\n  got      {got}"
                ));
            } else {
                look(&id, dialect, &mock, &answer);
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn server(dialect: &str) -> Mock {
    shop::start(&Settings {
        dialect: dialect.to_owned(),
        ..Settings::read(&fixtures().join("merchants.toml")).unwrap()
    })
}

/// Opens an order and makes it come to what the case says; the id that init gave.
fn open(mock: &Mock, order: &Order) -> Value {
    let path = format!("{BASE}{}", order.path.replace("{client_id}", CLIENT));
    let answer = shop::init_call(&path, &shop::token(mock))
        .form(&order.form)
        .send(mock.address());
    assert_eq!(answer.status, 200, "{}", answer.text());
    let id = answer.json()["online_order_id"].clone();
    if let Some(outcome) = &order.outcome {
        orders_desk::complete(mock, &digits(&id), outcome);
    }
    id
}

/// An id as it stands in a path, be it a number or a text.
fn digits(id: &Value) -> String {
    id.to_string().replace('"', "")
}

/// An expected answer with the id that init gave in its place.
fn with_order(answer: &Value, id: &Value) -> Value {
    let filled = answer
        .to_string()
        .replace("\"{{order_id}}\"", &id.to_string());
    serde_json::from_str(&filled).unwrap()
}

fn call(mock: &Mock, request: &Request, order: &Value) -> Call {
    let tokens = Placeholders::fill(mock, request);
    let path = request.path.replace("{client_id}", CLIENT);
    let path = path.replace("{order_id}", &digits(order));
    let query = request.query.as_ref().map(|query| format!("?{query}"));
    let mut call = Call::new(
        &request.method,
        &format!("{BASE}{path}{}", query.unwrap_or_default()),
    );
    for (name, value) in &request.headers {
        call = call.header(name, &tokens.in_text(value));
    }
    match request {
        Request {
            form: Some(pairs), ..
        } => {
            let pairs = pairs
                .iter()
                .map(|(name, value)| (name, tokens.in_text(value)));
            call.form(&pairs.collect::<Vec<_>>())
        }
        Request {
            json: Some(json), ..
        } => call.json(json),
        _ => call.body(request.body.clone().unwrap_or_default()),
    }
}

/// The values of the placeholders that a request uses.
struct Placeholders(Vec<(&'static str, String)>);

impl Placeholders {
    fn fill(mock: &Mock, request: &Request) -> Self {
        let used = format!("{request:?}");
        let mut values = Vec::new();
        let customer = [shop::GRANT, ("scope", "customer")];
        let customer = || shop::tokens_of(mock, &shop::demo_token_call(&customer));
        let other = || {
            shop::tokens_of(
                mock,
                &shop::token_call("other", "other-secret", &[shop::GRANT]),
            )
        };
        let mut put = |name: &'static str, get: &dyn Fn() -> Value, key: &str| {
            if used.contains(name) {
                values.push((name, shop::text(&get(), key)));
            }
        };
        put("{{expired_token}}", &|| shop::tokens(mock), "access_token");
        put(
            "{{expired_refresh_token}}",
            &|| shop::tokens(mock),
            "refresh_token",
        );
        if used.contains("{{expired") {
            shop::advance(mock, CLIENT, LIFE);
        }
        put("{{token}}", &|| shop::tokens(mock), "access_token");
        put("{{refresh_token}}", &|| shop::tokens(mock), "refresh_token");
        put("{{customer_token}}", &customer, "access_token");
        put("{{foreign_token}}", &other, "access_token");
        put("{{foreign_refresh_token}}", &other, "refresh_token");
        Self(values)
    }

    fn in_text(&self, text: &str) -> String {
        let filled = self.0.iter().fold(text.to_owned(), |text, (name, value)| {
            text.replace(name, value)
        });
        assert!(!filled.contains("{{"), "an unknown placeholder: {filled}");
        filled
    }
}

/// Whether `whole` holds all of `part`; lists are compared whole, their items in part.
fn holds(whole: &Value, part: &Value) -> bool {
    let members = |whole: &Map<String, Value>, part: &Map<String, Value>| {
        part.iter()
            .all(|(key, part)| whole.get(key).is_some_and(|whole| holds(whole, part)))
    };
    match (whole, part) {
        (Value::Object(whole), Value::Object(part)) => members(whole, part),
        (Value::Array(whole), Value::Array(part)) => {
            whole.len() == part.len() && whole.iter().zip(part).all(|(w, p)| holds(w, p))
        }
        (whole, part) => whole == part,
    }
}

#[test]
fn an_answer_that_says_less_or_something_else_does_not_hold() {
    let part = serde_json::json!({"a": [{"b": 1}]});
    for (whole, expected) in [
        (serde_json::json!({"a": [{"b": 1, "c": 2}], "d": 3}), true),
        (serde_json::json!({"a": [{"b": 1}, {"b": 1}]}), false),
        (serde_json::json!({"a": [{"b": 2}]}), false),
        (serde_json::json!({"a": {}}), false),
        (serde_json::json!({}), false),
    ] {
        assert_eq!(holds(&whole, &part), expected, "{whole}");
    }
}
