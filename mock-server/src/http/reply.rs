//! An answer, and the one place that turns it into hyper's.

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

/// A callback that is still to be brought to the shop.
#[derive(Debug)]
pub struct Callback {
    /// The shop's URL.
    pub url: String,
    /// Whose shop it is.
    pub client_id: Arc<str>,
    /// Whose customer would bring it.
    pub order_id: u64,
    /// The fault that strikes it.
    pub strike: Option<Strike>,
    /// Whether the mock also makes the ordinary callback, which otherwise a browser makes, before
    /// the extra one of the fault.
    pub twice: bool,
}

/// Bytes to send past hyper, and how the connection ends after them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    /// What is sent, each piece after a pause.
    pub pieces: Vec<(Duration, Bytes)>,
    /// Whether the connection is reset, instead of closed.
    pub reset: bool,
    /// What happens to the request's stream over HTTP/2, where other requests on the connection go
    /// on.
    pub stream: StreamScript,
}

/// What an HTTP/2 stream has in place of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StreamScript {
    /// Nothing: it is reset.
    Reset,
    /// The head of the answer, and these pieces of a body, each after a pause.
    Body {
        /// The pieces.
        pieces: Vec<(Duration, Bytes)>,
        /// The length that the head gives.
        length: usize,
        /// Whether the stream ends after them as it should, instead of being reset.
        ends: bool,
    },
}

/// A callback to bring before the answer is given, and the answer that depends on what came.
pub struct Follow {
    /// The callback.
    pub callback: Callback,
    /// From the shop's status, or the reason why there was none, to the answer.
    pub then: Box<dyn FnOnce(Result<StatusCode, String>) -> Reply + Send>,
}

impl std::fmt::Debug for Follow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Follow")
    }
}

/// A request that is answered once more, and the answer that says how.
#[derive(Debug)]
pub struct Again {
    /// The request.
    pub request: Request,
    /// From its id in the journal and its status to the answer.
    pub then: fn(u64, StatusCode) -> Reply,
}

/// An answer of the server.
#[derive(Debug)]
pub struct Reply {
    /// HTTP status.
    pub status: StatusCode,
    /// Headers beside the content type.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// Media type of the body; if empty, the answer names none.
    pub content_type: Cow<'static, str>,
    /// The body, or what comes before the pieces of a long one.
    pub body: Bytes,
    /// How much later it comes.
    pub later: Duration,
    /// What is to be done before it is given, or how it is given.
    pub way: Way,
}

/// How an answer is given.
#[derive(Debug, Default)]
pub enum Way {
    /// As it is.
    #[default]
    Plain,
    /// Once a callback was brought to the shop; it depends on what came of that.
    Follow(Box<Follow>),
    /// Once another request was answered.
    Again(Box<Again>),
    /// In place of it, bytes are sent past HTTP's rules.
    Script(Box<Script>),
    /// In place of a body, it shows what happens, as it happens.
    Watch(Box<Watch>),
    /// More follows on the body, made piece by piece as it is read.
    Pieces(Pieces),
}

/// The next piece of a long body each time, until there is none.
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

/// What is room enough for most answers in JSON.
const MOSTLY: usize = 512;
/// Up to this length, an answer that is made piece by piece is sent whole, with its length.
const WHOLE: usize = 256 * 1024;

/// A body that is there, or one that goes on.
pub type ReplyBody = Either<Full<Bytes>, Channel<Bytes, io::Error>>;

impl Reply {
    /// A JSON answer.
    pub fn json(status: StatusCode, body: &impl Serialize) -> Self {
        let mut text = Vec::with_capacity(MOSTLY);
        // What the handlers answer with has texts for names, and nothing else can fail.
        if serde_json::to_writer(&mut text, body).is_err() {
            text.clear();
        }
        Self::new(status, "application/json; charset=utf-8", text)
    }

    /// A page.
    pub fn html(status: StatusCode, page: String) -> Self {
        Self::new(status, "text/html; charset=utf-8", page)
    }

    /// Text of some kind.
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

    /// An answer that `next` makes piece by piece: it may be long, and its reader slow.
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

    /// This reply; a complete JSON document ends with a newline, for terminals.
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

    /// This answer, unless `follow` leads to another.
    #[must_use]
    pub fn following(self, follow: Follow) -> Self {
        Self {
            way: Way::Follow(Box::new(follow)),
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

    /// Adds a header that is always the same: nothing is copied.
    #[must_use]
    pub fn saying(mut self, name: HeaderName, value: &'static str) -> Self {
        self.headers.push((name, HeaderValue::from_static(value)));
        self
    }
}

impl Reply {
    /// The head of this answer, as HEAD asks for it (RFC 9110, section 9.3.2).
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

    /// This answer with `stream` for a body.
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
