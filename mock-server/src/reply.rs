//! An answer, and the one place that turns it into hyper's.

use crate::events::Watch;
use crate::follow::Callback;
use crate::socket::Script;
use bytes::Bytes;
use http_body_util::channel::Channel;
use http_body_util::{Either, Full};
use hyper::StatusCode;
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue, LOCATION};
use serde::Serialize;
use std::convert::Infallible;
use std::time::Duration;

/// A callback to bring before the answer is given, and the answer that depends on what came.
pub struct Follow {
    /// The callback.
    pub callback: Callback,
    /// From the shop's HTTP status, or the reason why there was none, to the answer.
    pub then: Box<dyn FnOnce(Result<u16, String>) -> Reply + Send>,
}

impl std::fmt::Debug for Follow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Follow")
    }
}

/// An answer of the server.
#[derive(Debug)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// Headers beside the content type.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// Media type of the body.
    pub content_type: &'static str,
    /// The body.
    pub body: Bytes,
    /// What is to be requested first.
    pub follow: Option<Follow>,
    /// How much later it comes.
    pub later: Duration,
    /// What is sent in its place, past HTTP's rules.
    pub script: Option<Script>,
    /// What is to be seen in place of a body, as it happens.
    pub watch: Option<Watch>,
}

/// A body that is there, or one that goes on.
pub type ReplyBody = Either<Full<Bytes>, Channel<Bytes, Infallible>>;

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

    /// Text of some kind.
    pub fn text(status: u16, content_type: &'static str, text: &str) -> Self {
        Self::new(status, content_type, text.to_owned())
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
            follow: None,
            later: Duration::ZERO,
            script: None,
            watch: None,
        }
    }

    /// A redirection that the browser follows with GET.
    pub fn see_other(url: &str) -> Self {
        Self::empty(303).with(LOCATION, url)
    }

    /// This answer, unless `follow` leads to another.
    #[must_use]
    pub fn following(self, follow: Follow) -> Self {
        Self {
            follow: Some(follow),
            ..self
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

impl Reply {
    /// This answer with `stream` for a body.
    pub fn streaming(self, stream: Channel<Bytes, Infallible>) -> hyper::Response<ReplyBody> {
        let mut response: hyper::Response<ReplyBody> = self.into();
        *response.body_mut() = Either::Right(stream);
        response
    }
}

impl From<Reply> for hyper::Response<ReplyBody> {
    fn from(reply: Reply) -> Self {
        let mut response = Self::new(Either::Left(Full::new(reply.body)));
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
