//! Tokens and sessions, and the digests that replace them.

use super::digest::digest;
use std::collections::HashMap;

/// The length of tokens and sessions: forty hexadecimal digits, or 30 bytes in base64url.
const LENGTH: usize = 40;
const OPEN: &str = "{token ";
const CLOSE: char = '}';

/// The tokens and sessions that a mock has issued.
#[derive(Debug, Clone, Default)]
pub struct Tokens {
    hidden: HashMap<String, String>,
    shown: HashMap<String, String>,
}

impl Tokens {
    /// Adds tokens, some of which may be known.
    pub fn add(&mut self, issued: Vec<String>) {
        for token in issued {
            if !self.hidden.contains_key(&token) {
                let name = format!("{OPEN}{}{CLOSE}", digest(&[token.as_bytes()]));
                self.shown.insert(name.clone(), token.clone());
                self.hidden.insert(token, name);
            }
        }
    }

    /// Replaces every token in a text with its digest.
    pub fn hidden(&self, text: &str) -> String {
        let is_sign = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        let bytes = text.as_bytes();
        let (mut hidden, mut from, mut at) = (String::with_capacity(text.len()), 0, 0);
        while at < bytes.len() {
            let signs = bytes[at..]
                .iter()
                .take_while(|byte| is_sign(**byte))
                .count();
            if signs < LENGTH {
                at += signs.max(1);
                continue;
            }
            let token = text.get(at..at + LENGTH);
            match token.and_then(|token| self.hidden.get(token)) {
                Some(name) => {
                    hidden.push_str(&text[from..at]);
                    hidden.push_str(name);
                    at += LENGTH;
                    from = at;
                }
                None => at += 1,
            }
        }
        hidden.push_str(&text[from..]);
        hidden
    }

    /// Replaces every digest in a text with its token.
    pub fn shown(&self, text: &str) -> String {
        let (mut shown, mut rest) = (String::with_capacity(text.len()), text);
        while let Some(at) = rest.find(OPEN) {
            let end = rest[at..].find(CLOSE).map(|end| at + end + 1);
            let token = end.and_then(|end| Some((self.shown.get(&rest[at..end])?, end)));
            let (token, end) = match token {
                Some((token, end)) => (token.as_str(), end),
                None => (OPEN, at + OPEN.len()),
            };
            shown.push_str(&rest[..at]);
            shown.push_str(token);
            rest = &rest[end..];
        }
        shown.push_str(rest);
        shown
    }

    /// The first digest in a text that matches no token.
    pub fn unknown<'t>(&self, text: &'t str) -> Option<&'t str> {
        let names = text.match_indices(OPEN).filter_map(|(at, _)| {
            let end = text[at..].find(CLOSE)?;
            Some(&text[at..=at + end])
        });
        let is_digest = |name: &&str| {
            let inner = name.strip_prefix(OPEN).and_then(|n| n.strip_suffix(CLOSE));
            inner.is_some_and(|i| i.len() == 16 && i.bytes().all(|b| b.is_ascii_hexdigit()))
        };
        let mut names = names.filter(is_digest);
        names.find(|name| !self.shown.contains_key(*name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_hidden_and_found_again_wherever_they_stand() {
        let hex = "0123456789abcdef0123456789abcdef01234567";
        let opaque = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLM_";
        let mut tokens = Tokens::default();
        tokens.add(vec![hex.to_owned(), opaque.to_owned()]);
        for text in [
            hex.to_owned(),
            format!("Bearer {hex}"),
            format!("%22{hex}%22&é={opaque}"),
            format!("{hex}{opaque}{{token x}}{{token "),
            "é".repeat(60),
            String::new(),
        ] {
            let hidden = tokens.hidden(&text);
            assert!(
                !hidden.contains(hex) && !hidden.contains(opaque),
                "{hidden}"
            );
            assert_eq!(tokens.shown(&hidden), text);
            assert_eq!(tokens.unknown(&hidden), None);
        }
        // A token of another server is unknown.
        let hidden = tokens.hidden(hex);
        assert_eq!(Tokens::default().unknown(&hidden), Some(&*hidden));
        assert_eq!(Tokens::default().shown(&hidden), hidden);
    }
}
