//! The secrets that are known, found in a text however they are spelled.

use crate::redact::spelling::unit;
use std::collections::HashMap;

/// What is shorter hides nothing, and would blot out ordinary words.
pub const SHORTEST: usize = 4;

/// The secrets of all merchants. Looking at one place of a text costs the same for one merchant
/// and for a thousand.
#[derive(Debug, Clone, Default)]
pub struct Secrets {
    /// How many have each.
    counts: HashMap<String, usize>,
    /// Those that begin alike, the longest first: one may be the beginning of another.
    starts: HashMap<Start, Vec<String>>,
    shortest: Option<usize>,
}

/// The first bytes of a secret, in lower case; a space and a plus sign are the same.
type Start = [u8; SHORTEST];

impl Secrets {
    /// Adds a secret that one more merchant has.
    pub fn add(&mut self, secret: &str) {
        let count = self.counts.entry(secret.to_owned()).or_default();
        *count += 1;
        if *count > 1 {
            return;
        }
        if let Some(start) = plain_start(secret.as_bytes()) {
            let alike = self.starts.entry(start).or_default();
            alike.push(secret.to_owned());
            alike.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
            let shortest = self.shortest.unwrap_or(usize::MAX);
            self.shortest = Some(shortest.min(secret.len()));
        }
    }

    /// Takes away a secret that one merchant less has.
    pub fn remove(&mut self, secret: &str) {
        let Some(count) = self.counts.get_mut(secret) else {
            return;
        };
        *count -= 1;
        if *count > 0 {
            return;
        }
        self.counts.remove(secret);
        if let Some(start) = plain_start(secret.as_bytes())
            && let Some(alike) = self.starts.get_mut(&start)
        {
            alike.retain(|other| other != secret);
            if alike.is_empty() {
                self.starts.remove(&start);
            }
        }
        let lengths = self.counts.keys().map(String::len);
        self.shortest = lengths.filter(|length| *length >= SHORTEST).min();
    }

    /// Whether `text` is one of them.
    pub fn contains(&self, text: &str) -> bool {
        self.counts.contains_key(text)
    }

    /// The length of the shortest that is worth hiding.
    pub fn shortest(&self) -> Option<usize> {
        self.shortest
    }

    /// The secret that stands `at` that place of a text, and where it ends.
    pub fn at(&self, text: &[u8], at: usize) -> Option<(&str, usize)> {
        let rest = &text[at..];
        let read = [plain_start(rest), unescaped_start(rest)];
        let alike = read.iter().flatten().filter_map(|s| self.starts.get(s));
        alike.flatten().find_map(|secret| {
            let end = matched(text, at, secret.as_bytes())?;
            Some((secret.as_str(), end))
        })
    }
}

fn plain_start(text: &[u8]) -> Option<Start> {
    text.first_chunk().map(|start| start.map(folded))
}

fn unescaped_start(text: &[u8]) -> Option<Start> {
    let mut rest = text;
    let mut start = Start::default();
    for place in &mut start {
        let (byte, length) = unit(rest)?;
        *place = folded(byte);
        rest = &rest[length..];
    }
    Some(start)
}

fn folded(byte: u8) -> u8 {
    match byte.to_ascii_lowercase() {
        b' ' => b'+',
        byte => byte,
    }
}

/// Where `secret` ends in `text` if it stands `at` that place, in any case and in any escapes:
/// `%2d`, `\u002d`, `\/`, `+`.
fn matched(text: &[u8], at: usize, secret: &[u8]) -> Option<usize> {
    let Some((wanted, more)) = secret.split_first() else {
        return Some(at);
    };
    let rest = &text[at..];
    let first = *rest.first()?;
    let plain = first.eq_ignore_ascii_case(wanted) || (first == b'+' && *wanted == b' ');
    // What looks like an escape may be one, or stand for itself.
    let as_is = plain.then(|| matched(text, at + 1, more)).flatten();
    as_is.or_else(|| {
        let (byte, length) = unit(rest).filter(|(_, length)| *length > 1)?;
        let same = byte.eq_ignore_ascii_case(wanted);
        same.then(|| matched(text, at + length, more)).flatten()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_known_until_the_last_who_has_it_is_gone() {
        let mut secrets = Secrets::default();
        for secret in ["secret-1", "secret-12", "secret-1", "abc", "a b c"] {
            secrets.add(secret);
        }
        let at = |secrets: &Secrets, text: &str| {
            let found = secrets.at(text.as_bytes(), 1);
            found.map(|(secret, end)| (secret.to_owned(), end))
        };
        assert_eq!(at(&secrets, "=SECRET-12"), Some(("secret-12".into(), 10)));
        assert_eq!(at(&secrets, "=secret-13"), Some(("secret-1".into(), 9)));
        assert_eq!(at(&secrets, "=a+b%20c"), Some(("a b c".into(), 8)));
        assert_eq!(at(&secrets, "=abcd"), None);
        assert!(secrets.contains("abc"));
        assert_eq!(secrets.shortest(), Some(5));
        secrets.remove("secret-1");
        assert!(secrets.contains("secret-1"));
        for secret in ["secret-1", "a b c", "nobody's"] {
            secrets.remove(secret);
        }
        assert!(!secrets.contains("secret-1"));
        assert_eq!(at(&secrets, "=secret-13"), None);
        assert_eq!(secrets.shortest(), Some(9));
    }

    #[test]
    fn an_escaped_first_sign_is_a_first_sign() {
        let mut secrets = Secrets::default();
        secrets.add("/x\\yz");
        assert!(secrets.at(br"%2fx\\yz", 0).is_some());
        assert!(secrets.at(br"\u002fx\u005cyz", 0).is_some());
        assert!(secrets.at(br"/x\yz", 0).is_some());
        assert!(secrets.at(br"/x\", 0).is_none());
    }
}
