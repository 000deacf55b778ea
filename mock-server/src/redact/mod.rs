//! Redaction of secrets in everything that people and programs read. A secret is replaced by `***`
//! and a hash keyed for this process, so that equal secrets can be recognized without being
//! revealed.

mod base64_runs;
mod hit;
mod named;
mod search;
mod secrets;
mod shape;
mod spelling;

pub use hit::{HASH, HIDDEN};
pub use secrets::Secrets;

use crate::redact::hit::Hit;
use crate::redact::secrets::Known;
use crate::redact::spelling::decoded;
use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;

/// Headers whose value is secret.
const HEADERS: &[&str] = &["authorization", "proxy-authorization"];

/// Base64 as clients write it, with or without padding.
const LAX: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// The secrets to hide, and the shapes of tokens and sessions.
#[derive(Debug, Clone, Default)]
pub struct Redactor {
    secrets: Arc<Secrets>,
    key: RandomState,
    reveal: bool,
}

impl Redactor {
    /// A redactor that knows these secrets and hashes with `key`.
    pub fn new(secrets: Arc<Secrets>, key: RandomState) -> Self {
        Self {
            secrets,
            key,
            reveal: false,
        }
    }

    /// This redactor, or one that hides nothing if `reveal` is set.
    #[must_use]
    pub fn revealing(self, reveal: bool) -> Self {
        Self { reveal, ..self }
    }

    /// Whether `text` is a known secret.
    pub fn is_secret(&self, text: &str) -> bool {
        self.secrets.read().contains(text)
    }

    /// The replacement for a secret.
    pub fn hidden(&self, secret: &str) -> String {
        if self.reveal {
            return secret.to_owned();
        }
        format!("{HIDDEN}{:012x}", self.key.hash_one(secret) >> 16)
    }

    /// `text` with secrets, tokens and sessions hidden, wherever they are and however they are
    /// encoded. A text that cannot be searched is hidden as a whole.
    pub fn text(&self, text: &str) -> String {
        self.shown(text).into_owned()
    }

