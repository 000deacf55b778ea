//! Removes secrets from a recorded request without changing the mock's answer: each of the mock's
//! tokens becomes a digest, any other secret a made-up text of the same shape.

use crate::merchant::record::{Bytes, Call, Tokens};
use crate::pattern::literal;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flexiti_contract::Contract;
use flexiti_mock::embed::recording::Sent;
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use regex::{Captures, Regex};
use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::LazyLock;

/// JSON string members, whose names may mark secrets.
static MEMBER: LazyLock<Regex> =
    LazyLock::new(|| literal(r#""((?:[^"\\]|\\.)*)"(\s*:\s*")((?:[^"\\]|\\.)*)""#));
/// The mask that the journal shows for a secret.
static HIDDEN: LazyLock<Regex> = LazyLock::new(|| literal(r"\*\*\*[0-9a-f]{12}"));
/// Headers whose whole value is secret.
const SECRET_HEADERS: [&str; 2] = ["authorization", "proxy-authorization"];
/// Minimum length of an account secret to look for in other text.
const SHORTEST: usize = 4;

/// Anonymizes the requests of one shop.
pub struct Anonymizer<'t> {
    tokens: &'t Tokens,
    /// The journal's redaction.
    redacted: &'t dyn Fn(&str) -> String,
    /// The account's secret in each encoding, with its replacement.
    own: Vec<(String, String)>,
    made_up: HashMap<String, String>,
    key: RandomState,
}

impl<'t> Anonymizer<'t> {
    /// For a shop with this client id and secret; `redacted` is the journal's redaction.
    pub fn new(
        tokens: &'t Tokens,
        redacted: &'t dyn Fn(&str) -> String,
        client_id: &str,
        secret: &str,
    ) -> Self {
        let mut anonymizer = Self {
            tokens,
            redacted,
            own: Vec::new(),
            made_up: HashMap::new(),
            key: RandomState::new(),
        };
        let other = anonymizer.made_up(secret);
        let form = |text: &str| serde_urlencoded::to_string([("", text)]).unwrap_or_default();
        let form = |text: &str| form(text).trim_start_matches('=').to_owned();
        let path = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        let json = |text: &str| serde_json::Value::from(text).to_string();
        let json = |text: &str| json(text).trim_matches('"').to_owned();
        let plain = |text: &str| text.to_owned();
        let spellings: [&dyn Fn(&str) -> String; 4] = [&plain, &form, &path, &json];
        for spelled in spellings {
            let pair = (spelled(secret), spelled(&other));
            // A part of the client id is not secret.
            let is_secret = pair.0.len() >= SHORTEST && !client_id.contains(&pair.0);
            if is_secret && !anonymizer.own.contains(&pair) {
                anonymizer.own.push(pair);
            }
        }
        anonymizer
    }

    /// The replacement for the account's secret.
    pub fn secret(&mut self, secret: &str) -> String {
        self.made_up(secret)
    }

    /// The request to record.
    pub fn call(&mut self, sent: &Sent) -> Call {
        let headers = sent.headers.iter().map(|(name, value)| {
            let value = Bytes::of(value, &mut |text| self.header(name, text));
            (name.clone(), value)
        });
        let headers = headers.collect();
        let body = sent.body.as_ref();
        Call {
            method: sent.method.clone(),
            path: self.text(&sent.path),
            query: sent.query.as_deref().map(|query| self.parameters(query)),
            headers,
            body: body.map(|body| Bytes::of(body, &mut |text| self.parameters(text))),
        }
    }

    fn header(&mut self, name: &str, value: &str) -> String {
        if name == "cookie" {
            let crumbs = value.split(';').map(|crumb| match crumb.split_once('=') {
                Some((name, value)) => format!("{name}={}", self.made_up(value)),
                None => self.made_up(crumb),
            });
            return crumbs.collect::<Vec<_>>().join(";");
        }
        if !SECRET_HEADERS.contains(&name) {
            return self.text(value);
        }
        let Some((scheme, rest)) = value.split_once(' ') else {
            return self.word(value);
        };
        if scheme.eq_ignore_ascii_case("basic") {
            return format!("{scheme} {}", self.keys(rest));
        }
        let words = rest.split(' ').map(|word| self.word(word));
        format!("{scheme} {}", words.collect::<Vec<_>>().join(" "))
    }

    /// The credentials of the Basic scheme.
    fn keys(&mut self, keys: &str) -> String {
        let decoded = STANDARD.decode(keys.trim()).ok();
        let decoded = decoded.and_then(|bytes| String::from_utf8(bytes).ok());
        // Only canonical base64 survives a round trip.
        let pair = decoded.as_deref().and_then(|text| text.split_once(':'));
        let Some((client, secret)) = pair.filter(|_| {
            decoded
                .as_deref()
                .map(|text| STANDARD.encode(text))
                .as_deref()
                == Some(keys.trim())
        }) else {
            return self.word(keys);
        };
        let secret = self.word(secret);
        STANDARD.encode(format!("{client}:{secret}"))
    }

    /// A secret word.
    fn word(&mut self, word: &str) -> String {
        let own = self.own.iter().find(|(own, _)| own == word);
        let known = own.map_or_else(|| self.tokens.hidden(word), |(_, other)| other.clone());
        if known == word {
            self.made_up(word)
        } else {
            known
        }
    }

    /// A query, a form, or JSON.
    fn parameters(&mut self, text: &str) -> String {
        if text.trim_start().starts_with(['{', '[']) {
            return self.members(text);
        }
        let pairs = text.split('&').map(|pair| match pair.split_once('=') {
            Some((name, value)) if is_secret(name) => format!("{name}={}", self.word(value)),
            _ => self.text(pair),
        });
        pairs.collect::<Vec<_>>().join("&")
    }

    fn members(&mut self, text: &str) -> String {
        let shown = MEMBER.replace_all(text, |found: &Captures<'_>| {
            if is_secret(&found[1]) {
                format!("\"{}\"{}{}\"", &found[1], &found[2], self.word(&found[3]))
            } else {
                found[0].to_owned()
            }
        });
        self.text(&shown)
    }

    /// Any text.
    fn text(&mut self, text: &str) -> String {
        let mut shown = self.tokens.hidden(text);
        for (own, other) in &self.own {
            shown = in_any_case(&shown, own, other);
        }
        let redacted = (self.redacted)(&shown);
        if redacted == shown {
            return shown;
        }
        // It looks like another secret.
        let mut pieces = HIDDEN.split(&redacted);
        let first = pieces.next().unwrap_or_default();
        let Some(mut rest) = shown.strip_prefix(first) else {
            return self.made_up(&shown);
        };
        let mut anonymized = first.to_owned();
        let mut pieces = pieces.peekable();
        while let Some(piece) = pieces.next() {
            let end = match (piece.is_empty(), pieces.peek()) {
                (true, Some(_)) => None,
                (_, None) => rest.ends_with(piece).then(|| rest.len() - piece.len()),
                (false, Some(_)) => rest.find(piece),
            };
            let Some(end) = end else {
                return self.made_up(&shown);
            };
            anonymized.push_str(&self.made_up(&rest[..end]));
            anonymized.push_str(piece);
            rest = &rest[end + piece.len()..];
        }
        anonymized
    }

    /// A made-up text of the same shape; always the same for the same secret.
    fn made_up(&mut self, secret: &str) -> String {
        if let Some(made_up) = self.made_up.get(secret) {
            return made_up.clone();
        }
        let made_up = like(secret, &self.key);
        self.made_up.insert(secret.to_owned(), made_up.clone());
        self.made_up.insert(made_up.clone(), made_up.clone());
        made_up
    }
}

