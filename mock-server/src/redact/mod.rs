//! Keeping secrets out of what people and programs read. In the place of a secret stands `***`
//! and a hash under a key of this process: equal secrets are recognised, and none is found out.

mod search;
mod secrets;
mod shape;
mod spelling;

pub use search::{HASH, HIDDEN};
pub use secrets::Secrets;

use crate::redact::search::Hit;
use crate::redact::secrets::Known;
use crate::redact::spelling::decoded;
use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use flexiti_contract::Contract;
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;

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

    /// This redactor, or one that hides nothing if `reveal` is set.
    #[must_use]
    pub fn revealing(self, reveal: bool) -> Self {
        Self { reveal, ..self }
    }

    /// Whether `text` is one of the secrets.
    pub fn is_secret(&self, text: &str) -> bool {
        self.secrets.read().contains(text)
    }

    /// What stands in the place of a secret.
    pub fn hidden(&self, secret: &str) -> String {
        if self.reveal {
            return secret.to_owned();
        }
        format!("{HIDDEN}{:012x}", self.key.hash_one(secret) >> 16)
    }

    /// `text` without secrets, tokens and sessions, wherever in it they stand, and however they
    /// are spelled. What cannot be searched for them is hidden as a whole.
    pub fn text(&self, text: &str) -> String {
        self.shown(text).into_owned()
    }

    /// `text` without secrets, tokens and sessions; borrowed if there is nothing to hide.
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
            // A part of a sign is not shown either.
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

    /// [`Self::shown`] for a text that comes again and again, such as what to send instead: once nothing
    /// was found in it, it is searched again when there is another secret. The log line of a
    /// refusal takes 12k instructions so, and 20k where it is searched each time.
    pub fn shown_again<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if self.reveal {
            return text.into();
        }
        // All the while, no secret is added.
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
        if name == "set-cookie" {
            let (cookie, rest) = value.split_once(';').unwrap_or((value, ""));
            let end = if rest.is_empty() { "" } else { ";" };
            let cookie = match cookie.split_once('=') {
                Some((name, value)) => format!("{}={}", self.text(name), self.hidden(value)),
                None => self.hidden(cookie),
            };
            return format!("{cookie}{end}{}", self.text(rest));
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
    /// name is written anew. One that is no text cannot be searched, and is hidden.
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
}

/// Whether a parameter is secret by its name: `client_secret`, `a[password]`, `a.password`.
fn is_secret(name: &str) -> bool {
    let last = name.trim_end_matches(']');
    let last = last.rsplit(['[', '.']).next().unwrap_or(last);
    Contract::shipped().is_secret_param(last)
}

/// Whether a body is no text in any charset whose letters are those of ASCII: it may be
/// compressed, and nothing in it can be found.
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
mod tests {
    use super::*;
    use std::fmt::Write as _;

    const ACCESS: &str = "0123456789abcdef0123456789abcdef01234567";

    #[test]
    fn base64_that_a_form_or_a_mail_has_changed_is_read_all_the_same() {
        let secrets = Secrets::default();
        secrets.add(">>>x>>>y");
        let redactor = Redactor::new(Arc::new(secrets), RandomState::new());
        let hidden = redactor.hidden(">>>x>>>y");
        for (text, shown) in [
            ("a=Pj4+eD4+Pnk=", format!("a={hidden}=")),
            ("a=Pj4 eD4 Pnk=", format!("a={hidden}=")),
            ("key Pj4 eD4 Pnk and more", format!("key {hidden} and more")),
            ("a: Pj4+eD4+\r\n Pnk=", format!("a: {hidden}=")),
            (
                "Nothing is hidden in a long sentence",
                "Nothing is hidden in a long sentence".to_owned(),
            ),
        ] {
            assert_eq!(redactor.text(text), shown);
        }
    }

    #[test]
    fn a_secret_is_known_by_its_name_however_that_is_written() {
        let redactor = Redactor::new(Arc::default(), RandomState::new());
        let guess = redactor.hidden("guess");
        let next_part = "\r\n--X--\r\n";
        for (before, after) in [
            ("client_secret[]=", "&a=b"),
            ("client_secret[0]=", ""),
            ("a[client_secret]=", ""),
            ("client_secret = ", "\n"),
            ("{'client_secret': '", "'}"),
            (
                "--X\r\nContent-Disposition: form-data; name=\"client_secret\"\r\n\r\n",
                next_part,
            ),
            (
                "--X\nContent-Type: text/plain\nContent-Disposition: form-data; name=password\n\n",
                next_part,
            ),
        ] {
            let shown = redactor.text(&format!("{before}guess{after}"));
            assert_eq!(shown, format!("{before}{guess}{after}"));
        }
        for plain in [
            "name=guess",
            "list[0]=guess",
            "form-data; name=\"city\"\r\n\r\nguess",
        ] {
            assert_eq!(redactor.text(plain), plain);
        }
    }