    /// Like [`Self::text`], but borrowed if there is nothing to hide.
    pub fn shown<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if self.reveal {
            return text.into();
        }
        self.without(&self.secrets.read(), text)
    }

    fn without<'t>(&self, known: &Known, text: &'t str) -> Cow<'t, str> {
        let Ok(hits) = search::hits(known, text.as_bytes()) else {
            return self.hidden(text).into();
        };
        if hits.is_empty() {
            return text.into();
        }
        let mut shown = String::with_capacity(text.len());
        let mut from = 0;
        for Hit { start, end, secret } in hits {
            // Hide the whole character if part of it is to be hidden.
            let is_boundary = |at: &usize| text.is_char_boundary(*at);
            let start = (from..=start.max(from)).rev().find(is_boundary);
            let start = start.unwrap_or(from);
            let end = (end..=text.len()).find(is_boundary).unwrap_or(text.len());
            shown.push_str(&text[from..start]);
            shown.push_str(&self.hidden(&secret));
            from = end.max(from);
        }
        shown.push_str(&text[from..]);
        shown.into()
    }

    /// [`Self::shown`] for a text that recurs, such as a remedy: once it was found clean, it is
    /// searched again only after a secret has been added. This reduces the log line of a refusal
    /// from 20k to 12k instructions.
    pub fn shown_again<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if self.reveal {
            return text.into();
        }
        // While this lock is held, no secret is added.
        let known = self.secrets.read();
        if known.is_clean(text) {
            return text.into();
        }
        let shown = self.without(&known, text);
        if matches!(shown, Cow::Borrowed(_)) {
            known.found_clean(text);
        }
        shown
    }

    /// The value of a header, redacted.
    pub fn header(&self, name: &str, value: &str) -> String {
        if self.reveal {
            return value.to_owned();
        }
        if name == "cookie" {
            let cookie = |cookie: &str| match cookie.split_once('=') {
                Some((name, value)) => format!("{}={}", self.text(name), self.hidden(value)),
                None => self.hidden(cookie),
            };
            let cookies: Vec<String> = value.split(';').map(str::trim).map(cookie).collect();
            return cookies.join("; ");
        }
        if name == "set-cookie" {
            let (cookie, rest) = value.split_once(';').unwrap_or((value, ""));
            let end = if rest.is_empty() { "" } else { ";" };
            let cookie = match cookie.split_once('=') {
                Some((name, value)) => format!("{}={}", self.text(name), self.hidden(value)),
                None => self.hidden(cookie),
            };
            return format!("{cookie}{end}{}", self.text(rest));
        }
        // A secret parameter may have been sent as a header.
        let as_param = name.strip_prefix("x-").unwrap_or(name).replace('-', "_");
        if is_secret(&as_param) {
            return self.hidden(value);
        }
        if !HEADERS.contains(&name) {
            return self.text(value);
        }
        match value.split_once(' ') {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => {
                format!("{scheme} {}", self.hidden(token))
            }
            Some((scheme, keys)) if scheme.eq_ignore_ascii_case("basic") => {
                let decoded = LAX.decode(keys.trim()).unwrap_or_default();
                let decoded = String::from_utf8_lossy(&decoded);
                let secret = decoded.split_once(':').map_or(keys, |(_, secret)| secret);
                format!("{scheme} {}", self.hidden(secret))
            }
            _ => self.hidden(value),
        }
    }

    /// The value of a parameter, redacted.
    pub fn param(&self, name: &str, value: Value) -> Value {
        match value {
            Value::String(text) if is_secret(name) => self.hidden(&text).into(),
            value if is_secret(name) && !self.reveal => self.hidden(&value.to_string()).into(),
            Value::String(text) => self.text(&text).into(),
            Value::Object(members) => Value::Object(self.members(members)),
            Value::Array(items) => items.into_iter().map(|item| self.param("", item)).collect(),
            Value::Number(number) if !self.reveal => {
                let text = number.to_string();
                match self.text(&text) {
                    shown if shown == text => Value::Number(number),
                    shown => shown.into(),
                }
            }
            other => other,
        }
    }

    /// An object of parameters, redacted.
    pub fn members(&self, members: Map<String, Value>) -> Map<String, Value> {
        let member = |(name, value): (String, Value)| {
            let shown = self.param(&name, value);
            (self.text(&name), shown)
        };
        members.into_iter().map(member).collect()
    }

    /// A body with secrets hidden, otherwise as it is. JSON with parameters that are secret by name
    /// is serialized again. A body that is not text cannot be searched, and is hidden.
    pub fn body(&self, body: &[u8]) -> String {
        let text = String::from_utf8_lossy(body);
        if self.reveal {
            return text.into_owned();
        }
        if is_binary(body) {
            return self.hidden(&text);
        }
        match serde_json::from_slice::<Value>(body) {
            Ok(json) if names_secret(&json) => self.param("", json).to_string(),
            Ok(_) => self.text(&text),
            Err(_) => self.form(&text),
        }
    }

    /// A form or a query string with secrets hidden, otherwise as it is.
    pub fn form(&self, text: &str) -> String {
        let pair = |pair: &str| match pair.split_once('=') {
            Some((name, value)) if is_secret(&decoded(name)) => {
                format!("{name}={}", self.hidden(&decoded(value)))
            }
            _ => pair.to_owned(),
        };
        let pairs: Vec<String> = text.split('&').map(pair).collect();
        self.text(&pairs.join("&"))
    }

    /// A path, or a URL with its query, redacted.
    pub fn url(&self, url: &str) -> String {
        match url.split_once('?') {
            Some((path, query)) => format!("{}?{}", self.text(path), self.form(query)),
            None => self.text(url),
        }
    }
}

/// Whether a parameter's name makes it secret: `client_secret`, `a[password]`, `a.password`.
fn is_secret(name: &str) -> bool {
    let last = name.trim_end_matches(']');
    let last = last.rsplit(['[', '.']).next().unwrap_or(last);
    named::is_secret(last)
}

/// Whether a body is not text in any charset that extends ASCII: it may be compressed, so nothing
/// in it could be found.
fn is_binary(body: &[u8]) -> bool {
    let is_control = |byte: &u8| matches!(byte, 1..=8 | 14..=31);
    str::from_utf8(body).is_err() && body.iter().any(is_control)
}

fn names_secret(json: &Value) -> bool {
    match json {
        Value::Object(members) => members
            .iter()
            .any(|(name, value)| is_secret(name) || names_secret(value)),
        Value::Array(items) => items.iter().any(names_secret),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
