//! HTML as the parser wants it.

use std::borrow::Cow;

/// A page with a blank after each unquoted attribute that ends a tag: the parser takes `>` for a
/// part of it otherwise.
pub fn spaced(text: &str) -> Cow<'_, str> {
    match regex::Regex::new(r#"=([^\s"'<>=`]+)>"#) {
        Ok(unquoted) => unquoted.replace_all(text, "=$1 >"),
        Err(_) => text.into(),
    }
}
