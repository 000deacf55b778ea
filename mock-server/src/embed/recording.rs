//! What came in, byte for byte.

use crate::journal::Entry;

/// A request as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// When, in milliseconds since the Unix epoch, by the machine's clock.
    pub at: i64,
    /// HTTP method.
    pub method: String,
    /// The path, still percent-encoded.
    pub path: String,
    /// The query string.
    pub query: Option<String>,
    /// The headers, in order.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The body; none if it could not be read, or was longer than the API reads.
    pub body: Option<Vec<u8>>,
}

/// An exchange of the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// The request.
    pub sent: Sent,
    /// Status of the answer.
    pub status: u16,
    /// Body of the answer; of a page, nothing.
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
