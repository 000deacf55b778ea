//! A raw conversation on its own connection: what no client library would send.

use serde::{Deserialize, Serialize};

/// The events on the connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Turn {
    /// Send this. In addition to the [placeholders](super::placeholders) of all cases, there are
    /// `{{host}}`, `{{base}}` (the path of the base URL) and `{{origin}}`; and for an ordinary
    /// token request `{{token_path}}`, `{{token_headers}}` (lines), `{{token_body}}`,
    /// `{{token_length}}` and `{{token_hex}}` (the length in hexadecimal).
    Say(String),
    /// Wait for an answer, skipping interim ones (1xx).
    Hear,
    /// Wait for the answer to HEAD, which has no body, skipping interim ones (1xx).
    HearHead,
    /// Wait for an interim or final answer.
    HearFirst,
    /// Shut down the sending side, and keep listening.
    Shut,
    /// Wait for the server to close the connection or send more.
    HearEnd,
}

/// The expected result of a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heeds {
    /// The allowed statuses for each answer: `200` or `2xx`; any if empty.
    pub answers: Vec<Vec<String>>,
    /// The connection may be closed before the answer with this index.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub may_end_before: Option<usize>,
    /// The server must have closed the connection.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub closed: bool,
    /// A header that no answer may have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub without: Option<String>,
    /// The sentence that requires it, and its source.
    pub sentence: String,
}

impl Heeds {
    /// One answer with one of these statuses.
    pub fn one(statuses: &[&str], sentence: &str) -> Self {
        Self::all(&[statuses], sentence)
    }

    /// Several answers, with these statuses.
    pub fn all(answers: &[&[&str]], sentence: &str) -> Self {
        let own = |statuses: &&[&str]| statuses.iter().map(|it| (*it).to_owned()).collect();
        Self {
            answers: answers.iter().map(own).collect(),
            may_end_before: None,
            closed: false,
            without: None,
            sentence: sentence.to_owned(),
        }
    }
}
