//! A request and its answer as they went over the wire.

use serde_json::Value;
use std::time::Duration;

/// Which part of a server a request went to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Surface {
    /// The API.
    Api,
    /// The hosted pages, made for people.
    Pages,
    /// The admin API, which is no part of what is judged.
    Admin,
}

/// One request and what came back.
#[derive(Debug, Clone)]
pub struct Exchange {
    /// Where it went.
    pub surface: Surface,
    /// HTTP method.
    pub method: String,
    /// The whole URL.
    pub url: String,
    /// The headers that were sent.
    pub sent_headers: Vec<(String, String)>,
    /// The body that was sent.
    pub sent: Vec<u8>,
    /// The answer, or why there is none.
    pub answer: Result<Answer, String>,
    /// Values that must not show up elsewhere: secret and tokens of the account.
    pub secrets: Vec<Secret>,
}

/// A secret, with the name that stands for it in what people read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Secret {
    /// A shell variable.
    pub name: &'static str,
    /// The value.
    pub value: String,
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// The headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// How long it took.
    pub took: Duration,
}

impl Answer {
    /// The header of that name.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(header, _)| header == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Whether the answer says that it has this media type.
    pub fn is(&self, media_type: &str) -> bool {
        let declared = self.header("content-type").unwrap_or_default();
        let essence = declared.split(';').next().unwrap_or_default();
        essence.trim().eq_ignore_ascii_case(media_type)
    }

    /// The body as JSON.
    pub fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// The body as text, for people.
    pub fn text(&self) -> String {
        const SHOWN: usize = 400;
        let text = String::from_utf8_lossy(&self.body);
        match text.char_indices().nth(SHOWN) {
            Some((at, _)) => format!("{}…", &text[..at]),
            None => text.into_owned(),
        }
    }
}

impl Exchange {
    /// The answer, if one came.
    pub fn answer(&self) -> Option<&Answer> {
        self.answer.as_ref().ok()
    }

    /// What came back, in one line, without secrets.
    pub fn actual(&self) -> String {
        match &self.answer {
            Err(why) => format!("no answer: {why}"),
            Ok(answer) => self.redact(&format!("{} {}", answer.status, answer.text())),
        }
    }

    /// `text` with the names of secrets in place of them.
    pub fn redact(&self, text: &str) -> String {
        let hide = |text: String, secret: &Secret| {
            text.replace(&secret.value, &format!("${}", secret.name))
        };
        self.secrets.iter().fold(text.to_owned(), hide)
    }
}
