//! `POST requests/verify`: whether a merchant sent what a test expects, and if not, what came
//! instead.

mod part;

use crate::journal::{Entry, places};
use crate::place::Place;
use crate::redact::Redactor;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

/// How many near misses are shown.
const NEAREST: usize = 3;

/// What is expected.
#[derive(Debug, Clone, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    /// Whose requests; everybody's if absent.
    pub client_id: Option<String>,
    /// What a request must have; any will do if absent.
    #[serde(rename = "match")]
    pub matching: Option<Match>,
    /// How many requests must match; at least one if absent.
    pub times: Option<Times>,
    /// What requests must have that come one after the other, others between them or not.
    #[serde(default)]
    pub in_order: Vec<Match>,
}

/// What a request must have.
#[derive(Debug, Clone, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Match {
    /// An endpoint of the contract, `init` or `notification` for all of theirs, or `callback` for
    /// what the mock itself requested of the shop.
    #[schemars(with = "Option<String>")]
    pub endpoint: Option<Named>,
    /// HTTP method.
    pub method: Option<String>,
    /// The whole path; of a callback, the whole URL.
    pub path: Option<String>,
    /// HTTP status of the answer.
    pub status: Option<u16>,
    /// Parameters with their values; null stands for one that must not be there.
    #[serde(default)]
    pub params: Map<String, Value>,
    /// Headers with their values.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
}

/// An endpoint, a group of them, or the callbacks, by name.
#[derive(Debug, Clone)]
pub struct Named {
    name: String,
    places: Vec<Place>,
}

impl Named {
    /// The places of a name; the error lists the names there are.
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

/// How often: `2`, or `{"min": 1, "max": 3}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Range {
    /// At least so often.
    #[serde(default)]
    pub min: usize,
    /// At most so often, if there is a limit.
    pub max: Option<usize>,
}

/// How often; a number in JSON is both ends of the range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Times(pub Range);

impl Times {
    /// Just so often.
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
        json_schema!({"anyOf": [{"type": "integer", "minimum": 0}, range]})
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

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.max {
            Some(max) if max == self.min => write!(f, "exactly {max}"),
            Some(max) => write!(f, "{} to {max}", self.min),
            None => write!(f, "at least {}", self.min),
        }
    }
}

/// What did not come as expected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Failure {
    /// How many requests matched.
    pub matched: usize,
    /// What was expected, in words.
    pub expected: String,
    /// The requests that are most like it.
    pub near_misses: Vec<NearMiss>,
    /// All of it, for people: the message of a test that fails.
    pub message: String,
}

/// A request that is almost what was expected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NearMiss {
    /// The journal's id.
    pub id: u64,
    /// What differs: of each part, what was expected and what it was.
    pub reasons: Vec<String>,
    #[serde(skip)]
    line: String,
}

/// Compares the requests of the merchant with what is expected; gives how many matched. `dropped`
/// is how many older ones the journal no longer has: of those nothing can be said.
pub fn verify(
    expected: &Expected,
    entries: &[&Entry],
    dropped: u64,
    redactor: &Redactor,
) -> Result<usize, Failure> {
    let judge = Judge {
        expected,
        entries,
        dropped,
        redactor,
    };
    let mut matched = expected.in_order.len();
    if expected.matching.is_some() || expected.times.is_some() || expected.in_order.is_empty() {
        matched = judge.count()?;
    }
    judge.order()?;
    Ok(matched)
}

struct Judge<'a> {
    expected: &'a Expected,
    entries: &'a [&'a Entry],
    dropped: u64,
    redactor: &'a Redactor,
}

