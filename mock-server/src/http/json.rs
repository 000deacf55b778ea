//! JSON as it was sent, including repeated members.

use crate::http::form::{Form, FormRules};
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use std::fmt;

/// A JSON value whose objects keep every member, so that repeated ones can be detected.
#[derive(Debug, PartialEq)]
pub enum Json {
    /// An object's members, in order.
    Object(Vec<(String, Json)>),
    /// Anything else.
    Value(Value),
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(JsonVisitor)
    }
}

struct JsonVisitor;

impl<'de> Visitor<'de> for JsonVisitor {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Json::Object(members))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Json, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element::<Value>()? {
            items.push(item);
        }
        Ok(Json::Value(Value::Array(items)))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Value(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        Ok(Json::Value(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        Ok(Json::Value(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Json, E> {
        Ok(Json::Value(value.into()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Json, E> {
        Ok(Json::Value(value.into()))
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Value(Value::Null))
    }
}

/// Parses JSON and refuses repeated members, because it would be a guess which one was meant.
pub fn without_repeats(text: &[u8]) -> Result<Value, serde_json::Error> {
    let Single(value) = serde_json::from_slice(text)?;
    Ok(value)
}

struct Single(Value);

impl<'de> Deserialize<'de> for Single {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SingleVisitor).map(Self)
    }
}

struct SingleVisitor;

impl<'de> Visitor<'de> for SingleVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut members = Map::new();
        while let Some((name, Single(value))) = map.next_entry::<String, Single>()? {
            if members.contains_key(&name) {
                let what = format!("duplicate member `{name}`; give it once");
                return Err(serde::de::Error::custom(what));
            }
            members.insert(name, value);
        }
        Ok(members.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(Single(item)) = seq.next_element()? {
            items.push(item);
        }
        Ok(items.into())
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
}

/// The parameters under the names that were sent: the members of a JSON object, or else the pairs
/// of a form. The last value of a repeated name counts.
pub fn any(body: &[u8]) -> Map<String, Value> {
    any_of(body, |_| true)
}

/// Like [`any`], but takes only the pairs of a form whose name is wanted.
pub fn any_of(body: &[u8], is_wanted: impl Fn(&str) -> bool) -> Map<String, Value> {
    if let Ok(members) = serde_json::from_slice(body) {
        return members;
    }
    let form = Form::read(body, FormRules::LENIENT).unwrap_or_default();
    let member = |(name, value): (&str, &str)| (name.to_owned(), value.into());
    let pairs = form.pairs().filter(|(name, _)| is_wanted(name));
    pairs.map(member).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeated_member_is_seen() {
        let Json::Object(members) = serde_json::from_str(r#"{"a":1,"a":{"b":[null]}}"#).unwrap()
        else {
            panic!("an object");
        };
        assert_eq!(members.len(), 2);
    }
}
