//! Answers from a transcript, without any network access.
//!
//! A request gets the answer to a recorded one with the same method, path and parameters, whatever
//! their order and encoding. Headers and secrets are not compared. Answers to equal requests are
//! given in the order of the file, and the last one is repeated.

use crate::http::json::any;
use crate::redact::{HASH, HIDDEN};
use flexiti_contract::Contract;
use flexiti_contract::transcript::{Answer, Recorded};
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};

/// The length of a token, in characters.
const LENGTH: usize = 40;

type Parameters = BTreeMap<String, String>;

/// The answers in a transcript.
#[derive(Debug)]
pub struct Answers {
    /// Answers by method and path.
    asked: HashMap<(String, String), Vec<(Parameters, Answer)>>,
    /// How often each request was answered, by method, path and the index of its first answer.
    given: Mutex<HashMap<(String, String, usize), usize>>,
}

impl Answers {
    /// The answers of these exchanges.
    pub fn new(recorded: Vec<Recorded>) -> Self {
        let mut asked: HashMap<_, Vec<_>> = HashMap::new();
        for Recorded {
            request, answer, ..
        } in recorded
        {
            let Some(answer) = answer else {
                continue;
            };
            let body = request.body.unwrap_or_default();
            let params = parameters(request.query.as_deref(), body.as_bytes());
            let key = (request.method, request.path);
            asked.entry(key).or_default().push((params, answer));
        }
        Self {
            asked,
            given: Mutex::default(),
        }
    }

    /// The answer to a request; the error says which answers there are instead.
    pub fn get(
        &self,
        method: &str,
        path: &str,
        query: Option<&str>,
        body: &[u8],
    ) -> Result<Answer, String> {
        let key = (method.to_owned(), path.to_owned());
        let Some(known) = self.asked.get(&key) else {
            return Err(format!(
                "the transcript has no answer to {method} of this path"
            ));
        };
        let params = parameters(query, body);
        let matching = known.iter().enumerate();
        let matching = matching.filter(|(_, (known, _))| same(known, &params));
        let matching: Vec<usize> = matching.map(|(at, _)| at).collect();
        let Some(first) = matching.first() else {
            let nearest = known.iter().map(|(known, _)| differing(known, &params));
            let nearest = nearest.min_by_key(Vec::len).unwrap_or_default().join(", ");
            return Err(format!(
                "the transcript has no answer to {method} of this path with these parameters; the nearest request differs in {nearest}"
            ));
        };
        let mut given = self.given.lock().unwrap_or_else(PoisonError::into_inner);
        let count = given.entry((key.0, key.1, *first)).or_default();
        let at = matching[(*count).min(matching.len() - 1)];
        *count += 1;
        Ok(known[at].1.clone())
    }
}

/// A text with tokens instead of redacted secrets: forty hexadecimal digits, like Flexiti's.
pub fn shown(text: &str) -> String {
    let mut parts = text.split(HIDDEN);
    let mut shown = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let digits = part.get(..HASH).filter(|digits| {
            let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
            digits.bytes().all(is_digit)
        });
        if let Some(digits) = digits {
            let digits = digits.repeat(4);
            shown.push_str(&digits[..LENGTH]);
            shown.push_str(&part[HASH..]);
        } else {
            shown.push_str(HIDDEN);
            shown.push_str(part);
        }
    }
    shown
}

/// The parameters of a query and a body, flat and without secrets.
fn parameters(query: Option<&str>, body: &[u8]) -> Parameters {
    let mut flat = Parameters::new();
    let mut all = any(query.unwrap_or_default().as_bytes());
    all.extend(any(body));
    for (name, value) in all {
        flatten(&name, value, &mut flat);
    }
    flat
}

fn flatten(name: &str, value: Value, flat: &mut Parameters) {
    let name = name.replace('[', ".").replace(']', "");
    let last = name.rsplit('.').next().unwrap_or(&name);
    if Contract::shipped().is_secret_param(last) || last.to_ascii_lowercase().ends_with("token") {
        return;
    }
    match value {
        Value::Object(members) => {
            for (key, value) in members {
                flatten(&format!("{name}.{key}"), value, flat);
            }
        }
        Value::String(text) => {
            flat.insert(name, text);
        }
        other => {
            flat.insert(name, other.to_string());
        }
    }
}

/// Whether two requests have the same parameters. A redacted value matches any value.
fn same(known: &Parameters, asked: &Parameters) -> bool {
    differing(known, asked).is_empty()
}

fn differing(known: &Parameters, asked: &Parameters) -> Vec<String> {
    let is_same = |name: &String| match (known.get(name), asked.get(name)) {
        (Some(known), Some(asked)) => known == asked || known.contains(HIDDEN),
        _ => false,
    };
    let mut names: Vec<&String> = known.keys().chain(asked.keys()).collect();
    names.sort_unstable();
    names.dedup();
    let names = names.into_iter().filter(|name| !is_same(name));
    names.cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use flexiti_contract::transcript::Request;

    fn recorded(path: &str, body: &str, answer: &str) -> Recorded {
        Recorded {
            at: String::new(),
            client_id: None,
            endpoint: None,
            server: String::new(),
            request: Request {
                method: "POST".to_owned(),
                path: path.to_owned(),
                body: Some(body.to_owned()),
                ..Request::default()
            },
            answer: Some(Answer {
                body: Some(answer.to_owned()),
                ..Answer::default()
            }),
            error: None,
            took_us: 0,
        }
    }

    #[test]
    fn the_same_parameters_get_the_same_answers_in_their_order() {
        let answers = Answers::new(vec![
            recorded("/a", "x=1&y[z]=2&client_secret=***00000000abcd", "first"),
            recorded("/a", "x=1&y[z]=2&client_secret=***00000000abcd", "second"),
            recorded("/a", "x=***00000000abce", "any"),
        ]);
        let ask = |body: &str| {
            let answer = answers.get("POST", "/a", None, body.as_bytes());
            answer.map(|answer| answer.body.unwrap_or_default())
        };
        assert_eq!(ask(r#"{"y":{"z":2},"x":"1"}"#).unwrap(), "first");
        assert_eq!(ask("y.z=2&x=1&client_secret=other").unwrap(), "second");
        assert_eq!(ask("x=1&y[z]=2").unwrap(), "second");
        assert_eq!(ask("x=anything").unwrap(), "any");
        let none = ask("x=1&y[z]=3").unwrap_err();
        assert!(none.ends_with("differs in y.z"), "{none}");
        let none = answers.get("GET", "/a", None, b"").unwrap_err();
        assert!(none.contains("no answer to GET"), "{none}");
    }

    #[test]
    fn hidden_values_become_tokens_of_their_own() {
        let token = "00000000abcd00000000abcd00000000abcd0000";
        assert_eq!(
            shown(r#"{"a":"***00000000abcd","b":"*** ***x"}"#),
            format!(r#"{{"a":"{token}","b":"*** ***x"}}"#)
        );
    }
}