impl Judge<'_> {
    fn count(&self) -> Result<usize, Failure> {
        let any = Match::default();
        let wanted = self.expected.matching.as_ref().unwrap_or(&any);
        let range = self
            .expected
            .times
            .map_or(Range { min: 1, max: None }, |times| times.0);
        let hits = self.entries.iter().filter(|entry| wanted.matches(entry));
        let hits: Vec<u64> = hits.map(|entry| entry.id).collect();
        let too_many = range.max.is_some_and(|max| hits.len() > max);
        let unsure = self.dropped > 0 && range.max.is_some();
        if hits.len() >= range.min && !too_many && !unsure {
            return Ok(hits.len());
        }
        let expected = format!("{range} {}", self.wanted(wanted));
        let mut found = format!("{} of {} matched", hits.len(), self.entries.len());
        if self.dropped > 0 {
            let _ = write!(
                found,
                "; {} older requests were dropped and may have (--journal-limit, --journal-bytes)",
                self.dropped
            );
        }
        if too_many {
            let ids: Vec<String> = hits.iter().map(u64::to_string).collect();
            let found = format!("{found}: requests {}", ids.join(", "));
            return Err(failure(hits.len(), expected, &found, Vec::new()));
        }
        let near = self.nearest(wanted, self.entries);
        Err(failure(hits.len(), expected, &found, near))
    }

    fn order(&self) -> Result<(), Failure> {
        let mut rest = self.entries;
        let mut last = None;
        for (at, wanted) in self.expected.in_order.iter().enumerate() {
            if let Some(hit) = rest.iter().position(|entry| wanted.matches(entry)) {
                last = Some(rest[hit].id);
                rest = &rest[hit + 1..];
                continue;
            }
            let after = last.map_or(String::new(), |id| format!(" after request {id}"));
            let expected = format!("in_order[{at}]: {}{after}", self.wanted(wanted));
            let count = self.expected.in_order.len();
            let found = format!("{at} of {count} came in order; this one did not");
            return Err(failure(at, expected, &found, self.nearest(wanted, rest)));
        }
        Ok(())
    }

    /// What is wanted, in words.
    fn wanted(&self, wanted: &Match) -> String {
        let mut parts = Vec::new();
        if let Some(id) = &self.expected.client_id {
            parts.push(format!("client_id `{id}`"));
        }
        parts.extend(wanted.parts().map(|part| {
            let name = part.name(self.redactor);
            match part.expected(self.redactor) {
                Some(expected) => format!("{name} `{expected}`"),
                None => format!("no {name}"),
            }
        }));
        if parts.is_empty() {
            return "of any request".to_owned();
        }
        format!("of a request with {}", parts.join(", "))
    }

    /// The requests that are most like what is wanted, the latest first among equals.
    fn nearest(&self, wanted: &Match, entries: &[&Entry]) -> Vec<NearMiss> {
        // A few of thousands: they are kept in order while the others pass.
        let mut misses: Vec<(usize, &Entry)> = Vec::new();
        for entry in entries.iter().rev() {
            let distance = wanted.distance(entry);
            let at = misses.partition_point(|(other, _)| *other <= distance);
            if distance > 0 && at < NEAREST {
                misses.insert(at, (distance, entry));
                misses.truncate(NEAREST);
            }
        }
        let miss = |(_, entry): (usize, &Entry)| NearMiss {
            id: entry.id,
            reasons: wanted.reasons(entry, self.redactor),
            line: format!(
                "request {}: {} {} → {}",
                entry.id,
                self.redactor.text(entry.method.as_str()),
                self.redactor.url(&entry.address()),
                entry.status
            ),
        };
        misses.into_iter().map(miss).collect()
    }
}

impl Match {
    fn matches(&self, entry: &Entry) -> bool {
        self.parts().all(|part| part.holds(entry))
    }

    /// How far a request is from it.
    fn distance(&self, entry: &Entry) -> usize {
        let failed = self.parts().filter(|part| !part.holds(entry));
        failed.map(|part| part.weight()).sum()
    }

    /// What differs, in words and without secrets.
    fn reasons(&self, entry: &Entry, redactor: &Redactor) -> Vec<String> {
        let shown = |text: Option<String>| match text {
            Some(text) => format!("`{text}`"),
            None => "absent".to_owned(),
        };
        let failed = self.parts().filter(|part| !part.holds(entry));
        failed
            .map(|part| {
                let expected = shown(part.expected(redactor));
                let actual = shown(part.actual(entry, redactor));
                format!("{}: expected {expected}, was {actual}", part.name(redactor))
            })
            .collect()
    }
}

fn failure(matched: usize, expected: String, found: &str, near_misses: Vec<NearMiss>) -> Failure {
    let mut message = format!("expected {expected}\n{found}");
    if !near_misses.is_empty() {
        message.push_str("\nnearest:");
    }
    for miss in &near_misses {
        let _ = write!(message, "\n  {}", miss.line);
        for reason in &miss.reasons {
            let _ = write!(message, "\n    {reason}");
        }
    }
    Failure {
        matched,
        expected,
        near_misses,
        message,
    }
}
