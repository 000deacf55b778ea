//! Replies, and the one place that converts them to hyper's type.

use crate::events::Watch;
use crate::fault::Strike;
use crate::http::request::Request;
use bytes::Bytes;
use http_body_util::channel::Channel;
use http_body_util::{Either, Full};
use hyper::StatusCode;
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderName, HeaderValue, LOCATION};
use serde::Serialize;
use std::borrow::Cow;
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// A callback that has yet to be delivered to the shop.
#[derive(Debug)]
pub struct Callback {
    /// The shop's URL.
    pub url: String,
    /// The merchant.
    pub client_id: Arc<str>,
    /// The order.
    pub order_id: u64,
    /// The fault that strikes it.
    pub strike: Option<Strike>,
    /// Whether the mock also makes the ordinary callback, which a browser usually makes, before the
    /// fault's extra one.
    pub twice: bool,
}

/// Raw bytes to send past hyper, and how the connection ends after them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    /// The pieces to send, each after a pause.
    pub pieces: Vec<(Duration, Bytes)>,
    /// Whether the connection is reset instead of closed.
    pub reset: bool,
    /// What happens to the request's stream over HTTP/2, where other requests on the connection
    /// continue.
    pub stream: StreamScript,
}

/// What an HTTP/2 stream gets instead of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StreamScript {
    /// Nothing: it is reset.
    Reset,
    /// The head of the answer, and these pieces of a body, each after a pause.
    Body {
        /// The pieces.
        pieces: Vec<(Duration, Bytes)>,
        /// The length announced in the head.
        length: usize,
        /// Whether the stream ends regularly after them, instead of being reset.
        ends: bool,
    },
}

/// A callback to deliver first, and the answer that depends on its result.
pub struct Follow {
    /// The callback.
    pub callback: Callback,
    /// Builds the answer from the shop's status, or from the reason why there is none.
    pub then: Box<dyn FnOnce(Result<StatusCode, String>) -> Reply + Send>,
}

impl std::fmt::Debug for Follow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Follow")
    }
}

/// A request to handle again, and how to report the result.
#[derive(Debug)]
pub struct Again {
    /// The request.
    pub request: Request,
    /// Builds the answer from the request's id in the journal and its status.
    pub then: fn(u64, StatusCode) -> Reply,
}

/// An answer of the server.
#[derive(Debug)]
pub struct Reply {
    /// HTTP status.
    pub status: StatusCode,
    /// Headers except the content type.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// Media type of the body; if empty, there is no `Content-Type`.
    pub content_type: Cow<'static, str>,
    /// The body, or the first part of a streamed one.
    pub body: Bytes,
    /// The delay before it is sent.
    pub later: Duration,
    /// What to do before it is sent, or how it is sent.
    pub way: Way,
}

/// How an answer is sent.
#[derive(Debug, Default)]
pub enum Way {
    /// As it is.
    #[default]
    Plain,
    /// After a callback to the shop, on whose result the answer depends.
    Follow(Box<Follow>),
    /// After another request has been handled.
    Again(Box<Again>),
    /// Raw bytes are sent instead.
    Script(Box<Script>),
    /// Streams events as they happen instead of a body.
    Watch(Box<Watch>),
    /// The rest of the body is generated piece by piece as the client reads.
    Pieces(Pieces),
}

/// Returns the next piece of a long body, or `None` at its end.
pub struct Pieces(Box<dyn FnMut() -> Option<String> + Send>);

impl Pieces {
    /// The next piece.
    pub fn next(&mut self) -> Option<Bytes> {
        (self.0)().map(Bytes::from)
    }
}

impl std::fmt::Debug for Pieces {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Pieces")
    }
}

/// Enough for most JSON answers, in bytes.
const MOSTLY: usize = 512;
/// Answers up to this size are sent whole, with their length, even if they are made piece by piece.
const WHOLE: usize = 256 * 1024;

/// A complete body, or a streamed one.
pub type ReplyBody = Either<Full<Bytes>, Channel<Bytes, io::Error>>;

impl Reply {
    /// A JSON answer.
    pub fn json(status: StatusCode, body: &impl Serialize) -> Self {
        let mut text = Vec::with_capacity(MOSTLY);
        // The handlers' answers have strings as keys, so serializing cannot fail.
        if serde_json::to_writer(&mut text, body).is_err() {
            text.clear();
        }
        Self::new(status, "application/json; charset=utf-8", text)
    }

