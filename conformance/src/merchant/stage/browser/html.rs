//! Works around the HTML parser: unquoted attributes, and selectors with several parts.

use crate::merchant::driver::selector::parts;
use crate::pattern::literal;
use regex::{Captures, Regex};
use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::LazyLock;
use tl::{NodeHandle, VDom};

/// Quotes unquoted attributes: otherwise the parser takes the end of the tag as part of the value.
pub fn quoted(text: &str) -> Cow<'_, str> {
    static TAG: LazyLock<Regex> = LazyLock::new(|| literal("<[A-Za-z][^<>]*>"));
    static UNQUOTED: LazyLock<Regex> = LazyLock::new(|| literal(r#"(\s[\w:-]+=)([^\s"'<>=`]+)"#));
    TAG.replace_all(text, |found: &Captures<'_>| {
        UNQUOTED.replace_all(&found[0], "$1\"$2\"").into_owned()
    })
}

/// The text with its character references decoded; a no-break space becomes a space.
pub fn unescaped(text: &str) -> String {
    html_escape::decode_html_entities(text).replace('\u{a0}', " ")
}

/// The elements that a selector matches; `None` if the selector is invalid.
pub fn select(page: &VDom<'_>, css: &str) -> Option<Vec<NodeHandle>> {
    let mut found: Option<Vec<NodeHandle>> = None;
    for (is_child, part) in parts(css)? {
        let matching: Vec<NodeHandle> = page.query_selector(&part)?.collect();
        found = Some(match found {
            None => matching,
            Some(above) => {
                let inside = below(page, &above, is_child);
                let is_inside = |one: &NodeHandle| inside.contains(one);
                matching.into_iter().filter(is_inside).collect()
            }
        });
    }
    found
}

/// The children, or all descendants, of these elements.
fn below(page: &VDom<'_>, above: &[NodeHandle], is_child: bool) -> HashSet<NodeHandle> {
    let mut found = HashSet::new();
    let mut next: Vec<NodeHandle> = above.to_vec();
    while let Some(one) = next.pop() {
        let Some(tag) = one.get(page.parser()).and_then(|node| node.as_tag()) else {
            continue;
        };
        for child in tag.children().top().iter().copied() {
            if found.insert(child) && !is_child {
                next.push(child);
            }
        }
    }
    found
}
