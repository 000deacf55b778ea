//! Recorded exchanges, byte for byte.

use crate::journal::Entry;

/// A recorded request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// When it came, by the machine's clock, in milliseconds since the Unix epoch.
    pub at: i64,
    /// HTTP method.
    pub method: String,
    /// The path, still percent-encoded.
    pub path: String,
    /// The query string.
    pub query: Option<String>,
    /// The headers, in order.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The body; `None` if it could not be read or was larger than the API reads.
    pub body: Option<Vec<u8>>,
}

/// An exchange of the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// The request.
    pub sent: Sent,
    /// Status of the answer.
    pub status: u16,
    /// Body of the answer; empty for a page.
    pub answer: Vec<u8>,
}

impl Recorded {
    pub(super) fn of(entry: &Entry) -> Self {
        Self {
            sent: Sent {
                at: entry.at,
                method: entry.method.to_string(),
                path: entry.path().into_owned(),
                query: entry.query().map(std::borrow::Cow::into_owned),
                headers: entry.header_bytes(),
                body: entry.body().map(<[u8]>::to_vec),
            },
            status: entry.status,
            answer: entry.reply_body().to_vec(),
        }
    }
}
