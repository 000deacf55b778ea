//! Secrets in every encoding that a request or answer may use, and how to mask them.

use crate::pattern::literal;
use base64::Engine as _;
use regex::Regex;
use serde_json::Value;
use std::collections::HashSet;
use std::sync::LazyLock;

/// Anything shorter cannot be told from other text.
const SHORTEST_TOKEN: usize = 8;

/// A secret, and the name that replaces it in reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Secret {
    /// A shell variable.
    pub name: &'static str,
    /// The value.
    pub value: String,
}

/// A near miss to send in place of a secret: without the first or last character, with a different
/// last one, with decimal digits instead of hexadecimal ones, or with upper and lower case swapped.
pub fn changed(value: &str, change: &str) -> String {
    match change {
        "but_last" => {
            let mut signs = value.chars();
            signs.next_back();
            signs.collect()
        }
        "but_first" => {
            let mut signs = value.chars();
            signs.next();
            signs.collect()
        }
        "other_last" => {
            let mut signs = value.chars();
            let last = signs.next_back();
            let other = last.map(|last| if last == '0' { '1' } else { '0' });
            signs.chain(other).collect()
        }
        "digits" => {
            let digit = |sign: char| {
                let at = sign
                    .to_digit(16)
                    .and_then(|at| char::from_digit(at % 10, 10));
                at.unwrap_or(sign)
            };
            value.chars().map(digit).collect()
        }
        "other_case" => {
            let other = |sign: char| {
                if sign.is_ascii_lowercase() {
                    sign.to_ascii_uppercase()
                } else {
                    sign.to_ascii_lowercase()
                }
            };
            value.chars().map(other).collect()
        }
        _ => value.to_owned(),
    }
}

/// The near misses of a secret, which are masked too; the shell derives them from its variable.
pub fn near_misses(secret: &Secret) -> Vec<Secret> {
    let (but_first, but_last, other_case) = match secret.name {
        "FLEXITI_CLIENT_SECRET" => (
            "{FLEXITI_CLIENT_SECRET#?}",
            "{FLEXITI_CLIENT_SECRET%?}",
            r#"(printf %s "$FLEXITI_CLIENT_SECRET" | tr a-zA-Z A-Za-z)"#,
        ),
        "TOKEN" => (
            "{TOKEN#?}",
            "{TOKEN%?}",
            r#"(printf %s "$TOKEN" | tr a-zA-Z A-Za-z)"#,
        ),
        "REFRESH_TOKEN" => (
            "{REFRESH_TOKEN#?}",
            "{REFRESH_TOKEN%?}",
            r#"(printf %s "$REFRESH_TOKEN" | tr a-zA-Z A-Za-z)"#,
        ),
        _ => return Vec::new(),
    };
    let near = [
        (but_first, "but_first"),
        (but_last, "but_last"),
        (other_case, "other_case"),
    ];
    near.into_iter()
        .map(|(name, change)| Secret {
            name,
            value: changed(&secret.value, change),
        })
        .filter(|near| near.value.len() >= SHORTEST_TOKEN && near.value != secret.value)
        .collect()
}

