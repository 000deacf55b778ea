//! A request as handlers see it: read completely, but not interpreted.

use crate::http::body::{self, NoRoom, Room};
use crate::http::forwarded::Forwarded;
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, COOKIE, HOST, HeaderName, HeaderValue};
use hyper::http::request::Parts;
use hyper::{HeaderMap, Method, Version};
use std::borrow::Cow;
use std::time::Duration;

/// The header that correlates the requests of an operation (R-cur).
pub const REFERENCE_ID: HeaderName = HeaderName::from_static("x-reference-id");

pub use crate::http::body::{BODY_LIMIT, Body};

/// A complete request.
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
    /// What trusted proxies in front of the server report.
    pub forwarded: Forwarded,
}

impl Request {
    /// Reads a request from the connection. Its body may take up to `body_time` and uses memory
    /// from `room`.
    pub async fn read(
        request: hyper::Request<Incoming>,
        body_time: Duration,
        room: &Room,
    ) -> Result<Self, NoRoom> {
        let (mut parts, incoming) = request.into_parts();
        if parts.version == Version::HTTP_2 {
            as_in_http1(&mut parts);
        }
        let body = body::in_time(body_time, body::read(incoming, room))
            .await
            .unwrap_or(Ok(Body::TimedOut))?;
        Ok(Self {
            method: parts.method,
            path: parts.uri.path().to_owned(),
            query: parts.uri.query().map(str::to_owned),
            headers: parts.headers,
            body,
            forwarded: Forwarded::default(),
        })
    }

    /// A header as text; bytes outside ASCII are replaced.
    pub fn header(&self, name: &HeaderName) -> Option<Cow<'_, str>> {
        let bytes = self.headers.get(name)?.as_bytes();
        // `from_utf8` checks a word at a time, unlike `from_utf8_lossy`.
        let text = str::from_utf8(bytes).map(Cow::Borrowed);
        Some(text.unwrap_or_else(|_| String::from_utf8_lossy(bytes)))
    }

    /// The media type of the body in lowercase, without parameters.
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

    /// The charset of the body's media type, in lowercase.
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

/// Makes the head of an HTTP/2 request look like one of HTTP/1: with a host, and with a single
/// cookie header (RFC 9113, sections 8.3.1 and 8.2.3).
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

/// The charset of a media type, in lowercase.
pub fn charset_of(media_type: &str) -> Option<String> {
    media_type.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        let is_charset = name.trim().eq_ignore_ascii_case("charset");
        let value = value.trim().trim_matches('"').to_ascii_lowercase();
        is_charset.then_some(value)
    })
}
