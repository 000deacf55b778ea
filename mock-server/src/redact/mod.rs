//! Keeping secrets out of what people and programs read. In the place of a secret stands `***`
//! and a hash under a key of this process: equal secrets are recognised, and none is found out.

mod secrets;
mod shape;
mod spelling;

pub use secrets::Secrets;

use crate::redact::shape::{HEX, OPAQUE, Shape};
use crate::redact::spelling::{decoded, unit};
use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use flexiti_contract::Contract;
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;

/// What stands before the hash of a secret.
pub const HIDDEN: &str = "***";
/// Headers that are secret.
const HEADERS: &[&str] = &["authorization", "proxy-authorization"];

/// Base64 as clients write it: with padding or without.
const LAX: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// The secrets that may not be shown, and the shapes of tokens and sessions.
#[derive(Debug, Clone, Default)]
pub struct Redactor {
    secrets: Arc<Secrets>,
    key: RandomState,
    reveal: bool,
}

impl Redactor {
    /// One that knows these secrets, and hashes under `key`.
    pub fn new(secrets: Arc<Secrets>, key: RandomState) -> Self {
        Self {
            secrets,
            key,
            reveal: false,
        }
    }

    /// The same, or one that hides nothing.
    #[must_use]
    pub fn revealing(self, reveal: bool) -> Self {
        Self { reveal, ..self }
    }

    /// Whether `text` is one of the secrets.
    pub fn is_secret(&self, text: &str) -> bool {
        self.secrets.contains(text)
    }

    /// What stands in the place of a secret.
    pub fn hidden(&self, secret: &str) -> String {
        if self.reveal {
            return secret.to_owned();
        }
        format!("{HIDDEN}{:08x}", self.key.hash_one(secret) >> 32)
    }

    /// `text` without secrets, tokens and sessions, wherever in it they stand, and whatever
    /// escapes or base64 they are spelled in.
    pub fn text(&self, text: &str) -> String {
        if self.reveal {
            return text.to_owned();
        }
        let text = self.without_base64(text);
        let text = self.without_secrets(&text);
        let text = self.without_tokens(&text, &HEX);
        self.without_tokens(&text, &OPAQUE)
    }

    /// The value of a header.
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

    /// The value of a parameter.
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

    /// The members of an object of parameters.
    pub fn members(&self, members: Map<String, Value>) -> Map<String, Value> {
        let member = |(name, value): (String, Value)| {
            let shown = self.param(&name, value);
            (self.text(&name), shown)
        };
        members.into_iter().map(member).collect()
    }

    /// A body: as it is but for the secrets. JSON that has parameters that are secret by their
    /// name is written anew.
    pub fn body(&self, body: &[u8]) -> String {
        let text = String::from_utf8_lossy(body);
        if self.reveal {
            return text.into_owned();
        }
        match serde_json::from_slice::<Value>(body) {
            Ok(json) if names_secret(&json) => self.param("", json).to_string(),
            Ok(_) => self.text(&text),
            Err(_) => self.form(&text),
        }
    }

    /// A form or a query as it is, but for the secrets.
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

    /// A path, or a URL with its query.
    pub fn url(&self, url: &str) -> String {
        match url.split_once('?') {
            Some((path, query)) => format!("{}?{}", self.text(path), self.form(query)),
            None => self.text(url),
        }
    }

    fn without_secrets(&self, text: &str) -> String {
        let bytes = text.as_bytes();
        let mut shown = String::with_capacity(text.len());
        let (mut from, mut at) = (0, 0);
        while at < bytes.len() {
            let found = self.secrets.at(bytes, at);
            let whole = |end| text.is_char_boundary(at) && text.is_char_boundary(end);
            if let Some((secret, end)) = found.filter(|(_, end)| whole(*end)) {
                shown.push_str(&text[from..at]);
                shown.push_str(&self.hidden(secret));
                from = end;
                at = end;
            } else {
                at += 1;
            }
        }
        shown.push_str(&text[from..]);
        shown
    }

    fn without_tokens(&self, text: &str, shape: &Shape) -> String {
        let bytes = text.as_bytes();
        let mut shown = String::with_capacity(text.len());
        let (mut from, mut at) = (0, 0);
        while at < bytes.len() {
            let start = at;
            let mut token = String::new();
            while let Some((byte, length)) = unit(&bytes[at..])
                && (shape.is_digit)(byte)
            {
                token.push(char::from(byte));
                at += length;
            }
            if let Some(token) = shape.token(token) {
                shown.push_str(&text[from..start]);
                shown.push_str(&self.hidden(&token));
                from = at;
            } else if at == start {
                at += unit(&bytes[at..]).map_or(1, |(_, length)| length);
            }
        }
        shown.push_str(&text[from..]);
        shown
    }