/// A kind of secret: the shell variables for its plain value, and for its value in a form and in
/// JSON.
#[derive(Debug, Clone, Copy)]
pub struct Names(&'static str, &'static str, &'static str);

impl Names {
    /// The variables for the same secret of another merchant.
    pub fn of_another(self) -> Self {
        match self.0 {
            "FLEXITI_CLIENT_SECRET" => OTHER_CLIENT_SECRET,
            "REFRESH_TOKEN" => OTHER_REFRESH_TOKEN,
            _ => OTHER_TOKEN,
        }
    }
}

/// The client's secret.
pub const CLIENT_SECRET: Names = Names(
    "FLEXITI_CLIENT_SECRET",
    "FLEXITI_CLIENT_SECRET_FORM",
    "FLEXITI_CLIENT_SECRET_JSON",
);
/// The user's password.
pub const PASSWORD: Names = Names(
    "FLEXITI_PASSWORD",
    "FLEXITI_PASSWORD_FORM",
    "FLEXITI_PASSWORD_JSON",
);
/// A token that the server issued.
pub const TOKEN: Names = Names("TOKEN", "TOKEN_FORM", "TOKEN_JSON");
/// A refresh token.
const REFRESH_TOKEN: Names = Names("REFRESH_TOKEN", "REFRESH_TOKEN_FORM", "REFRESH_TOKEN_JSON");
/// The secret of another merchant's client.
pub const OTHER_CLIENT_SECRET: Names = Names(
    "FLEXITI_OTHER_CLIENT_SECRET",
    "FLEXITI_OTHER_CLIENT_SECRET_FORM",
    "FLEXITI_OTHER_CLIENT_SECRET_JSON",
);
const OTHER_TOKEN: Names = Names("OTHER_TOKEN", "OTHER_TOKEN_FORM", "OTHER_TOKEN_JSON");
const OTHER_REFRESH_TOKEN: Names = Names(
    "OTHER_REFRESH_TOKEN",
    "OTHER_REFRESH_TOKEN_FORM",
    "OTHER_REFRESH_TOKEN_JSON",
);
/// The Basic credentials.
pub const BASIC: &str = "FLEXITI_BASIC";

/// A secret in each of its encodings.
pub fn spellings(names: Names, value: &str) -> Vec<Secret> {
    let mut secrets: Vec<Secret> = Vec::new();
    let form: String = reqwest::Url::parse_with_params("form:", [("", value)])
        .map(|url| {
            url.query()
                .unwrap_or_default()
                .trim_start_matches('=')
                .to_owned()
        })
        .unwrap_or_default();
    let json = Value::from(value).to_string();
    let json = json
        .trim_start_matches('"')
        .trim_end_matches('"')
        .to_owned();
    for (name, value) in [
        (names.0, value.to_owned()),
        (names.1, form),
        (names.2, json),
    ] {
        let known = secrets.iter().any(|secret| secret.value == value);
        if !value.is_empty() && !known {
            secrets.push(Secret { name, value });
        }
    }
    secrets
}

/// The Basic credentials of a client.
pub fn basic(client_id: &str, client_secret: &str) -> Secret {
    let pair = format!("{client_id}:{client_secret}");
    Secret {
        name: BASIC,
        value: base64::engine::general_purpose::STANDARD.encode(pair),
    }
}

/// The tokens that an answer issues, anywhere in it.
pub fn issued(answer: &Value) -> Vec<(Names, String)> {
    let mut tokens = Vec::new();
    collect(answer, &mut tokens);
    tokens
}

fn collect(value: &Value, tokens: &mut Vec<(Names, String)>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                match value {
                    Value::String(text) => {
                        let name = name.to_ascii_lowercase();
                        if name.ends_with("token") && text.len() >= SHORTEST_TOKEN {
                            let refreshes = name.starts_with("refresh");
                            let names = if refreshes { REFRESH_TOKEN } else { TOKEN };
                            tokens.push((names, text.clone()));
                        }
                    }
                    other => collect(other, tokens),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, tokens)),
        _ => {}
    }
}

/// Every secret of a run.
#[derive(Debug, Default)]
pub struct Secrets {
    list: Vec<Secret>,
    known: HashSet<String>,
}

impl Secrets {
    /// Adds secrets.
    pub fn learn(&mut self, secrets: impl IntoIterator<Item = Secret>) {
        for secret in secrets {
            if !secret.value.is_empty() && self.known.insert(secret.value.clone()) {
                self.list.push(secret);
            }
        }
    }

    /// Adds the tokens that an answer issues.
    pub fn learn_issued(&mut self, answer: &Value) {
        for (names, token) in issued(answer) {
            self.learn(spellings(names, &token));
        }
    }

    /// Adds all secrets of `other`.
    pub fn absorb(&mut self, other: Self) {
        self.learn(other.list);
    }

    /// A server's words, with each secret replaced by its shell variable, along with anything else
    /// they call a token.
    pub fn hide(&self, text: &str) -> String {
        hide_in_answer(text, &self.list)
    }

    /// A request with each secret replaced by its shell variable.
    pub fn hide_in_request(&self, text: &str) -> String {
        hide(text, &self.list, |name| format!("${name}"))
    }

    /// A command line with each secret replaced by its shell variable. Everything else stands
    /// between single quotes, inside which a shell would not expand the variable.
    pub fn hide_in_command(&self, text: &str) -> String {
        hide(text, &self.list, |name| format!("'\"${name}\"'"))
    }

    /// A text of a case with each secret replaced by its placeholder, so that it can still be
    /// replayed.
    pub fn hide_in_case(&self, text: &str) -> String {
        hide(text, &self.list, |name| {
            let placeholder = match name {
                BASIC => "basic",
                "{FLEXITI_CLIENT_SECRET%?}" => "client_secret|but_last",
                "{TOKEN%?}" => "token|but_last",
                "{FLEXITI_CLIENT_SECRET#?}" => "client_secret|but_first",
                "{TOKEN#?}" => "token|but_first",
                name if name.contains("printf %s \"$FLEXITI") => "client_secret|other_case",
                name if name.contains("printf %s \"$TOKEN") => "token|other_case",
                name if name.starts_with("FLEXITI_CLIENT_SECRET") => "client_secret",
                name if name.starts_with("FLEXITI_PASSWORD") => "password",
                name if name.starts_with("FLEXITI_OTHER") => "other_client_secret",
                name if name.starts_with("OTHER_REFRESH") => "other_refresh_token",
                name if name.starts_with("OTHER") => "other_token",
                _ => "token",
            };
            format!("{{{{{placeholder}}}}}")
        })
    }
}

