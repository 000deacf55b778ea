//! Transcripts: the exchanges that a mock had with another server, in its place. One JSON object a
//! line: first what the file is, then one exchange each, as `meta/transcript.schema.json` says; or
//! an HTTP archive (HAR 1.2) of the same exchanges.

mod har;

pub use har::{HAR_END, archive_entry, archive_start};

use serde::{Deserialize, Serialize};

/// What the first line of a transcript says that it is.
pub const FORMAT: &str = "flexiti-mock transcript";
/// The version of the format.
pub const VERSION: u32 = 1;
/// The largest file that is read.
pub const LARGEST: u64 = 512 * 1024 * 1024;

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

/// Whether a file of this name holds an HTTP archive.
pub fn is_archive(name: &str) -> bool {
    let end = name.len().saturating_sub(4);
    name.get(end..)
        .is_some_and(|end| end.eq_ignore_ascii_case(".har"))
}

/// The exchanges of a file, whichever of the two formats it has. What a server was writing when it
/// was killed, an incomplete last line, is left out. The error says where the mistake is.
pub fn read(text: &str) -> Result<Vec<Recorded>, String> {
    let start = text.trim_ascii_start();
    if start.starts_with("{\"log\"") || serde_json::from_str::<har::Archive>(start).is_ok() {
        return har::read(start);
    }
    check_header(text)?;
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    let lines = whole.lines().enumerate().skip(1);
    let lines = lines.filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(at, line)| {
            serde_json::from_str(line).map_err(|error| format!("line {}: {error}", at + 1))
        })
        .collect()
}

/// Whether the first line says that the file is a transcript that this program reads.
pub fn check_header(text: &str) -> Result<(), String> {
    let foreign = || {
        format!(
            "is not a transcript: its first line does not say {{\"format\":\"{FORMAT}\",…}}, and it is no HTTP archive"
        )
    };
    let first = text.lines().next().unwrap_or_default();
    let value: serde_json::Value = serde_json::from_str(first).map_err(|_| foreign())?;
    if value["format"] != FORMAT {
        return Err(foreign());
    }
    match value["version"].as_u64() {
        Some(version) if version == u64::from(VERSION) => Ok(()),
        Some(version) => Err(format!(
            "is a transcript of version {version}; this program reads version {VERSION}"
        )),
        None => Err("the first line has no version".to_owned()),
    }
}
