//! The parts of a text that may not be shown, and what stands in their place.

use crate::redact::secrets::Found;

/// What stands before the hash of a secret.
pub const HIDDEN: &str = "***";
/// How many hexadecimal digits follow: two of many thousand secrets have the same once in a hundred
/// thousand runs.
pub const HASH: usize = 12;

/// A part of a text that may not be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// Where it begins.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
    /// The secret that it spells.
    pub secret: String,
}

impl From<Found<'_>> for Hit {
    fn from(found: Found<'_>) -> Self {
        Self {
            start: found.start,
            end: found.end,
            secret: found.secret.to_owned(),
        }
    }
}

/// Hits in order, those that overlap as one.
pub(super) fn apart(mut hits: Vec<Hit>) -> Vec<Hit> {
    hits.sort_by_key(|hit| (hit.start, std::cmp::Reverse(hit.end)));
    let mut apart: Vec<Hit> = Vec::new();
    for hit in hits {
        match apart.last_mut() {
            Some(last) if hit.start < last.end => last.end = last.end.max(hit.end),
            _ => apart.push(hit),
        }
    }
    apart
}

/// Whether a text is what stands in the place of a secret.
pub(super) fn is_hidden(text: &[u8]) -> bool {
    let hash = text.strip_prefix(HIDDEN.as_bytes());
    hash.is_some_and(|hash| hash.len() == HASH && hash.iter().all(u8::is_ascii_hexdigit))
}
