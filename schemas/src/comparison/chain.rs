//! Maps the values that one server issued to those that another issued in their place: a later call
//! that uses the former is sent to the other server with the latter.

use super::normal::{is_id, is_token};
use super::view::AnswerView;
use serde_json::{Map, Value};
use std::collections::{HashMap, VecDeque};
use url::form_urlencoded::{byte_serialize, parse};

/// Maximum number of values to remember.
const LIMIT: usize = 50_000;
/// Shorter tokens could be found by chance.
const SHORTEST_TOKEN: usize = 8;

/// Tokens and ids of one server, mapped to those of the other.
#[derive(Debug, Default)]
pub struct Chain {
    known: HashMap<String, String>,
    oldest: VecDeque<String>,
}

impl Chain {
    /// Learns the tokens and ids of two answers to the same call.
    pub fn learn(&mut self, here: AnswerView<'_>, there: AnswerView<'_>) {
        if let (Some(here), Some(there)) = (here.json(), there.json()) {
            self.pair("", &here, &there);
        }
    }

    /// Maps `here` to `there` from now on.
    pub fn stands_for(&mut self, here: &str, there: &str) {
        if here.is_empty() {
            return;
        }
        let replaced = self.known.insert(here.to_owned(), there.to_owned());
        if replaced.is_none() {
            self.oldest.push_back(here.to_owned());
        }
        if self.oldest.len() > LIMIT
            && let Some(oldest) = self.oldest.pop_front()
        {
            self.known.remove(&oldest);
        }
    }

    /// The counterpart of a value.
    pub fn get(&self, here: &str) -> Option<&str> {
        self.known.get(here).map(String::as_str)
    }

    fn pair(&mut self, name: &str, here: &Value, there: &Value) {
        match (here, there) {
            (Value::Object(here), Value::Object(there)) => {
                for (name, here) in here {
                    if let Some(there) = there.get(name) {
                        self.pair(name, here, there);
                    }
                }
            }
            (Value::Array(here), Value::Array(there)) => {
                for (here, there) in here.iter().zip(there) {
                    self.pair(name, here, there);
                }
            }
            _ if !is_id(name) && !is_token(name) => {}
            _ => {
                if let (Some(here), Some(there)) = (plain(here), plain(there)) {
                    self.stands_for(&here, &there);
                }
            }
        }
    }

    /// Replaces the segments of a path that are known values.
    pub fn path(&self, path: &str) -> String {
        let segment = |part: &str| self.get(part).unwrap_or(part).to_owned();
        let parts: Vec<String> = path.split('/').map(segment).collect();
        parts.join("/")
    }

    /// Replaces values in a form or query. The rest keeps its encoding.
    pub fn form(&self, text: &str) -> String {
        let pair = |pair: &str| {
            let (name, value) = parse(pair.as_bytes()).next()?;
            let there = self.value(&name, &value)?;
            let (raw, _) = pair.split_once('=')?;
            let there: String = byte_serialize(there.as_bytes()).collect();
            Some(format!("{raw}={there}"))
        };
        let pairs = text.split('&');
        let pairs: Vec<String> = pairs
            .map(|it| pair(it).unwrap_or_else(|| it.to_owned()))
            .collect();
        pairs.join("&")
    }

    /// Replaces values in a body, JSON or form.
    pub fn body(&self, body: &str) -> String {
        match serde_json::from_str::<Value>(body) {
            Ok(json @ (Value::Object(_) | Value::Array(_))) => {
                let there = self.json("", json.clone());
                if there == json {
                    body.to_owned()
                } else {
                    there.to_string()
                }
            }
            _ => self.form(body),
        }
    }

    fn json(&self, name: &str, value: Value) -> Value {
        match value {
            Value::Object(members) => {
                let member = |(name, value): (String, Value)| {
                    let there = self.json(&name, value);
                    (name, there)
                };
                members
                    .into_iter()
                    .map(member)
                    .collect::<Map<_, _>>()
                    .into()
            }
            Value::Array(items) => {
                let items = items.into_iter().map(|item| self.json(name, item));
                items.collect()
            }
            value => {
                let there = plain(&value).and_then(|text| self.value(name, &text));
                match there {
                    None => value,
                    Some(there) if value.is_number() => {
                        there.parse::<u64>().map_or(there.into(), Value::from)
                    }
                    Some(there) => there.into(),
                }
            }
        }
    }

    /// Replaces a value in a header.
    pub fn header(&self, name: &str, value: &str) -> String {
        if name != "authorization" {
            return value.to_owned();
        }
        match value.split_once(' ') {
            Some((scheme, token)) => {
                let token = token.trim();
                format!("{scheme} {}", self.get(token).unwrap_or(token))
            }
            None => self.get(value).unwrap_or(value).to_owned(),
        }
    }

    /// The counterpart of a parameter's value. Ids are recognized by the parameter's name, tokens
    /// anywhere.
    fn value(&self, name: &str, value: &str) -> Option<&str> {
        let is_known = is_id(name) || is_token(name) || value.len() >= SHORTEST_TOKEN;
        self.get(value).filter(|_| is_known)
    }
}

/// A scalar as written in a path or form.
fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(body: &str) -> AnswerView<'_> {
        AnswerView {
            status: 200,
            headers: &[],
            body: body.as_bytes(),
        }
    }

    #[test]
    fn what_one_server_issued_becomes_what_the_other_did() {
        let mut chain = Chain::default();
        let here = r#"{"access_token":"***00000000abcd","online_order_id":7,"n":1}"#;
        let there = r#"{"access_token":"t0ken-there","online_order_id":131210,"n":2}"#;
        chain.learn(view(here), view(there));
        chain.learn(
            view(r#"{"apply":{"customer_id":"c 1"}}"#),
            view(r#"{"apply":{"customer_id":1293837}}"#),
        );
        assert_eq!(chain.path("/a/order-id/7"), "/a/order-id/131210");
        assert_eq!(
            chain.header("authorization", "Bearer ***00000000abcd"),
            "Bearer t0ken-there"
        );
        assert_eq!(
            chain.form("amount=7&customer_id=c%201&t=***00000000abcd&x"),
            "amount=7&customer_id=1293837&t=t0ken-there&x"
        );
        assert_eq!(
            chain.body(r#"{"orderId": 7, "n": 7, "id": "c 1"}"#),
            r#"{"orderId":131210,"n":7,"id":"1293837"}"#
        );
        // An unchanged body keeps its formatting.
        assert_eq!(chain.body(r#"{ "n": 7 }"#), r#"{ "n": 7 }"#);
        assert_eq!(chain.get("1"), None);
    }
}
