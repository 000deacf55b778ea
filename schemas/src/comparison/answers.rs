//! Differences between two answers to the same request, ignoring what changes from call to call.
//! Pure.

use super::normal::{scalar, text};
use super::view::AnswerView;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// The headers to compare, besides the media type.
const HEADERS: [&str; 4] = ["www-authenticate", "cache-control", "allow", "location"];

/// An aspect in which two answers differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Aspect {
    /// Granted, redirected, refused, failed, or no answer at all.
    Outcome,
    /// The status.
    Status,
    /// The error word.
    Error,
    /// The parameters that a refusal names.
    Fields,
    /// The message about a parameter.
    Msg,
    /// Whether a JSON member is present.
    Member,
    /// The type of a JSON value.
    Type,
    /// A JSON value.
    Value,
    /// The text of a body that is not JSON.
    Body,
    /// The media type.
    MediaType,
    /// A header.
    Header,
}

/// One difference between two answers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Difference {
    /// What differs.
    pub aspect: Aspect,
    /// Where: a JSON pointer, a parameter, or the name of a header.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub at: String,
    /// The left answer, normalized.
    pub left: String,
    /// The right answer, normalized.
    pub right: String,
}

impl Difference {
    fn new(
        aspect: Aspect,
        at: &str,
        left: impl Into<String>,
        right: impl Into<String>,
    ) -> Option<Self> {
        let (left, right) = (left.into(), right.into());
        (left != right).then(|| Self {
            aspect,
            at: at.to_owned(),
            left,
            right,
        })
    }

    /// What differs, in words.
    pub fn what(&self) -> String {
        match self.aspect {
            Aspect::Outcome => "outcome".to_owned(),
            Aspect::Status => "status".to_owned(),
            Aspect::Error => "error".to_owned(),
            Aspect::Fields => "parameters".to_owned(),
            Aspect::MediaType => "content-type".to_owned(),
            Aspect::Body => "body".to_owned(),
            Aspect::Msg => format!("msg of {}", self.at),
            Aspect::Type => format!("type of {}", self.at),
            Aspect::Member | Aspect::Value | Aspect::Header => self.at.clone(),
        }
    }

    /// The difference on one line.
    pub fn line(&self) -> String {
        let what = self.what();
        let cut = |text: &str| match text.char_indices().nth(80) {
            Some((at, _)) => format!("{}…", &text[..at]),
            None => text.to_owned(),
        };
        format!("{what}: {} | {}", cut(&self.left), cut(&self.right))
    }
}

/// Lists how two answers differ; `None` stands for a server that did not answer.
pub fn compare(left: Option<AnswerView<'_>>, right: Option<AnswerView<'_>>) -> Vec<Difference> {
    let outcomes = [left, right].map(outcome);
    if let Some(difference) = Difference::new(Aspect::Outcome, "", outcomes[0], outcomes[1]) {
        return vec![difference];
    }
    let (Some(left), Some(right)) = (left, right) else {
        return Vec::new();
    };
    let mut found: Vec<Difference> = Vec::new();
    found.extend(Difference::new(
        Aspect::Status,
        "",
        left.status.to_string(),
        right.status.to_string(),
    ));
    found.extend(Difference::new(
        Aspect::MediaType,
        "",
        media_type(left),
        media_type(right),
    ));
    for name in HEADERS {
        let [left, right] = [left, right].map(|answer| match answer.header(name) {
            Some(value) => text(value),
            None => "none".to_owned(),
        });
        found.extend(Difference::new(Aspect::Header, name, left, right));
    }
    bodies(left, right, &mut found);
    found
}

