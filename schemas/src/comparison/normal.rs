//! Normalizes what changes from call to call: tokens, ids, order numbers, dates, hosts and ports.
//! Pure.

use regex::{Captures, Regex};
use serde_json::Value;
use std::fmt::Write as _;
use std::sync::LazyLock;
use url::Url;

/// The prefix of a masked secret in a transcript of the mock.
const HIDDEN: &str = "***";
/// Numbers from here on are ids or times.
const LARGE: u64 = 100_000_000;

/// Normalizes a scalar by its member's name and its format.
pub fn scalar(name: &str, value: &Value) -> String {
    match value {
        Value::String(_) if is_token(name) => "‹token›".to_owned(),
        Value::String(_) | Value::Number(_) if is_id(name) => "‹id›".to_owned(),
        // It echoes the requested URL.
        Value::String(_) if name.eq_ignore_ascii_case("url") => "‹url›".to_owned(),
        Value::Number(number) if number.as_u64().is_some_and(|number| number >= LARGE) => {
            "‹number›".to_owned()
        }
        Value::String(said) => text(said),
        other => other.to_string(),
    }
}

/// Whether a member of that name holds an id.
pub fn is_id(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let ends = ["_id", "orderid", "clientid"];
    name == "id" || ends.iter().any(|end| name.ends_with(end))
}

/// Whether a member of that name holds a token.
pub fn is_token(name: &str) -> bool {
    name.to_ascii_lowercase().ends_with("token")
}

/// Normalizes a text.
pub fn text(said: &str) -> String {
    static VOLATILE: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(
            r#"(?x)
            (?P<url>https?://[^\s"'<>\\]+)
            | (?P<date>\b\d{4}-\d\d-\d\d(?:[T\ ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?)
            | (?P<hidden>\*{3}[0-9a-f]{12})
            | (?P<id>\b[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\b | \b[0-9A-Fa-f]{16,}\b)
            | (?P<number>\b\d{6,}\b)"#,
        )
        .ok()
    });
    let Some(volatile) = &*VOLATILE else {
        return said.to_owned();
    };
    let steady = volatile.replace_all(said, |found: &Captures<'_>| {
        if let Some(url) = found.name("url") {
            return address(url.as_str());
        }
        if found.name("hidden").is_some() {
            return "‹id›".to_owned();
        }
        let name = ["date", "id"]
            .into_iter()
            .find(|name| found.name(name).is_some());
        format!("‹{}›", name.unwrap_or("number"))
    });
    steady.into_owned()
}

/// A URL without its host and port, and without ids and tokens in its path and query.
fn address(url: &str) -> String {
    let Ok(parsed) = Url::parse(url) else {
        return "‹url›".to_owned();
    };
    let mut steady = "‹host›".to_owned();
    for part in parsed.path().split('/').skip(1) {
        steady.push('/');
        steady.push_str(if is_volatile(part) { "‹id›" } else { part });
    }
    for (at, (name, value)) in parsed.query_pairs().enumerate() {
        let value = match &*value {
            value if is_volatile(value) || name.ends_with("token") => "‹id›".to_owned(),
            value if value.contains("://") => address(value),
            value => value.to_owned(),
        };
        steady.push(if at == 0 { '?' } else { '&' });
        let _ = write!(steady, "{name}={value}");
    }
    steady
}

/// Whether a part of a URL is an id, a token or a number.
fn is_volatile(part: &str) -> bool {
    if part.starts_with(HIDDEN) {
        return true;
    }
    let has_digit = part.contains(|c: char| c.is_ascii_digit());
    let is_word = part
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
    has_digit && is_word && (part.len() >= 8 || part.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn texts_keep_everything_else() {
        for (said, steady) in [
            (
                "Order 131425 of 2024-01-31 10:00:00",
                "Order ‹number› of ‹date›",
            ),
            (
                "see http://127.0.0.1:80/a/131425?t=0123456789abcdef&lang=fr.",
                "see ‹host›/a/‹id›?t=‹id›&lang=fr.",
            ),
            (
                "id 0F8fad5b-d9cb-469f-a165-70867728950e, 12345, 499.99",
                "id ‹id›, 12345, 499.99",
            ),
            ("Token 0123456789abcdef0123", "Token ‹id›"),
            ("/v2/client-id", "/v2/client-id"),
        ] {
            assert_eq!(text(said), steady);
        }
    }

    #[test]
    fn members_are_known_by_their_names() {
        for (name, value, steady) in [
            ("transaction_id", json!("T-1"), "‹id›"),
            ("merchant_orderid", json!("C-1"), "‹id›"),
            ("access_token", json!("abc"), "‹token›"),
            ("url", json!("/x"), "‹url›"),
            ("expires_in", json!(1200), "1200"),
            ("at", json!(1_700_000_000), "‹number›"),
            ("status", json!("paid"), "paid"),
            ("paid", json!(true), "true"),
        ] {
            assert_eq!(scalar(name, &value), steady, "{name}");
        }
    }
}
