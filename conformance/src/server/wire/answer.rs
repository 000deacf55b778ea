//! An answer as received.

use flexiti_contract::comparison::AnswerView;
use serde_json::Value;
use std::borrow::Cow;
use std::time::Duration;

/// An answer as received.
#[derive(Debug, Clone)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// The headers, with names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// How long it took.
    pub took: Duration,
}

impl Answer {
    /// Whether the request was granted; no page says with which success status.
    pub fn granted(&self) -> bool {
        self.is_success() && !self.is_disguised_refusal()
    }

    /// Whether the request was refused, whatever the status.
    pub fn refused(&self) -> bool {
        (300..500).contains(&self.status) || (self.is_success() && self.is_disguised_refusal())
    }

    /// Whether it is a refusal with a success status: it names an error, and has none of the
    /// members of a granted request's answer.
    pub fn is_disguised_refusal(&self) -> bool {
        const GRANTED: [&str; 4] = [
            "access_token",
            "redirection_url",
            "transaction_id",
            "paymentPlan",
        ];
        // A quick check that avoids parsing most answers.
        let named = self.body.windows(7).any(|seven| seven == b"\"error\"");
        self.is_success()
            && named
            && self.json().is_some_and(|body| {
                let says = body["error"].as_str().is_some_and(|word| !word.is_empty());
                says && GRANTED.iter().all(|member| body[member].is_null())
            })
    }

    fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The parts of the answer that are compared.
    pub fn view(&self) -> AnswerView<'_> {
        AnswerView {
            status: self.status,
            headers: &self.headers,
            body: &self.body,
        }
    }

    /// The header with that name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.view().header(name)
    }

    /// Whether the answer declares this media type.
    pub fn is(&self, media_type: &str) -> bool {
        self.view().is(media_type)
    }

    /// The body as JSON.
    pub fn json(&self) -> Option<Value> {
        self.view().json()
    }

    /// The name of the member that lists parameters, and the listed parameters with their words.
    pub fn field_errors(&self) -> Option<(&'static str, Vec<(String, String)>)> {
        self.view().field_errors()
    }

    /// The body as text, cut for reports.
    pub fn text(&self) -> String {
        cut(String::from_utf8_lossy(&self.body).into_owned())
    }

    /// The whole body as text.
    pub fn whole_text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.body)
    }

    /// Whether it is an HTML page, by its media type or its beginning.
    pub fn is_html(&self) -> bool {
        self.view().is_html()
    }
}

/// A text, cut for reports.
pub fn cut(text: String) -> String {
    const SHOWN: usize = 400;
    match text.char_indices().nth(SHOWN) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, media_type: &str, body: &str) -> Answer {
        Answer {
            status,
            headers: vec![("content-type".to_owned(), media_type.to_owned())],
            body: body.into(),
            took: Duration::ZERO,
        }
    }

    #[test]
    fn a_refusal_is_one_whatever_its_status() {
        for (status, body, granted, refused) in [
            (200, r#"{"redirection_url": "/x"}"#, true, false),
            (204, "", true, false),
            (409, r#"{"error": "wrong_inputs"}"#, false, true),
            (302, "", false, true),
            (503, r#"{"error": "server_error"}"#, false, false),
            (
                200,
                r#"{"code": 409, "error": "wrong_inputs"}"#,
                false,
                true,
            ),
            // A member of that name in addition to what was requested.
            (
                200,
                r#"{"access_token": "t", "error": "none"}"#,
                true,
                false,
            ),
            (200, r#"{"error": null, "available": true}"#, true, false),
            (200, r#"{"htmlRender": "\"error\""}"#, true, false),
        ] {
            let answer = answer(status, "application/json", body);
            let found = (answer.granted(), answer.refused());
            assert_eq!(found, (granted, refused), "{status} {body}");
        }
    }

    #[test]
    fn json_is_no_page_whatever_it_is_declared_as() {
        for (media_type, body, html) in [
            ("text/html", "<!doctype html>", true),
            ("text/html", "", true),
            ("text/html; charset=UTF-8", "{}", false),
            ("text/plain", " <html>", true),
            ("application/json", "<", false),
        ] {
            let found = answer(200, media_type, body).is_html();
            assert_eq!(found, html, "{media_type} {body}");
        }
    }
}