fn outcome(answer: Option<AnswerView<'_>>) -> &'static str {
    match answer.map(|answer| answer.status) {
        None => "no answer",
        Some(200..300) => "granted",
        Some(300..400) => "redirected",
        Some(400..500) => "refused",
        Some(_) => "failed",
    }
}

fn media_type(answer: AnswerView<'_>) -> String {
    let declared = answer.header("content-type").unwrap_or("none");
    declared.to_ascii_lowercase().replace(' ', "")
}

fn bodies(left: AnswerView<'_>, right: AnswerView<'_>, found: &mut Vec<Difference>) {
    match (left.json(), right.json()) {
        (Some(mut a), Some(mut b)) => {
            if left.status >= 400 {
                refusals(left, right, [&mut a, &mut b], found);
            }
            walk("", "", &a, &b, found);
        }
        // Every server has its own pages.
        (None, None) if left.is_html() && right.is_html() => {}
        (None, None) => {
            let [a, b] = [left, right].map(|answer| text(&String::from_utf8_lossy(answer.body)));
            found.extend(Difference::new(Aspect::Body, "", a, b));
        }
        (a, b) => {
            let [a, b] = [a, b].map(|body| if body.is_some() { "JSON" } else { "not JSON" });
            found.extend(Difference::new(Aspect::Body, "", a, b));
        }
    }
}

/// Compares the words of two refusals, and removes these from the bodies.
fn refusals(
    left: AnswerView<'_>,
    right: AnswerView<'_>,
    bodies: [&mut Value; 2],
    found: &mut Vec<Difference>,
) {
    let [a, b] = bodies;
    if let (Some(Value::String(left)), Some(Value::String(right))) =
        (a.get("error"), b.get("error"))
    {
        found.extend(Difference::new(Aspect::Error, "", left, right));
        take(a, "error");
        take(b, "error");
    }
    let lists = left.field_errors().zip(right.field_errors());
    let Some(((left_name, left), (right_name, right))) = lists else {
        return;
    };
    found.extend(Difference::new(
        Aspect::Member,
        "list of parameters",
        left_name,
        right_name,
    ));
    let names = |list: &[(String, String)]| -> String {
        let names: Vec<&str> = list.iter().map(|(param, _)| param.as_str()).collect();
        names.join(", ")
    };
    found.extend(Difference::new(
        Aspect::Fields,
        "",
        names(&left),
        names(&right),
    ));
    for (param, msg) in &left {
        let other = right.iter().find(|(other, _)| other == param);
        found.extend(other.and_then(|(_, other)| Difference::new(Aspect::Msg, param, msg, other)));
    }
    take(a, left_name);
    take(b, right_name);
}

fn take(body: &mut Value, member: &str) {
    if let Some(object) = body.as_object_mut() {
        object.shift_remove(member);
    }
}

/// Compares two JSON values; `name` is that of the member that holds them.
fn walk(at: &str, name: &str, left: &Value, right: &Value, found: &mut Vec<Difference>) {
    match (left, right) {
        (Value::Object(a), Value::Object(b)) => members(at, a, b, found),
        (Value::Array(a), Value::Array(b)) => {
            let count = |list: &[Value]| format!("{} items", list.len());
            found.extend(Difference::new(Aspect::Value, at, count(a), count(b)));
            for (index, (a, b)) in a.iter().zip(b).enumerate() {
                walk(&format!("{at}/{index}"), name, a, b, found);
            }
        }
        _ if kind(left) != kind(right) => {
            found.extend(Difference::new(Aspect::Type, at, kind(left), kind(right)));
        }
        _ => {
            let [left, right] = [left, right].map(|value| scalar(name, value));
            found.extend(Difference::new(Aspect::Value, at, left, right));
        }
    }
}

fn members(
    at: &str,
    left: &Map<String, Value>,
    right: &Map<String, Value>,
    found: &mut Vec<Difference>,
) {
    let names: BTreeSet<&String> = left.keys().chain(right.keys()).collect();
    for name in names {
        let at = format!("{at}/{name}");
        match (left.get(name), right.get(name)) {
            (Some(left), Some(right)) => walk(&at, name, left, right, found),
            (left, right) => {
                let [left, right] = [left, right].map(|value| match value {
                    Some(_) => "present",
                    None => "absent",
                });
                found.extend(Difference::new(Aspect::Member, &at, left, right));
            }
        }
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Answer {
        status: u16,
        headers: Vec<(String, String)>,
        body: Vec<u8>,
    }

    impl Answer {
        fn view(&self) -> AnswerView<'_> {
            AnswerView {
                status: self.status,
                headers: &self.headers,
                body: &self.body,
            }
        }
    }

    fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Answer {
        let headers = headers
            .iter()
            .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()));
        Answer {
            status,
            headers: headers.collect(),
            body: body.into(),
        }
    }

    fn lines(left: &Answer, right: &Answer) -> Vec<String> {
        let found = compare(Some(left.view()), Some(right.view()));
        found.iter().map(Difference::line).collect()
    }

    #[test]
    fn what_differs_from_call_to_call_is_no_difference() {
        let json = [("content-type", "application/json; charset=utf-8")];
        let same = [("content-type", "Application/JSON;charset=utf-8")];
        let left = r#"{"online_order_id":7,"access_token":"abcdefgh","expires_in":3600,
            "redirection_url":"http://127.0.0.1:1/checkout/4f6b2c1d9e?lang=fr&b=https://a.example/x",
            "url":"/a","date":"2024-01-31T10:00:00Z","text":"order 1234567 of 2024-01-31",
            "at":1700000000}"#;
        let right = r#"{"at":1700000009,"text":"order 7654321 of 2025-12-01","date":"2025-12-01",
            "url":"/b","redirection_url":"https://b.example/checkout/00aa11bb22?lang=fr&b=http://c/x",
            "expires_in":3600,"access_token":"ABCDEFGHI","online_order_id":8}"#;
        assert_eq!(
            lines(&answer(200, &json, left), &answer(200, &same, right)),
            [""; 0]
        );
    }

    #[test]
    fn what_an_answer_says_is_a_difference() {
        let none = answer(
            200,
            &[],
            r#"{"id":7,"name":"a","list":[1],"url":"http://a/x?lang=fr"}"#,
        );
        let other = answer(
            201,
            &[("allow", "GET")],
            r#"{"id":"7","name":"b","list":[1,2],"more":null}"#,
        );
        assert_eq!(
            lines(&none, &other),
            [
                "status: 200 | 201",
                "allow: none | GET",
                "type of /id: number | string",
                "/list: 1 items | 2 items",
                "/more: absent | present",
                "/name: a | b",
                "/url: present | absent",
            ]
        );
        let redirected = |to: &str| answer(302, &[("location", to)], "");
        let (left, right) = (
            redirected("http://a/x/1?lang=fr"),
            redirected("http://b/x/2?lang=en"),
        );
        assert_eq!(
            lines(&left, &right),
            ["location: ‹host›/x/‹id›?lang=fr | ‹host›/x/‹id›?lang=en"]
        );
    }

    #[test]
    fn refusals_are_compared_word_by_word() {
        let left = r#"{"error":"wrong_inputs","field_errors":[{"param":"vcc","msg":"type"}]}"#;
        let right =
            r#"{"error":"bad","error_fields":[{"param":"vcc","msg":"invalid"},{"param":"x"}]}"#;
        assert_eq!(
            lines(&answer(409, &[], left), &answer(409, &[], right)),
            [
                "error: wrong_inputs | bad",
                "list of parameters: field_errors | error_fields",
                "parameters: vcc | vcc, x",
                "msg of vcc: type | invalid",
            ]
        );
    }

    #[test]
    fn another_outcome_says_it_all() {
        let left = answer(200, &[], "{}");
        let right = answer(409, &[("allow", "GET")], r#"{"error":"x"}"#);
        assert_eq!(lines(&left, &right), ["outcome: granted | refused"]);
        let nothing = compare(Some(left.view()), None);
        assert_eq!(nothing[0].line(), "outcome: granted | no answer");
        assert!(compare(None, None).is_empty());
    }

    #[test]
    fn pages_are_never_the_same_and_other_texts_are() {
        let page = |text: &str| answer(200, &[("content-type", "text/html")], text);
        assert_eq!(lines(&page("<p>a"), &page("<p>b")), [""; 0]);
        assert_eq!(
            lines(&answer(200, &[], "a"), &answer(200, &[], "b")),
            ["body: a | b"]
        );
        assert_eq!(
            lines(&answer(200, &[], "a"), &answer(200, &[], "{}")),
            ["body: not JSON | JSON"]
        );
    }
}
