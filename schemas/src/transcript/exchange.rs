//! The lines of a transcript.

use serde::{Deserialize, Serialize};

/// The `format` in the first line of a transcript.
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
    /// The version of the program that started the file.
    pub program: String,
}

impl Header {
    /// The header of a file that this program starts.
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

/// One exchange, with `***` and a hash in place of each secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recorded {
    /// When the request arrived, in UTC.
    pub at: String,
    /// The merchant.
    pub client_id: Option<String>,
    /// The endpoint of the contract; absent for other paths.
    pub endpoint: Option<String>,
    /// Scheme, host and port of the server that answered.
    pub server: String,
    /// What was sent to it.
    pub request: Request,
    /// The answer; absent if there was none.
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
    /// The query as sent.
    pub query: Option<String>,
    /// The headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body; absent for hosted pages, whose forms contain a customer's input.
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
    /// The body; absent for hosted pages and for anything but text.
    pub body: Option<String>,
    /// The size of the body in bytes.
    pub length: usize,
}

impl Request {
    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }
}
