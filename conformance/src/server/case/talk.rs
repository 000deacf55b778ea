//! A conversation in bytes on a connection of its own: what no client library would send.

use serde::{Deserialize, Serialize};

/// What happens on the connection, turn by turn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Turn {
    /// Send this. Besides the [placeholders](super::placeholders) of any case there are `{{host}}`,
    /// `{{base}}` (the path of the base URL) and `{{origin}}`, and for an ordinary request for a
    /// token `{{token_path}}`, `{{token_headers}}` (lines), `{{token_body}}`, `{{token_length}}` and
    /// `{{token_hex}}` (the same in hexadecimal digits).
    Say(String),
    /// Wait for an answer; interim ones (1xx) are passed over.
    Hear,
    /// Wait for the answer to HEAD, which ends with its head; interim ones (1xx) are passed over.
    HearHead,
    /// Wait for an answer, an interim one or the final one.
    HearFirst,
    /// Say nothing more, and go on listening.
    Shut,
    /// Wait for the server to close the connection, or to say something more.
    HearEnd,
}

/// What must come of a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heeds {
    /// For each answer, the statuses that are right: `200`, or `2xx`; any if there is none.
    pub answers: Vec<Vec<String>>,
    /// The connection may have been closed before the answer of this number, counted from 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub may_end_before: Option<usize>,
    /// The server must have closed the connection.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub closed: bool,
    /// A header that no answer may have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub without: Option<String>,
    /// The sentence that asks for it, with its place.
    pub sentence: String,
}

impl Heeds {
    /// One answer with one of these statuses.
    pub fn one(statuses: &[&str], sentence: &str) -> Self {
        Self::all(&[statuses], sentence)
    }

    /// So many answers, with these statuses.
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
