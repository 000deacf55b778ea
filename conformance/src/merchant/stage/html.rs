//! HTML as the parser wants it.

use regex::{Captures, Regex};
use std::borrow::Cow;

/// A page with quotes around each attribute that has none: the parser takes the end of the tag for
/// a part of it otherwise.
pub fn quoted(text: &str) -> Cow<'_, str> {
    let tag = Regex::new("<[A-Za-z][^<>]*>");
    let unquoted = Regex::new(r#"(\s[\w:-]+=)([^\s"'<>=`]+)"#);
    match (tag, unquoted) {
        (Ok(tag), Ok(unquoted)) => tag.replace_all(text, |found: &Captures<'_>| {
            unquoted.replace_all(&found[0], "$1\"$2\"").into_owned()
        }),
        _ => text.into(),
    }
}