    /// Takes out each run of base64 that has a secret in it.
    fn without_base64(&self, text: &str) -> String {
        let is_digit = |c: char| c.is_ascii_alphanumeric() || "+/-_".contains(c);
        let mut shown = String::with_capacity(text.len());
        let mut rest = text;
        while !rest.is_empty() {
            let run = rest.find(|c| !is_digit(c)).unwrap_or(rest.len());
            if let Some(secret) = self.in_base64(&rest[..run]) {
                shown.push_str(&self.hidden(&secret));
                rest = rest[run..].trim_start_matches('=');
            } else {
                shown.push_str(&rest[..run]);
                rest = &rest[run..];
            }
            let gap = rest.find(is_digit).unwrap_or(rest.len());
            shown.push_str(&rest[..gap]);
            rest = &rest[gap..];
        }
        shown
    }

    /// The secret that is in a run of base64, wherever in it that begins.
    fn in_base64(&self, run: &str) -> Option<String> {
        // Most words are too short for any secret.
        let shortest = self.secrets.shortest().unwrap_or(HEX.length);
        let shortest = shortest.min(HEX.length);
        if run.len() * 3 / 4 < shortest {
            return None;
        }
        let run = run.replace('-', "+").replace('_', "/");
        (0..4).find_map(|start| {
            let digits = run.get(start..)?;
            let odd = usize::from(digits.len() % 4 == 1);
            let bytes = LAX.decode(&digits[..digits.len() - odd]).ok()?;
            let text = String::from_utf8_lossy(&bytes);
            let known = (0..text.len()).find_map(|at| self.secrets.at(text.as_bytes(), at));
            known.map(|(secret, _)| secret.to_owned()).or_else(|| {
                let mut shapes = [&HEX, &OPAQUE].into_iter();
                shapes.find_map(|shape| shape.token_in(&text))
            })
        })
    }
}

/// Whether a parameter is secret by its name: `client_secret`, `a[password]`, `a.password`.
fn is_secret(name: &str) -> bool {
    let last = name.trim_end_matches(']');
    let last = last.rsplit(['[', '.']).next().unwrap_or(last);
    Contract::shipped().is_secret_param(last)
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

/// A text whose secrets were hidden if it had any.
pub fn changed(text: &str, shown: String) -> Cow<'_, str> {
    if shown == text {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(shown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACCESS: &str = "0123456789abcdef0123456789abcdef01234567";

    #[test]
    fn secrets_tokens_and_sessions_are_hidden_wherever_they_stand() {
        let mut secrets = Secrets::default();
        secrets.add("s3cret/x");
        secrets.add("s3cret/xy z");
        let redactor = Redactor::new(Arc::new(secrets), RandomState::new());
        let short = redactor.hidden("s3cret/x");
        let long = redactor.hidden("s3cret/xy z");
        let token = redactor.hidden(ACCESS);
        let escaped = ACCESS.replace('0', "%30");
        for (text, shown) in [
            ("plain", "plain".to_owned()),
            (
                "/a;client_secret=s3cret/xy z",
                format!("/a;client_secret={long}"),
            ),
            ("a=s3cret%2Fx&b", format!("a={short}&b")),
            ("a=S3CRET%2fX&b", format!("a={short}&b")),
            ("a=s3cret/xy+z", format!("a={long}")),
            (r#""s3cret\/x""#, format!("\"{short}\"")),
            (r#""s3cret\u002fx""#, format!("\"{short}\"")),
            ("Zm9vOnMzY3JldC94=, x", format!("{short}, x")),
            (&format!("Bearer {ACCESS}é"), format!("Bearer {token}é")),
            (&format!("a%3D{escaped}"), format!("a%3D{token}")),
            (
                &format!("/checkout/{ACCESS}?lang=fr"),
                format!("/checkout/{token}?lang=fr"),
            ),
            (&ACCESS[..32], ACCESS[..32].to_owned()),
        ] {
            assert_eq!(redactor.text(text), shown, "{text}");
        }
        assert_eq!(short.len(), 11);
        assert_eq!(
            redactor.clone().revealing(true).text("s3cret/x"),
            "s3cret/x"
        );
        // Under another key it is another hash.
        let other = Redactor::new(Arc::default(), RandomState::new());
        assert_ne!(other.hidden("s3cret/x"), short);
    }

    #[test]
    fn what_is_secret_by_its_name_is_hidden_in_bodies() {
        let redactor = Redactor::default();
        let hash = redactor.hidden("guess");
        for (body, shown) in [
            (
                "a=1&client_secret=guess",
                format!("a=1&client_secret={hash}"),
            ),
            (
                "a%5Bpassword%5D=gues%73&b",
                format!("a%5Bpassword%5D={hash}&b"),
            ),
            (
                r#"{"a": [{"password":"guess"}]}"#,
                format!(r#"{{"a":[{{"password":"{hash}"}}]}}"#),
            ),
            (r#"{"a": "guess"}"#, r#"{"a": "guess"}"#.to_owned()),
        ] {
            assert_eq!(redactor.body(body.as_bytes()), shown);
        }
        let keys = LAX.encode("id:guess");
        assert_eq!(
            redactor.header("authorization", &format!("Basic {keys}")),
            format!("Basic {hash}")
        );
        assert_eq!(redactor.header("cookie", "a=guess"), format!("a={hash}"));
    }
}
