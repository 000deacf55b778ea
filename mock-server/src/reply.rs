//! An answer, and the one place that turns it into hyper's.

use bytes::Bytes;
use http_body_util::Full;
use hyper::StatusCode;
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use serde::Serialize;

/// An answer of the server.
#[derive(Debug, Clone)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// Headers beside the content type.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// Media type of the body.
    pub content_type: &'static str,
    /// The body.
    pub body: Bytes,
}

impl Reply {
    /// A JSON answer.
    pub fn json(status: u16, body: &impl Serialize) -> Self {
        // What the handlers answer with has texts for names, and nothing else can fail.
        let body = serde_json::to_string(body).unwrap_or_default();
        Self::new(status, "application/json; charset=utf-8", body)
    }

    /// A page.
    pub fn html(status: u16, page: String) -> Self {
        Self::new(status, "text/html; charset=utf-8", page)
    }

    /// An answer without a body.
    pub fn empty(status: u16) -> Self {
        Self::new(status, "", String::new())
    }

    fn new(status: u16, content_type: &'static str, body: String) -> Self {
        Self {
            status,
            headers: Vec::new(),
            content_type,
            body: body.into(),
        }
    }

    /// Adds a header; one whose value cannot stand in a header is left out.
    #[must_use]
    pub fn with(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.push((name, value));
        }
        self
    }
}

impl From<Reply> for hyper::Response<Full<Bytes>> {
    fn from(reply: Reply) -> Self {
        let mut response = Self::new(Full::new(reply.body));
        *response.status_mut() =
            StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        if !reply.content_type.is_empty() {
            let value = HeaderValue::from_static(reply.content_type);
            response.headers_mut().insert(CONTENT_TYPE, value);
        }
        response.headers_mut().extend(reply.headers);
        response
    }
}
