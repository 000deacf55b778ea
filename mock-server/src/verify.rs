//! `POST requests/verify`: whether a merchant sent what a test expects, and if not, what came
//! instead.

use crate::journal::{Entry, Sent, endpoints};
use crate::redact::Redactor;
use flexiti_contract::Endpoint;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

/// How many near misses are shown.
const NEAREST: usize = 3;

/// What is expected.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    /// Whose requests; everybody's if absent.
    pub client_id: Option<String>,
    #[serde(rename = "match")]
    matching: Option<Match>,
    times: Option<Times>,
    #[serde(default)]
    in_order: Vec<Match>,
}

/// What a request must have.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Match {
    endpoint: Option<Named>,
    method: Option<String>,
    path: Option<String>,
    status: Option<u16>,
    /// Null stands for a parameter that must not be there.
    #[serde(default)]
    params: Map<String, Value>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
}

/// An endpoint or a group of them, by name.
#[derive(Debug)]
struct Named {
    name: String,
    endpoints: Vec<Endpoint>,
}

impl<'de> Deserialize<'de> for Named {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        let endpoints = endpoints(&name).map_err(D::Error::custom)?;
        Ok(Self { name, endpoints })
    }
}

/// How often: `2`, or `{"min": 1, "max": 3}`.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
struct Range {
    #[serde(default)]
    min: usize,
    max: Option<usize>,
}

#[derive(Debug, Clone, Copy)]
struct Times(Range);

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
        let times = usize::try_from(times).map_err(E::custom)?;
        Ok(Times(Range {
            min: times,
            max: Some(times),
        }))
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
#[derive(Debug, Serialize)]
pub struct Failure {
    matched: usize,
    expected: String,
    near_misses: Vec<NearMiss>,
    /// All of it, for people.
    message: String,
}

#[derive(Debug, Serialize)]
struct NearMiss {
    id: u64,
    reasons: Vec<String>,
    #[serde(skip)]
    line: String,
}

/// Compares the requests of the merchant with what is expected; gives how many matched.
pub fn verify(
    expected: &Expected,
    entries: &[&Entry],
    redactor: &Redactor,
) -> Result<usize, Failure> {
    let judge = Judge {
        expected,
        entries,
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
        if hits.len() >= range.min && !too_many {
            return Ok(hits.len());
        }
        let expected = format!("{range} {}", self.wanted(wanted));
        let found = format!("{} of {} matched", hits.len(), self.entries.len());
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
        let Checks(checks) = wanted.checks(None, self.redactor);
        parts.extend(checks.iter().map(|check| match &check.expected {
            Some(expected) => format!("{} `{expected}`", check.name),
            None => format!("no {}", check.name),
        }));
        if parts.is_empty() {
            return "of any request".to_owned();
        }
        format!("of a request with {}", parts.join(", "))
    }

    /// The requests that are most like what is wanted, the latest first among equals.
    fn nearest(&self, wanted: &Match, entries: &[&Entry]) -> Vec<NearMiss> {
        let misses = entries.iter().rev().filter(|entry| !wanted.matches(entry));
        let mut misses: Vec<(usize, &Entry)> = misses
            .map(|entry| (wanted.distance(entry), *entry))
            .collect();
        misses.sort_by_key(|(distance, _)| *distance);
        let miss = |(_, entry): (usize, &Entry)| NearMiss {
            id: entry.id,
            reasons: wanted.checks(Some(entry), self.redactor).reasons(),
            line: format!(
                "request {}: {} {} → {}",
                entry.id,
                self.redactor.text(entry.method.as_str()),
                self.redactor.text(&entry.path()),
                entry.status
            ),
        };
        misses.into_iter().take(NEAREST).map(miss).collect()
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

/// One thing that a request must have, beside what it has; nothing secret is in either.
struct Check {
    name: String,
    expected: Option<String>,
    actual: Option<String>,
    holds: bool,
    /// How much more than one parameter it tells requests apart.
    weight: usize,
}

struct Checks(Vec<Check>);

impl Checks {
    fn reasons(&self) -> Vec<String> {
        let shown = |text: &Option<String>| match text {
            Some(text) => format!("`{text}`"),
            None => "absent".to_owned(),
        };
        let failed = self.0.iter().filter(|check| !check.holds);
        failed
            .map(|check| {
                let (expected, actual) = (shown(&check.expected), shown(&check.actual));
                format!("{}: expected {expected}, was {actual}", check.name)
            })
            .collect()
    }
}

impl Match {
    fn matches(&self, entry: &Entry) -> bool {
        self.distance(entry) == 0
    }

    fn distance(&self, entry: &Entry) -> usize {
        let Checks(checks) = self.checks(Some(entry), &Redactor::default().revealing(true));
        let failed = checks.iter().filter(|check| !check.holds);
        failed.map(|check| check.weight).sum()
    }

    fn checks(&self, entry: Option<&Entry>, redactor: &Redactor) -> Checks {
        let mut checks = Vec::new();
        let mut add = |name: &str, expected: String, actual: Option<String>, weight, holds| {
            checks.push(Check {
                name: name.to_owned(),
                expected: Some(redactor.text(&expected)),
                actual: actual.map(|actual| redactor.text(&actual)),
                holds,
                weight,
            });
        };
        if let Some(named) = &self.endpoint {
            let id = entry.and_then(|entry| entry.note.endpoint);
            let holds = id.is_some_and(|id| named.endpoints.contains(&id));
            let actual = id.map(|id| id.id().to_owned());
            add("endpoint", named.name.clone(), actual, 4, holds);
        }
        if let Some(method) = &self.method {
            let actual = entry.map(|entry| entry.method.as_str().to_owned());
            let holds = actual
                .as_ref()
                .is_some_and(|a| a.eq_ignore_ascii_case(method));
            add("method", method.clone(), actual, 2, holds);
        }
        if let Some(path) = &self.path {
            let actual = entry.map(|entry| entry.path().into_owned());
            let holds = actual.as_ref() == Some(path);
            add("path", path.clone(), actual, 2, holds);
        }
        if let Some(status) = self.status {
            let actual = entry.map(|entry| entry.status.to_string());
            let holds = entry.is_some_and(|entry| entry.status == status);
            add("status", status.to_string(), actual, 1, holds);
        }
        let sent = entry.and_then(|entry| entry.note.params.as_ref());
        let sent = sent.map(Sent::to_object).unwrap_or_default();
        for (name, expected) in &self.params {
            let actual = sent.get(name).map(text);
            let expected = (!expected.is_null()).then(|| text(expected));
            let shown = |value: &Option<String>| {
                let value = value.clone()?;
                Some(text(&redactor.param(name, value.into())))
            };
            checks.push(Check {
                name: format!("params.{}", redactor.text(name)),
                expected: shown(&expected),
                actual: shown(&actual),
                holds: actual == expected,
                weight: 1,
            });
        }
        let sent = entry.map(Entry::headers).unwrap_or_default();
        for (name, expected) in &self.headers {
            let name = name.to_ascii_lowercase();
            let values: Vec<&String> = sent
                .iter()
                .filter(|(n, _)| *n == name)
                .map(|(_, v)| v)
                .collect();
            let shown: Vec<String> = values.iter().map(|v| redactor.header(&name, v)).collect();
            checks.push(Check {
                name: format!("headers.{}", redactor.text(&name)),
                expected: Some(redactor.header(&name, expected)),
                actual: (!shown.is_empty()).then(|| shown.join(", ")),
                holds: values.contains(&expected),
                weight: 1,
            });
        }
        Checks(checks)
    }
}

/// A value as a form would send it.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
