//! Values that must never reach a browser.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// Anything shorter is not a credential.
const SHORTEST: usize = 4;
/// Anything shorter occurs in base64 by chance.
const SHORTEST_IN_BASE64: usize = 8;

/// Values that must never reach a browser, by name.
#[derive(Debug, Clone, Default)]
pub struct Credentials(Vec<Credential>);

#[derive(Debug, Clone)]
struct Credential {
    name: String,
    /// The value, and how it appears within base64.
    spellings: Vec<String>,
}

impl Credentials {
    /// Adds one, unless it is too short to be a credential.
    pub fn add(&mut self, name: &str, value: &str) {
        if value.len() < SHORTEST {
            return;
        }
        let mut spellings = vec![value.to_owned()];
        if value.len() >= SHORTEST_IN_BASE64 {
            spellings.extend((0..3).flat_map(|offset| in_base64(value, offset)));
        }
        let name = name.to_owned();
        self.0.push(Credential { name, spellings });
    }

    /// The names of the credentials in a text, plain or within base64, as in signed cookies.
    pub fn found_in(&self, text: &str) -> Vec<String> {
        let is_there = |it: &&Credential| it.spellings.iter().any(|it| text.contains(it.as_str()));
        let found = self.0.iter().filter(is_there);
        let mut names: Vec<String> = found.map(|it| it.name.clone()).collect();
        names.dedup();
        names
    }
}

/// How a value appears within base64 (RFC 4648, sections 4 and 5) at `offset` bytes past a multiple
/// of three, without the characters that encode bits of its neighbours.
fn in_base64(value: &str, offset: usize) -> [String; 2] {
    let bytes: Vec<u8> = std::iter::repeat_n(0, offset)
        .chain(value.bytes())
        .collect();
    let (from, to) = ((offset * 8).div_ceil(6), bytes.len() * 8 / 6);
    [
        STANDARD_NO_PAD.encode(&bytes),
        URL_SAFE_NO_PAD.encode(&bytes),
    ]
    .map(|encoded| encoded.get(from..to).unwrap_or(value).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE};

    #[test]
    fn a_credential_is_found_wherever_it_stands_in_base64() {
        let value = "9f8a7b6c-5d4e?3f2~1b";
        let mut credentials = Credentials::default();
        credentials.add("client_secret", value);
        for before in ["", "{", "{\"", "{\"token\":\""] {
            let text = format!("{before}{value}\"}}");
            for encoded in [STANDARD.encode(&text), URL_SAFE.encode(&text), text.clone()] {
                let cookie = format!("session={encoded}.Zx9; Path=/");
                assert_eq!(credentials.found_in(&cookie), ["client_secret"], "{text}");
            }
        }
        let other = STANDARD.encode("{\"order\":\"10045\",\"lang\":\"fr\"}");
        assert!(credentials.found_in(&other).is_empty());
    }

    #[test]
    fn what_is_short_is_not_looked_for() {
        let mut credentials = Credentials::default();
        credentials.add("client_id", "abc");
        credentials.add("client_id", "demo");
        assert!(credentials.found_in("abc").is_empty());
        assert_eq!(credentials.found_in("a demo"), ["client_id"]);
        assert!(credentials.found_in(&STANDARD.encode("demo")).is_empty());
    }
}
