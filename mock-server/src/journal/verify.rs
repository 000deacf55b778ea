//! `POST requests/verify`: whether a merchant sent what a test expects, and if not, the closest
//! requests.

use crate::journal::entry::Entry;
use crate::journal::expectation::{Expected, Match, Range};
use crate::journal::sent::Candidate;
use crate::redact::Redactor;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;

/// The maximum number of near misses shown.
const NEAREST: usize = 3;

/// The answer of `requests/verify` if the requests are not as expected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Failure {
    /// How many requests matched.
    pub matched: usize,
    /// The expectation, in words.
    pub expected: String,
    /// The requests that come closest.
    pub near_misses: Vec<NearMiss>,
    /// All of this as text, for the message of a failing test.
    pub message: String,
}

/// A request that almost matches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NearMiss {
    /// Its id in the journal.
    pub id: u64,
    /// What differs: the expected and the actual value of each criterion.
    pub reasons: Vec<String>,
    #[serde(skip)]
    line: String,
}

/// Compares a merchant's requests with an expectation; returns how many matched. `dropped` is how
/// many older exchanges the journal no longer has, which cannot be verified.
pub fn verify(
    expected: &Expected,
    entries: &[&Entry],
    dropped: u64,
    redactor: &Redactor,
) -> Result<usize, Failure> {
    let candidates: Vec<Candidate<'_>> = entries.iter().map(|it| Candidate::new(it)).collect();
    let judge = Judge {
        expected,
        entries: &candidates,
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
    entries: &'a [Candidate<'a>],
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
        let hits: Vec<u64> = hits.map(|hit| hit.entry.id).collect();
        let too_many = range.max.is_some_and(|max| hits.len() > max);
        let unsure = self.dropped > 0 && range.max.is_some();
        if hits.len() >= range.min && !too_many && !unsure {
            return Ok(hits.len());
        }
        let noun = if range.last() == 1 {
            "request"
        } else {
            "requests"
        };
        let expected = format!("{range} {noun}{}", self.wanted(wanted));
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
                last = Some(rest[hit].entry.id);
                rest = &rest[hit + 1..];
                continue;
            }
            let after = last.map_or(String::new(), |id| format!(" after request {id}"));
            let expected = format!("in_order[{at}]: a request{}{after}", self.wanted(wanted));
            let count = self.expected.in_order.len();
            let found = format!("{at} of {count} came in order; this one did not");
            return Err(failure(at, expected, &found, self.nearest(wanted, rest)));
        }
        Ok(())
    }

    /// Describes a match in words.
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
            return String::new();
        }
        format!(" with {}", parts.join(", "))
    }

    /// The requests that come closest to a match, the latest first if they are equally close.
    fn nearest(&self, wanted: &Match, entries: &[Candidate<'_>]) -> Vec<NearMiss> {
        // Keep only the best few, in order, while going through thousands.
        let mut misses: Vec<(usize, &Candidate<'_>)> = Vec::new();
        for entry in entries.iter().rev() {
            let distance = wanted.distance(entry);
            let at = misses.partition_point(|(other, _)| *other <= distance);
            if distance > 0 && at < NEAREST {
                misses.insert(at, (distance, entry));
                misses.truncate(NEAREST);
            }
        }
        let miss = |(_, candidate): (usize, &Candidate<'_>)| {
            let entry = candidate.entry;
            NearMiss {
                id: entry.id,
                reasons: wanted.reasons(candidate, self.redactor),
                line: format!(
                    "request {}: {} {} → {}",
                    entry.id,
                    self.redactor.text(entry.method.as_str()),
                    self.redactor.url(&entry.address()),
                    entry.status
                ),
            }
        };
        misses.into_iter().map(miss).collect()
    }
}

impl Match {
    fn matches(&self, entry: &Candidate<'_>) -> bool {
        self.parts().all(|part| part.holds(entry))
    }

    /// How far a request is from matching.
    fn distance(&self, entry: &Candidate<'_>) -> usize {
        let failed = self.parts().filter(|part| !part.holds(entry));
        failed.map(|part| part.weight()).sum()
    }

    /// What differs, in words and without secrets.
    fn reasons(&self, entry: &Candidate<'_>, redactor: &Redactor) -> Vec<String> {
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
