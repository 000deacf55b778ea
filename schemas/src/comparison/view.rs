//! A server's answer, as comparisons read it.

use serde_json::Value;

/// A borrowed answer.
#[derive(Debug, Clone, Copy)]
pub struct AnswerView<'a> {
    /// HTTP status.
    pub status: u16,
    /// The headers, names in lower case.
    pub headers: &'a [(String, String)],
    /// The body.
    pub body: &'a [u8],
}

impl<'a> AnswerView<'a> {
    /// The header with that name.
    pub fn header(self, name: &str) -> Option<&'a str> {
        let found = self.headers.iter().find(|(header, _)| header == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Whether the answer declares this media type.
    pub fn is(self, media_type: &str) -> bool {
        let declared = self.header("content-type").unwrap_or_default();
        let essence = declared.split(';').next().unwrap_or_default();
        essence.trim().eq_ignore_ascii_case(media_type)
    }

    /// The body as JSON.
    pub fn json(self) -> Option<Value> {
        serde_json::from_slice(self.body).ok()
    }

    /// Whether it is an HTML page, by its media type or its beginning.
    pub fn is_html(self) -> bool {
        let begins = self.body.trim_ascii_start().first() == Some(&b'<');
        // JSON that is declared as HTML merely has the wrong media type.
        let declared = self.is("text/html") && self.json().is_none();
        declared || begins && !self.is("application/json")
    }

    /// The name of the member that lists parameters, and the listed parameters with their words.
    pub fn field_errors(self) -> Option<(&'static str, Vec<(String, String)>)> {
        let body = self.json()?;
        let found = ["field_errors", "error_fields"]
            .into_iter()
            .find_map(|name| Some((name, body[name].as_array()?.clone())));
        let (name, list) = found?;
        let text = |field: &Value, key: &str| field[key].as_str().unwrap_or_default().to_owned();
        let pairs = list
            .iter()
            .map(|field| (text(field, "param"), text(field, "msg")));
        Some((name, pairs.collect()))
    }
}
