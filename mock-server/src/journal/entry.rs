//! One exchange in the journal.

use crate::clock::Millis;
use crate::http::reply::Reply;
use crate::http::request::{BODY_LIMIT, Body, Request, charset_of};
use crate::journal::note::{Note, Reason};
use crate::redact::Redactor;
use bytes::Bytes;
use hyper::Method;
use hyper::header::{HeaderName, HeaderValue};
use std::borrow::Cow;
use std::time::Duration;

/// A request and its answer, or a callback and the shop's answer, unredacted.
#[derive(Debug)]
pub struct Entry {
    /// Counted from 1.
    pub id: u64,
    /// When it came.
    pub at: Millis,
    /// HTTP method.
    pub method: Method,
    /// Status of the answer; 0 if the shop did not answer a callback.
    pub status: u16,
    /// How long the answer took.
    pub took: Duration,
    /// What the handlers found out about it.
    pub note: Note,
    /// The answer's headers except the content type.
    pub reply_headers: Vec<(HeaderName, HeaderValue)>,
    /// The answer's media type; empty if it has no body.
    pub reply_type: Cow<'static, str>,
    /// The length of the answer's body, in bytes.
    pub reply_length: usize,
    /// Path, query, header lines, body and the answer's body in one buffer. They are copied,
    /// because parts of the request would keep the connection's buffer alive.
    pub(super) copied: Box<[u8]>,
    pub(super) path: usize,
    pub(super) query: Option<usize>,
    pub(super) head: usize,
    pub(super) body: usize,
    pub(super) has_body: bool,
}

impl Entry {
    /// An exchange to be recorded; the journal assigns its id.
    pub fn new(
        at: Millis,
        request: &Request,
        note: Note,
        reply: Option<&Reply>,
        took: Duration,
    ) -> Self {
        let body = match &request.body {
            Body::Read(bytes) if bytes.len() <= BODY_LIMIT => Some(bytes),
            _ => None,
        };
        let query = request.query.as_deref();
        let lines = request.headers.iter();
        let lines: usize = lines
            .map(|(name, value)| name.as_str().len() + value.len() + 3)
            .sum();
        let (reply_type, reply_body) = reply.map_or(("".into(), &[][..]), |reply| {
            (reply.content_type.clone(), &*reply.body)
        });
        let is_page = reply_type.starts_with("text/html") || note.hides_answer;
        let answer: &[u8] = if is_page { &[] } else { reply_body };
        let body_length = body.map_or(0, Bytes::len) + answer.len();
        let length = request.path.len() + query.map_or(0, str::len) + lines + body_length;
        let mut copied = Vec::with_capacity(length);
        copied.extend_from_slice(request.path.as_bytes());
        copied.extend_from_slice(query.unwrap_or_default().as_bytes());
        let after_query = copied.len();
        for (name, value) in &request.headers {
            for part in [name.as_str().as_bytes(), b": ", value.as_bytes(), b"\n"] {
                copied.extend_from_slice(part);
            }
        }
        let head = copied.len();
        copied.extend_from_slice(body.map_or(b"", |bytes| bytes));
        let body_end = copied.len();
        copied.extend_from_slice(answer);
        Self {
            id: 0,
            at,
            method: request.method.clone(),
            status: reply.map_or(0, |reply| reply.status.as_u16()),
            took,
            note,
            reply_headers: reply.map_or(Vec::new(), |reply| reply.headers.clone()),
            reply_type,
            reply_length: reply_body.len(),
            copied: copied.into(),
            path: request.path.len(),
            query: query.map(|_| after_query),
            head,
            body: body_end,
            has_body: body.is_some(),
        }
    }

    /// Its approximate size in bytes. The parsed parameters count as much as the body.
    pub fn size(&self) -> usize {
        let reply = self.reply_headers.iter();
        let reply: usize = reply
            .map(|(name, value)| name.as_str().len() + value.len())
            .sum();
        let read = self.body - self.head;
        let reasons = self.note.violations.iter();
        let reasons: usize = reasons
            .map(|reason| size_of::<Reason>() + reason.remedy.len())
            .sum();
        size_of::<Self>() + self.copied.len() + read + reply + reasons
    }

