//! A single criterion of a match.

use crate::journal::expectation::{Match, Named};
use crate::journal::sent::Candidate;
use crate::redact::Redactor;
use serde_json::Value;

/// A criterion of a match. `holds` runs on thousands of requests, the texts only on a few.
pub enum Criterion<'m> {
    Endpoint(&'m Named),
    Method(&'m str),
    Path(&'m str),
    Status(u16),
    Param(&'m str, &'m Value),
    Header(&'m str, &'m str),
}

impl Match {
    /// The criteria of this match.
    pub(super) fn parts(&self) -> impl Iterator<Item = Criterion<'_>> {
        let params = self.params.iter();
        let headers = self.headers.iter();
        let parts = [
            self.endpoint.as_ref().map(Criterion::Endpoint),
            self.method.as_deref().map(Criterion::Method),
            self.path.as_deref().map(Criterion::Path),
            self.status.map(Criterion::Status),
        ];
        parts
            .into_iter()
            .flatten()
            .chain(params.map(|(name, value)| Criterion::Param(name, value)))
            .chain(headers.map(|(name, value)| Criterion::Header(name, value)))
    }
}

impl Criterion<'_> {
    /// The weight of a mismatch, relative to one in a parameter.
    pub fn weight(&self) -> usize {
        match self {
            Self::Endpoint(_) => 4,
            Self::Method(_) | Self::Path(_) => 2,
            Self::Status(_) | Self::Param(..) | Self::Header(..) => 1,
        }
    }

    /// Whether a request meets it.
    pub fn holds(&self, candidate: &Candidate<'_>) -> bool {
        let entry = candidate.entry;
        match self {
            Self::Endpoint(named) => {
                let place = entry.note.place();
                place.is_some_and(|place| named.places.contains(&place))
            }
            Self::Method(method) => entry.method.as_str().eq_ignore_ascii_case(method),
            Self::Path(path) => entry.address() == *path,
            Self::Status(status) => entry.status == *status,
            // Strings, the usual case, are compared without copying.
            Self::Param(name, Value::String(expected)) => candidate.is(name, expected),
            Self::Param(name, expected) => match (candidate.param(name), expected) {
                (None, Value::Null) => true,
                (Some(_), Value::Null) | (None, _) => false,
                (Some(actual), expected) => text(&actual) == text(expected),
            },
            Self::Header(name, expected) => {
                entry.header_values(name).any(|value| value == *expected)
            }
        }
    }

    /// Its name in messages.
    pub fn name(&self, redactor: &Redactor) -> String {
        match self {
            Self::Endpoint(_) => "endpoint".to_owned(),
            Self::Method(_) => "method".to_owned(),
            Self::Path(_) => "path".to_owned(),
            Self::Status(_) => "status".to_owned(),
            Self::Param(name, _) => format!("params.{}", redactor.text(name)),
            Self::Header(name, _) => {
                format!("headers.{}", redactor.text(&name.to_ascii_lowercase()))
            }
        }
    }

    /// The expected value without secrets; `None` if it must be absent.
    pub fn expected(&self, redactor: &Redactor) -> Option<String> {
        Some(match self {
            Self::Endpoint(named) => named.name.clone(),
            Self::Method(expected) => redactor.text(expected),
            Self::Path(expected) => redactor.url(expected),
            Self::Status(status) => status.to_string(),
            Self::Param(_, Value::Null) => return None,
            Self::Param(name, value) => text(&redactor.param(name, text(value).into())),
            Self::Header(name, value) => redactor.header(&name.to_ascii_lowercase(), value),
        })
    }

    /// The request's value without secrets.
    pub fn actual(&self, candidate: &Candidate<'_>, redactor: &Redactor) -> Option<String> {
        let entry = candidate.entry;
        Some(match self {
            Self::Endpoint(_) => entry.note.place()?.name().to_owned(),
            Self::Method(_) => redactor.text(entry.method.as_str()),
            Self::Path(_) => redactor.url(&entry.address()),
            Self::Status(_) => entry.status.to_string(),
            Self::Param(name, _) => {
                let actual = text(&candidate.param(name)?);
                text(&redactor.param(name, actual.into()))
            }
            Self::Header(name, _) => {
                let name = name.to_ascii_lowercase();
                let values = entry.header_values(&name);
                let shown: Vec<String> = values.map(|v| redactor.header(&name, &v)).collect();
                return (!shown.is_empty()).then(|| shown.join(", "));
            }
        })
    }
}

/// A value as a form would contain it.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
