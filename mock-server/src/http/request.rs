//! A request as the handlers see it: everything read, nothing interpreted.

use crate::http::forwarded::Forwarded;
use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, COOKIE, HOST, HeaderName, HeaderValue};
use hyper::http::request::Parts;
use hyper::{HeaderMap, Method, Version};
use std::borrow::Cow;
use std::time::Duration;

/// The header that traces an operation (R-cur).
pub const REFERENCE_ID: HeaderName = HeaderName::from_static("x-reference-id");
/// The largest body the API reads (clause `http.body.size`).
pub const BODY_LIMIT: usize = 64 * 1024;
/// The largest body that is held in memory; of longer ones the rest is read and thrown away,
/// so that the client gets its answer instead of a reset.
const HELD: usize = 1024 * 1024;
const DISCARDED: usize = 64 * 1024 * 1024;

/// A request, read whole.
#[derive(Debug, Clone)]
pub struct Request {
    /// HTTP method.
    pub method: Method,
    /// The path as sent, still percent-encoded.
    pub path: String,
    /// The query string as sent.
    pub query: Option<String>,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Body,
    /// What proxies in front of the server say, as far as they are trusted.
    pub forwarded: Forwarded,
}

/// The body, or why it could not be read.
#[derive(Debug, Clone)]
pub enum Body {
    /// Read whole.
    Read(Bytes),
    /// Too large to hold.
    TooLarge,
    /// It ended before its end, or was framed wrongly.
    BrokenOff,
    /// It stopped arriving.
    TimedOut,
}

impl Request {
    /// Reads a request from the connection; its body may take so long.
    pub async fn read(request: hyper::Request<Incoming>, body_time: Duration) -> Self {
        let (mut parts, incoming) = request.into_parts();
        if parts.version == Version::HTTP_2 {
            as_in_http1(&mut parts);
        }
        let body = tokio::time::timeout(body_time, read_body(incoming))
            .await
            .unwrap_or(Body::TimedOut);
        Self {
            method: parts.method,
            path: parts.uri.path().to_owned(),
            query: parts.uri.query().map(str::to_owned),
            headers: parts.headers,
            body,
            forwarded: Forwarded::default(),
        }
    }

    /// A header as text; bytes outside ASCII are replaced.
    pub fn header(&self, name: &HeaderName) -> Option<Cow<'_, str>> {
        let bytes = self.headers.get(name)?.as_bytes();
        // Which looks at a word at a time; what replaces bytes looks at each.
        let text = str::from_utf8(bytes).map(Cow::Borrowed);
        Some(text.unwrap_or_else(|_| String::from_utf8_lossy(bytes)))
    }

    /// The media type of the body, in lower case and without parameters.
    pub fn media_type(&self) -> Option<Cow<'_, str>> {
        let value = self.header(&CONTENT_TYPE)?;
        let essence = |value: &str| {
            let end = value.bytes().position(|byte| byte == b';');
            end.unwrap_or(value.len())
        };
        Some(match value {
            Cow::Borrowed(value) => lower_case(value[..essence(value)].trim()),
            Cow::Owned(value) => lower_case(value[..essence(&value)].trim())
                .into_owned()
                .into(),
        })
    }

    /// The charset that the body's media type names, in lower case.
    pub fn charset(&self) -> Option<String> {
        charset_of(&self.header(&CONTENT_TYPE)?)
    }
}

fn lower_case(text: &str) -> Cow<'_, str> {
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        text.to_ascii_lowercase().into()
    } else {
        text.into()
    }
}

/// The head of an HTTP/2 request as handlers know it: with a host, and with one line of cookies
/// (RFC 9113, sections 8.3.1 and 8.2.3).
fn as_in_http1(parts: &mut Parts) {
    if let Some(authority) = parts.uri.authority()
        && let Ok(host) = HeaderValue::from_str(authority.as_str())
    {
        parts.headers.entry(HOST).or_insert(host);
    }
    let crumbs = parts.headers.get_all(COOKIE);
    let crumbs: Vec<&[u8]> = crumbs.iter().map(HeaderValue::as_bytes).collect();
    if crumbs.len() > 1
        && let Ok(cookies) = HeaderValue::from_bytes(&crumbs.join(&b"; "[..]))
    {
        parts.headers.insert(COOKIE, cookies);
    }
}

/// The charset that a media type names, in lower case.
pub fn charset_of(media_type: &str) -> Option<String> {
    media_type.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        let is_charset = name.trim().eq_ignore_ascii_case("charset");
        let value = value.trim().trim_matches('"').to_ascii_lowercase();
        is_charset.then_some(value)
    })
}

/// A body without the byte-order mark that it may begin with: it says nothing (RFC 8259, section
/// 8.1), and whoever reads on would take it for a part of the first name.
fn without_mark(body: Bytes) -> Bytes {
    if body.starts_with(b"\xef\xbb\xbf") {
        body.slice(3..)
    } else {
        body
    }
}

async fn read_body(incoming: Incoming) -> Body {
    let mut limited = Limited::new(incoming, DISCARDED);
    let mut held = Bytes::new();
    let mut too_large = false;
    while let Some(frame) = limited.frame().await {
        let Ok(frame) = frame else {
            return Body::BrokenOff;
        };
        let Ok(data) = frame.into_data() else {
            continue;
        };
        too_large |= held.len() + data.len() > HELD;
        if too_large {
            continue;
        }
        held = if held.is_empty() {
            data
        } else {
            let mut more = BytesMut::from(held);
            more.extend_from_slice(&data);
            more.freeze()
        };
    }
    if too_large {
        Body::TooLarge
    } else {
        Body::Read(without_mark(held))
    }
}
