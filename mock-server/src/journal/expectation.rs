//! A test's expectations of a merchant's requests.

use crate::call_kind::CallKind;
use crate::fault::names;
use crate::journal::filter::places;
use flexiti_contract::Contract;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::fmt;

/// An expectation.
#[derive(Debug, Clone, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    /// Client id; omit for all merchants.
    pub client_id: Option<String>,
    /// What a request must have; omit to match all.
    #[serde(rename = "match")]
    pub matching: Option<Match>,
    /// How many requests must match; at least one if absent.
    pub times: Option<Times>,
    /// What successive requests must have, in this order; others may come in between.
    #[serde(default)]
    pub in_order: Vec<Match>,
}

/// The maximum number of parameters, headers or matches in one expectation.
const MOST: usize = 100;

impl Expected {
    /// Replaces parameter names by the contract's. The error names a parameter that no endpoint
    /// has, or an exceeded limit.
    pub fn checked(&self, contract: &Contract) -> Result<Self, String> {
        let mut checked = self.clone();
        let count = checked.in_order.len();
        if count > MOST {
            return Err(format!("in_order: {count} are too many; at most {MOST}"));
        }
        if let Some(matching) = &mut checked.matching {
            matching
                .check(contract)
                .map_err(|what| format!("match{what}"))?;
        }
        for (at, matching) in checked.in_order.iter_mut().enumerate() {
            let place = |what| format!("in_order[{at}]{what}");
            matching.check(contract).map_err(place)?;
        }
        Ok(checked)
    }
}

impl Match {
    fn check(&mut self, contract: &Contract) -> Result<(), String> {
        for (key, count) in [
            ("params", self.params.len()),
            ("headers", self.headers.len()),
        ] {
            if count > MOST {
                return Err(format!(".{key}: {count} are too many; at most {MOST}"));
            }
        }
        let params = std::mem::take(&mut self.params);
        let named = params
            .into_iter()
            .map(|(name, value)| (dotted(&name), value));
        self.params = named.collect();
        let said = self.endpoint.is_some();
        let places = match &self.endpoint {
            Some(named) => named.places.clone(),
            None => CallKind::all().collect(),
        };
        let wanted: Vec<&str> = self.params.keys().map(String::as_str).collect();
        names(contract, said, &places, &wanted).map_err(|(key, what)| {
            let key = key.strip_prefix("match").unwrap_or(&key);
            format!("{key}: {what}")
        })
    }
}

/// The contract's name for a form's `a[b][c]`.
fn dotted(name: &str) -> String {
    name.replace('[', ".").replace(']', "")
}

/// What a request must have.
#[derive(Debug, Clone, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Match {
    /// An endpoint of the contract; `init` or `notification` for all of theirs; or `callback` for
    /// requests of the mock to the shop.
    #[schemars(with = "Option<String>")]
    pub endpoint: Option<Named>,
    /// HTTP method.
    pub method: Option<String>,
    /// The complete path; for a callback, the complete URL.
    pub path: Option<String>,
    /// HTTP status of the answer.
    pub status: Option<u16>,
    /// Parameters with their values; `null` means that the parameter must be absent.
    #[serde(default)]
    pub params: Map<String, Value>,
    /// Headers with their values.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
}

/// An endpoint, a group of endpoints, or the callbacks, by name.
#[derive(Debug, Clone)]
pub struct Named {
    pub(super) name: String,
    pub(super) places: Vec<CallKind>,
}

impl Named {
    /// The kinds of call with this name; the error lists the known names.
    pub fn new(name: &str) -> Result<Self, String> {
        let places = places(name)?;
        let name = name.to_owned();
        Ok(Self { name, places })
    }
}

impl Serialize for Named {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.name)
    }
}

impl<'de> Deserialize<'de> for Named {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// A number range: `2`, or `{"min": 1, "max": 3}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Range {
    /// The minimum.
    #[serde(default)]
    pub min: usize,
    /// The maximum; unlimited if absent.
    pub max: Option<usize>,
}

/// How often; a JSON number means exactly that often.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Times(pub Range);

impl Times {
    /// Exactly this often.
    pub fn exactly(times: usize) -> Self {
        Self(Range {
            min: times,
            max: Some(times),
        })
    }
}

impl JsonSchema for Times {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Times".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let range = generator.subschema_for::<Range>();
        json_schema!({
            "description": "How often: a number, or a range of numbers.",
            "anyOf": [{"type": "integer", "minimum": 0}, range],
        })
    }
}

impl<'de> Deserialize<'de> for Times {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TimesVisitor)
    }
}

struct TimesVisitor;

impl<'de> Visitor<'de> for TimesVisitor {
    type Value = Times;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number, or an object with `min` and `max`")
    }

    fn visit_u64<E: Error>(self, times: u64) -> Result<Times, E> {
        Ok(Times::exactly(usize::try_from(times).map_err(E::custom)?))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Times, A::Error> {
        let range = Range::deserialize(MapAccessDeserializer::new(map))?;
        if range.max.is_some_and(|max| max < range.min) {
            return Err(A::Error::custom("`max` is less than `min`"));
        }
        Ok(Times(range))
    }
}

impl Range {
    /// The last number in its description.
    pub(super) fn last(self) -> usize {
        self.max.unwrap_or(self.min)
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.max {
            Some(max) if max == self.min => write!(f, "exactly {max}"),
            Some(max) => write!(f, "{} to {max}", self.min),
            None => write!(f, "at least {}", self.min),
        }
    }
}