    /// An HTML page.
    pub fn html(status: StatusCode, page: String) -> Self {
        Self::new(status, "text/html; charset=utf-8", page)
    }

    /// A text of the given media type.
    pub fn text(status: StatusCode, content_type: &'static str, text: &str) -> Self {
        Self::new(status, content_type, text.to_owned())
    }

    /// An answer without a body.
    pub fn empty(status: StatusCode) -> Self {
        Self::new(status, "", String::new())
    }

    fn new(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Self {
        Self {
            status,
            headers: Vec::new(),
            content_type: content_type.into(),
            body: body.into(),
            later: Duration::ZERO,
            way: Way::Plain,
        }
    }

    /// An answer that `next` generates piece by piece, for long bodies and slow clients.
    pub fn in_pieces(
        content_type: &'static str,
        mut next: impl FnMut() -> Option<String> + Send + 'static,
    ) -> Self {
        let mut start = String::new();
        while start.len() <= WHOLE {
            match next() {
                Some(piece) => start.push_str(&piece),
                None => return Self::new(StatusCode::OK, content_type, start),
            }
        }
        let mut reply = Self::new(StatusCode::OK, content_type, start);
        reply.way = Way::Pieces(Pieces(Box::new(next)));
        reply
    }

    /// Adds a newline to a complete JSON document, for terminals.
    #[must_use]
    pub fn ending_its_line(mut self) -> Self {
        let is_whole = !matches!(self.way, Way::Pieces(_));
        if self.content_type.starts_with("application/json") && is_whole {
            let mut body = Vec::from(std::mem::take(&mut self.body));
            body.push(b'\n');
            self.body = body.into();
        }
        self
    }

    /// A redirection that the browser follows with GET.
    pub fn see_other(url: &str) -> Self {
        Self::empty(StatusCode::SEE_OTHER).with(LOCATION, url)
    }

    /// Delivers a callback first, which may replace this answer.
    #[must_use]
    pub fn following(self, follow: Follow) -> Self {
        Self {
            way: Way::Follow(Box::new(follow)),
            ..self
        }
    }

    /// Adds a header; a value that is not allowed in a header is dropped.
    #[must_use]
    pub fn with(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.push((name, value));
        }
        self
    }

    /// Adds a header with a static value, which is not copied.
    #[must_use]
    pub fn saying(mut self, name: HeaderName, value: &'static str) -> Self {
        self.headers.push((name, HeaderValue::from_static(value)));
        self
    }
}

impl Reply {
    /// The head of this answer, for HEAD (RFC 9110, section 9.3.2).
    #[must_use]
    pub fn without_body(mut self) -> Self {
        let length = std::mem::take(&mut self.body).len();
        self.with(CONTENT_LENGTH, &length.to_string())
    }

    /// This reply without its body, for HEAD; also drops a streamed body.
    #[must_use]
    pub fn head_only(mut self) -> Self {
        let is_whole = !matches!(self.way, Way::Watch(_) | Way::Pieces(_));
        if !is_whole {
            self.way = Way::Plain;
        }
        let says = self.headers.iter().any(|(name, _)| *name == CONTENT_LENGTH);
        if is_whole && !says {
            return self.without_body();
        }
        self.body = Bytes::new();
        self
    }

    /// Converts this answer, with `stream` as its body.
    pub fn streaming(self, stream: Channel<Bytes, io::Error>) -> hyper::Response<ReplyBody> {
        let mut response: hyper::Response<ReplyBody> = self.into();
        *response.body_mut() = Either::Right(stream);
        response
    }
}

impl From<Reply> for hyper::Response<ReplyBody> {
    fn from(reply: Reply) -> Self {
        let mut response = Self::new(Either::Left(Full::new(reply.body)));
        *response.status_mut() = reply.status;
        let content_type = match reply.content_type {
            Cow::Borrowed("") => None,
            Cow::Borrowed(own) => Some(HeaderValue::from_static(own)),
            Cow::Owned(other) => HeaderValue::from_str(&other).ok(),
        };
        if let Some(value) = content_type.filter(|value| !value.is_empty()) {
            response.headers_mut().insert(CONTENT_TYPE, value);
        }
        response.headers_mut().extend(reply.headers);
        response
    }
}