/// Replaces each of these secrets in a text; longer ones first, as one may contain another.
fn hide(text: &str, secrets: &[Secret], replacement: impl Fn(&str) -> String) -> String {
    let mut found: Vec<&Secret> = secrets
        .iter()
        .filter(|secret| !secret.value.is_empty() && text.contains(&secret.value))
        .collect();
    found.sort_by_key(|secret| std::cmp::Reverse(secret.value.len()));
    found.into_iter().fold(text.to_owned(), |text, secret| {
        text.replace(&secret.value, &replacement(secret.name))
    })
}

/// A part of an answer without these secrets, and without anything that the answer calls a token.
pub fn hide_in_answer(text: &str, secrets: &[Secret]) -> String {
    static MEMBER: LazyLock<Regex> = LazyLock::new(|| {
        let member =
            r#"(?i)((?:access|refresh|auth)_?token\\*["']?\s*(?::\s*\\*["']|=))[^"'\\&\s<>#$]+"#;
        literal(member)
    });
    let text = hide(text, secrets, |name| format!("${name}"));
    MEMBER.replace_all(&text, "${1}$$TOKEN").into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_secret_is_hidden_in_every_spelling() {
        let mut secrets = Secrets::default();
        secrets.learn(spellings(CLIENT_SECRET, "a+b\"c d"));
        secrets.learn([basic("shop", "a+b\"c d")]);
        for (text, hidden) in [
            ("x a+b\"c d y", "x $FLEXITI_CLIENT_SECRET y"),
            ("s=a%2Bb%22c+d&", "s=$FLEXITI_CLIENT_SECRET_FORM&"),
            (
                r#"{"s":"a+b\"c d"}"#,
                r#"{"s":"$FLEXITI_CLIENT_SECRET_JSON"}"#,
            ),
            ("Basic c2hvcDphK2IiYyBk", "Basic $FLEXITI_BASIC"),
        ] {
            assert_eq!(secrets.hide(text), hidden);
        }
        assert_eq!(secrets.hide_in_case("a+b\"c d"), "{{client_secret}}");
    }

    #[test]
    fn a_longer_secret_is_not_cut_by_a_shorter_one() {
        let mut secrets = Secrets::default();
        secrets.learn(spellings(TOKEN, "abcdefgh"));
        secrets.learn(spellings(PASSWORD, "abcdefghij"));
        assert_eq!(
            secrets.hide("abcdefghij abcdefgh"),
            "$FLEXITI_PASSWORD $TOKEN"
        );
    }

    #[test]
    fn tokens_are_found_wherever_they_stand() {
        let answer = json!({"access_token": "0123456789", "more": [{"Refresh_Token": "abcdefghij"}],
            "token": "short", "scope": "a-long-enough-text"});
        let found = issued(&answer)
            .into_iter()
            .map(|(names, token)| (names.0, token));
        let found: Vec<(&str, String)> = found.collect();
        let wanted = [("TOKEN", "0123456789"), ("REFRESH_TOKEN", "abcdefghij")];
        assert_eq!(found, wanted.map(|(name, token)| (name, token.to_owned())));
    }

    #[test]
    fn what_an_answer_calls_a_token_is_hidden_even_if_it_was_cut() {
        for (text, hidden) in [
            (r#"{"access_token": "abc"#, r#"{"access_token": "$TOKEN"#),
            (
                r#"{"refresh_token":"x","n":1}"#,
                r#"{"refresh_token":"$TOKEN","n":1}"#,
            ),
            (
                r#""{\"access_token\":\"abc\"}""#,
                r#""{\"access_token\":\"$TOKEN\"}""#,
            ),
            (
                "https://a/?access_token=abc&x=1",
                "https://a/?access_token=$TOKEN&x=1",
            ),
            ("https://a/?auth_token=abc", "https://a/?auth_token=$TOKEN"),
            (r#"{"access_token":null}"#, r#"{"access_token":null}"#),
        ] {
            assert_eq!(hide_in_answer(text, &[]), hidden);
        }
    }
}
