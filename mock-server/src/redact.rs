//! Keeping secrets out of what people and programs read.

use std::borrow::Cow;

/// Stands in the place of a secret.
pub const HIDDEN: &str = "***";

/// The secrets that may not be shown, and the shapes of tokens and sessions.
#[derive(Debug, Clone, Default)]
pub struct Redactor {
    secrets: Vec<String>,
}

impl Redactor {
    /// One that knows these secrets.
    pub fn new(mut secrets: Vec<String>) -> Self {
        // What is this short hides nothing, and would blot out ordinary words.
        secrets.retain(|secret| secret.len() >= 4);
        // The longest first: one secret may be the beginning of another.
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        Self { secrets }
    }

    /// `text` without secrets, tokens and sessions, wherever in it they stand.
    pub fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut text = Cow::Borrowed(text);
        for secret in &self.secrets {
            for spelled in [Cow::Borrowed(secret.as_str()), encoded(secret)] {
                if text.contains(&*spelled) {
                    text = Cow::Owned(text.replace(&*spelled, HIDDEN));
                }
            }
        }
        if has_token(&text) {
            text = Cow::Owned(without_tokens(&text));
        }
        text
    }
}

/// A secret as a URL spells it.
fn encoded(secret: &str) -> Cow<'_, str> {
    percent_encoding::utf8_percent_encode(secret, percent_encoding::NON_ALPHANUMERIC).into()
}

/// Forty hexadecimal digits in a row, as access and refresh tokens have (R-cur), and sessions.
const TOKEN: usize = 40;

fn has_token(text: &str) -> bool {
    let is_digit = |byte: &u8| !byte.is_ascii_hexdigit();
    text.len() >= TOKEN
        && text
            .as_bytes()
            .split(is_digit)
            .any(|run| run.len() >= TOKEN)
}

fn without_tokens(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let run = rest
            .find(|c: char| !c.is_ascii_hexdigit())
            .unwrap_or(rest.len());
        shown.push_str(if run >= TOKEN { HIDDEN } else { &rest[..run] });
        rest = &rest[run..];
        let gap = rest
            .find(|c: char| c.is_ascii_hexdigit())
            .unwrap_or(rest.len());
        shown.push_str(&rest[..gap]);
        rest = &rest[gap..];
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_tokens_and_sessions_are_hidden_wherever_they_stand() {
        let redactor = Redactor::new(vec!["s3cret/x".to_owned(), "s3cret/xy".to_owned()]);
        let token = "0123456789abcdef0123456789abcdef01234567";
        for (text, shown) in [
            ("plain", "plain".to_owned()),
            (
                "/oauth/token;client_secret=s3cret/xy",
                "/oauth/token;client_secret=***".to_owned(),
            ),
            ("a=s3cret%2Fx&b", "a=***&b".to_owned()),
            (&format!("Bearer {token}é"), "Bearer ***é".to_owned()),
            (
                &format!("/checkout/{token}?lang=fr"),
                "/checkout/***?lang=fr".to_owned(),
            ),
            (
                "0123456789abcdef0123456789abcdef",
                "0123456789abcdef0123456789abcdef".to_owned(),
            ),
        ] {
            assert_eq!(redactor.text(text), shown);
        }
    }
}
