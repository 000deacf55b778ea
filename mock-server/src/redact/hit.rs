//! The parts of a text to hide, and what replaces them.

use crate::redact::secrets::Found;

/// Precedes the hash of a secret.
pub const HIDDEN: &str = "***";
/// The number of hexadecimal digits in the hash: among many thousand secrets, two have the same
/// hash once in a hundred thousand runs.
pub const HASH: usize = 12;

/// A part of a text to hide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// Where it begins.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
    /// The secret that it contains.
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

/// Sorts hits and merges overlapping ones.
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

/// Whether a text is a redacted secret.
pub(super) fn is_hidden(text: &[u8]) -> bool {
    let hash = text.strip_prefix(HIDDEN.as_bytes());
    hash.is_some_and(|hash| hash.len() == HASH && hash.iter().all(u8::is_ascii_hexdigit))
}