    /// The path as sent; for a callback, the URL up to its query.
    pub fn path(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.copied[..self.path])
    }

    /// The path as sent; for a callback, the complete URL.
    pub fn address(&self) -> Cow<'_, str> {
        match self.query() {
            Some(query) if self.note.callback => format!("{}?{query}", self.path()).into(),
            _ => self.path(),
        }
    }

    /// The part of the URL before the path: this server's origin `own`, or nothing for a callback,
    /// whose path is a URL of the shop.
    pub fn origin<'o>(&self, own: &'o str) -> &'o str {
        if self.note.callback { "" } else { own }
    }

    /// The query string as sent.
    pub fn query(&self) -> Option<Cow<'_, str>> {
        let end = self.query?;
        Some(String::from_utf8_lossy(&self.copied[self.path..end]))
    }

    /// The headers, with names in lowercase; bytes that are not UTF-8 are replaced.
    pub fn headers(&self) -> Vec<(String, String)> {
        header_pairs(&self.header_lines())
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    }

    /// The headers with their raw values.
    pub fn header_bytes(&self) -> Vec<(String, Vec<u8>)> {
        let lines = self.copied[self.query.unwrap_or(self.path)..self.head].split(|b| *b == b'\n');
        let pair = |line: &[u8]| {
            let at = line.windows(2).position(|pair| pair == b": ")?;
            let name = String::from_utf8_lossy(&line[..at]).into_owned();
            Some((name, line[at + 2..].to_vec()))
        };
        lines.filter_map(pair).collect()
    }

    /// The values of the header `name`, whatever its case.
    pub fn header_values(&self, name: &str) -> impl Iterator<Item = Cow<'_, str>> {
        let lines = self.copied[self.query.unwrap_or(self.path)..self.head].split(|b| *b == b'\n');
        lines.filter_map(move |line| {
            let (given, rest) = line.split_at_checked(name.len())?;
            let value = rest.strip_prefix(b": ")?;
            let same = given.eq_ignore_ascii_case(name.as_bytes());
            same.then(|| String::from_utf8_lossy(value))
        })
    }

    /// All header lines, for [`header_pairs`].
    pub fn header_lines(&self) -> Cow<'_, str> {
        let lines = &self.copied[self.query.unwrap_or(self.path)..self.head];
        String::from_utf8_lossy(lines)
    }

    /// The headers of the answer, including its media type.
    pub fn answer_headers(&self) -> Vec<(String, String)> {
        let kind = ("content-type".to_owned(), self.reply_type.to_string());
        let kind = Some(kind).filter(|_| !self.reply_type.is_empty());
        let others = self.reply_headers.iter().map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes());
            (name.as_str().to_owned(), value.into_owned())
        });
        kind.into_iter().chain(others).collect()
    }

    /// The body as sent; `None` if it could not be read or was larger than the API reads.
    pub fn body(&self) -> Option<&[u8]> {
        self.has_body.then_some(&self.copied[self.head..self.body])
    }

    /// The body with secrets hidden. It is hidden entirely if it has a content coding or a charset
    /// that does not extend ASCII, because then it cannot be searched for secrets.
    pub fn shown_body(&self, redactor: &Redactor) -> Option<String> {
        let body = self.body()?;
        let is_coded = |coding: Cow<'_, str>| !coding.trim().eq_ignore_ascii_case("identity");
        let is_odd = |kind: Cow<'_, str>| !is_searchable(&kind);
        if self.header_values("content-encoding").any(is_coded)
            || self.header_values("content-type").any(is_odd)
        {
            return Some(redactor.hidden(&String::from_utf8_lossy(body)));
        }
        Some(redactor.body(body))
    }

    /// The answer's body; empty for a page, which is large and can be rendered again.
    pub fn reply_body(&self) -> &[u8] {
        &self.copied[self.body..]
    }
}

/// Whether a body of this media type can be searched, that is, its charset extends ASCII.
fn is_searchable(media_type: &str) -> bool {
    let charset = charset_of(media_type);
    let families = [
        "utf-8",
        "utf8",
        "us-ascii",
        "ascii",
        "iso-8859",
        "latin",
        "windows-12",
        "utf-16",
        "utf-32",
    ];
    charset.is_none_or(|charset| families.iter().any(|family| charset.starts_with(family)))
}

/// The names and values in an entry's header lines.
pub fn header_pairs(lines: &str) -> impl Iterator<Item = (&str, &str)> {
    let lines = lines.split_terminator('\n');
    lines.filter_map(|line| line.split_once(": "))
}