/// Whether a parameter's name, which may be percent-encoded, marks a secret: `client_secret`,
/// `a[password]`, `a.password`.
fn is_secret(name: &str) -> bool {
    let name = percent_decode_str(name).decode_utf8_lossy();
    let last = name.trim_end_matches(']');
    let last = last.rsplit(['[', '.']).next().unwrap_or(last);
    Contract::shipped().is_secret_param(last)
}

/// Replaces `own` with `other`, which has the same length, keeping the case of each occurrence.
fn in_any_case(text: &str, own: &str, other: &str) -> String {
    let (folded, wanted) = (text.to_ascii_lowercase(), own.to_ascii_lowercase());
    let mut shown = String::with_capacity(text.len());
    let mut from = 0;
    for (at, _) in folded.match_indices(&wanted) {
        shown.push_str(&text[from..at]);
        let end = at + own.len();
        if text[at..end] == *own {
            shown.push_str(other);
        } else {
            let upper = text[at..end].bytes().any(|byte| byte.is_ascii_uppercase());
            shown.push_str(&if upper {
                other.to_ascii_uppercase()
            } else {
                other.to_ascii_lowercase()
            });
        }
        from = end;
    }
    shown.push_str(&text[from..]);
    shown
}

/// A random text of the same shape: letters stay letters, digits stay digits; other characters and
/// escapes are kept.
fn like(text: &str, key: &RandomState) -> String {
    let is_hex = text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let mut made_up = String::with_capacity(text.len());
    let mut kept = 0;
    for (at, sign) in text.char_indices() {
        if kept > 0 {
            kept -= 1;
            made_up.push(sign);
            continue;
        }
        let chance = key.hash_one((text, at));
        let pick = |from: &str| {
            let at = usize::try_from(chance % from.len() as u64).unwrap_or_default();
            char::from(from.as_bytes()[at])
        };
        made_up.push(match sign {
            '%' => {
                kept = 2;
                sign
            }
            '\\' => {
                kept = if text[at + 1..].starts_with('u') {
                    5
                } else {
                    1
                };
                sign
            }
            '0'..='9' => pick("0123456789"),
            'a'..='f' if is_hex => pick("abcdef"),
            'A'..='F' if is_hex => pick("ABCDEF"),
            'a'..='z' => pick("abcdefghijklmnopqrstuvwxyz"),
            'A'..='Z' => pick("ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
            sign if sign.is_ascii() => sign,
            sign if sign.len_utf8() == 2 => 'é',
            sign if sign.len_utf8() == 3 => '€',
            _ => '\u{1f600}',
        });
    }
    made_up
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "S3cret/ké-x";
    const TOKEN: &str = "0123456789abcdef0123456789abcdef01234567";

    /// A journal that redacts forty consecutive hexadecimal digits.
    fn as_journal(text: &str) -> String {
        let hex = Regex::new("[0-9a-f]{40,}").unwrap();
        hex.replace_all(text, "***0123456789ab").into_owned()
    }

    fn sent(headers: &[(&str, &str)], body: &str) -> Sent {
        let headers = headers.iter();
        Sent {
            at: 0,
            method: "POST".to_owned(),
            path: format!("/a/{TOKEN}"),
            query: Some(format!("auth_token={TOKEN}&client_secret=guess1")),
            headers: headers
                .map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec()))
                .collect(),
            body: Some(body.as_bytes().to_vec()),
        }
    }

    #[test]
    fn no_secret_is_left_and_what_is_not_secret_stays_as_it_is() {
        let mut tokens = Tokens::default();
        tokens.add(vec![TOKEN.to_owned()]);
        let mut anonymizer = Anonymizer::new(&tokens, &as_journal, "shop", SECRET);
        let basic = STANDARD.encode(format!("shop:{SECRET}"));
        let other = "f".repeat(40);
        let bodies = [
            format!("client_secret=S3cret%2Fk%C3%A9-x&a=1+2&refresh_token={TOKEN}"),
            "a%5Bpassword%5D=guess1&b=%20".to_owned(),
            format!(r#"{{ "client_secret" : "{SECRET}", "a": 1.0, "a": "é" }}"#),
            r#"{"password":"gue\u0073s1","a":[]}"#.to_owned(),
        ];
        for body in bodies {
            let headers = [
                ("authorization", format!("Basic {basic}")),
                ("authorization", format!("Bearer {TOKEN}")),
                ("authorization", "Bearer guess1".to_owned()),
                ("cookie", "a=guess1; b".to_owned()),
                ("x-reference-id", other.clone()),
            ];
            let headers: Vec<(&str, &str)> = headers.iter().map(|(n, v)| (*n, &**v)).collect();
            let call = anonymizer.call(&sent(&headers, &body));
            let text = serde_json::to_string(&call).unwrap();
            for secret in [TOKEN, SECRET, "S3cret", "guess1", &basic, &other, "73s1"] {
                assert!(!text.contains(secret), "{secret} in {text}");
            }
            // It has the same length, and differs only in letters and digits.
            let again = call.sent(0, &tokens).unwrap();
            assert_eq!(again.path, format!("/a/{TOKEN}"));
            let shape = |text: &[u8]| -> String {
                let text = String::from_utf8_lossy(text);
                let sign = |sign: char| {
                    if sign.is_ascii_alphanumeric() {
                        'x'
                    } else {
                        sign
                    }
                };
                text.chars().map(sign).collect()
            };
            assert_eq!(shape(&again.body.unwrap()), shape(body.as_bytes()));
            assert_eq!(again.headers[1].1, format!("Bearer {TOKEN}").into_bytes());
            let keys = String::from_utf8(again.headers[0].1.clone()).unwrap();
            let made_up = anonymizer.secret(SECRET);
            assert_eq!(
                keys,
                format!("Basic {}", STANDARD.encode(format!("shop:{made_up}")))
            );
        }
    }

    #[test]
    fn equal_secrets_stay_equal_and_others_do_not_become_so() {
        let tokens = Tokens::default();
        let mut anonymizer = Anonymizer::new(&tokens, &as_journal, "shop", "shop-secret-1");
        let text = |anonymizer: &mut Anonymizer<'_>, value: &str| {
            anonymizer.parameters(&format!("client_secret={value}"))
        };
        let own = text(&mut anonymizer, "shop-secret-1");
        assert_eq!(
            own,
            format!("client_secret={}", anonymizer.secret("shop-secret-1"))
        );
        assert_eq!(
            text(&mut anonymizer, "another-secret"),
            text(&mut anonymizer, "another-secret")
        );
        assert_ne!(
            text(&mut anonymizer, "another-secret"),
            text(&mut anonymizer, "another-secreu")
        );
        assert_ne!(text(&mut anonymizer, "SHOP-SECRET-1"), own);
        // A part of the secret is not the secret.
        assert_ne!(text(&mut anonymizer, "shop-secret"), own);
    }
}
