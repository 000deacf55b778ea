//! The lines of a transcript.

use serde::{Deserialize, Serialize};

/// What the first line of a transcript says that it is.
pub const FORMAT: &str = "flexiti-mock transcript";
/// The version of the format.
pub const VERSION: u32 = 1;
/// The first line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// [`FORMAT`].
    pub format: String,
    /// [`VERSION`].
    pub version: u32,
    /// The version of the program that began the file.
    pub program: String,
}

impl Header {
    /// That of a file which this program begins.
    pub fn new() -> Self {
        Self {
            format: FORMAT.to_owned(),
            version: VERSION,
            program: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }
}

impl Default for Header {
    fn default() -> Self {
        Self::new()
    }
}

/// One exchange, with `***` and a hash in the place of each secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recorded {
    /// When the request came, in UTC.
    pub at: String,
    /// The merchant.
    pub client_id: Option<String>,
    /// The endpoint of the contract; absent for other paths.
    pub endpoint: Option<String>,
    /// Scheme, host and port of the server that answered.
    pub server: String,
    /// What was sent to it.
    pub request: Request,
    /// What it answered; absent if it did not.
    pub answer: Option<Answer>,
    /// Why there is no answer.
    pub error: Option<String>,
    /// How long it took, in microseconds.
    pub took_us: u64,
}

/// A request.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// HTTP method.
    pub method: String,
    /// The path, percent-encoded.
    pub path: String,
    /// The query as it was sent.
    pub query: Option<String>,
    /// The headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body; absent for hosted pages, whose forms hold what a customer typed.
    pub body: Option<String>,
}

/// An answer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// The headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body; absent for hosted pages and what is no text.
    pub body: Option<String>,
    /// How many bytes the body had.
    pub length: usize,
}

impl Request {
    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }
}
