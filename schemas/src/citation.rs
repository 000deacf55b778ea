//! The public material that the contract rests on: the rows of `sources.json`.

use serde::Deserialize;

/// A source of facts: a row of `sources.json`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Citation {
    /// The key that the other data files use, for example `R-cur`.
    pub key: String,
    /// What it is, for a reader who wants to find it.
    pub title: String,
    /// Where it is published.
    pub url: Option<String>,
}