    #[test]
    fn secrets_tokens_and_sessions_are_hidden_wherever_they_stand() {
        let secrets = Secrets::default();
        secrets.add("s3cret/x");
        secrets.add("s3cret/xy z");
        let redactor = Redactor::new(Arc::new(secrets), RandomState::new());
        let short = redactor.hidden("s3cret/x");
        let long = redactor.hidden("s3cret/xy z");
        let token = redactor.hidden(ACCESS);
        let guess = redactor.hidden("guess");
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
            ("s3cret%25252Fx", short.clone()),
            (r"a=s3cret%5Cu002fx", format!("a={short}")),
            ("YTpzM2NyZXQveA", format!("YT{short}")),
            ("YTpzM2NyZXQve%41%3D%3D&b", format!("YT{short}%3D%3D&b")),
            ("Basic aWQ6Z3Vlc3M=", format!("Basic {guess}=")),
            ("?a=Basic+aWQ6Z3Vlc3M", format!("?a=Basic+{guess}")),
            ("http://u:guess@h/x", format!("http://u:{guess}@h/x")),
            (";client_secret=guess;", format!(";client_secret={guess};")),
            (
                r#"%7B"password": "guess"}"#,
                format!(r#"%7B"password": "{guess}"}}"#),
            ),
            ("s\u{0}3\0c\0r\0e\0t\0/\0x\0", format!("{short}\0")),
            ("Zm9vOnMzY3JldC94, x", format!("Zm9vO{short}, x")),
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
        assert_eq!(short.len(), HIDDEN.len() + HASH);
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

    /// A spelling of a text in which it can be found again.
    fn spelled(text: &str, how: u8) -> String {
        match how % 6 {
            0 => percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC)
                .to_string(),
            1 => text.bytes().fold(String::new(), |mut all, byte| {
                let _ = write!(all, "%{byte:02x}");
                all
            }),
            2 => text.encode_utf16().fold(String::new(), |mut all, code| {
                let _ = write!(all, "\\u{code:04x}");
                all
            }),
            3 => LAX.encode(text),
            4 => base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(format!("id:{text}")),
            _ => serde_json::Value::from(text).to_string(),
        }
    }

    proptest::proptest! {
        #![proptest_config(proptest::test_runner::Config::with_cases(1_000))]
        #[test]
        fn no_spelling_of_a_secret_is_shown(
            secret in "[a-zA-Z0-9/+%\\\\é -]{6,30}",
            before in "[a-zA-Z0-9=&/:% ]{0,12}",
            after in "[=&:; ]?[a-zA-Z0-9=&/: ]{0,12}",
            hows in proptest::collection::vec(0..6_u8, 0..5),
        ) {
            let secrets = Secrets::default();
            secrets.add(&secret);
            let redactor = Redactor::new(Arc::new(secrets), RandomState::new());
            let spelling = hows.iter().fold(secret.clone(), |text, how| spelled(&text, *how));
            let text = format!("{before}={spelling}{after}");
            let shown = redactor.text(&text);
            proptest::prop_assert!(shown.contains(HIDDEN), "{hows:?} {secret:?}: {text} → {shown}");
            // What is left is less than the secret takes.
            let left = shown.replace(HIDDEN, "");
            proptest::prop_assert!(!left.contains(&spelling), "{text} → {shown}");
        }
    }

    #[test]
    fn the_time_grows_with_the_text_and_with_nothing_else() {
        let secrets = Secrets::default();
        secrets.add(&"\\".repeat(99));
        for length in 4..40 {
            secrets.add(&format!("{}b", "a".repeat(length)));
        }
        for number in 0..300 {
            secrets.add(&format!("secret-{number}"));
        }
        let redactor = Redactor::new(Arc::new(secrets), RandomState::new());
        // The cost of a text of which nothing is found, to compare with.
        let time = |piece: &str, length: usize| {
            let text = piece.repeat(length / piece.len());
            let run = || {
                let started = std::time::Instant::now();
                std::hint::black_box(redactor.text(&text));
                started.elapsed()
            };
            (0..4).map(|_| run()).min().unwrap_or_default()
        };
        for piece in [
            "\\",
            "a",
            "secret-",
            "%25",
            "%",
            "QUFB",
            "client_secret=",
            "basic+",
            "@",
            "\\u00",
            "://:@",
        ] {
            let (short, long) = (time(piece, 1_000), time(piece, 16_000));
            // Sixteen times the text; were it quadratic, it would be 256 times the time.
            let limit = short * 64 + std::time::Duration::from_millis(20);
            assert!(long < limit, "{piece}: {short:?}, {long:?}");
        }
    }
}
