//! HTML as the parser wants it, and selectors of more than one element.

use crate::merchant::driver::selector::parts;
use regex::{Captures, Regex};
use std::borrow::Cow;
use std::collections::HashSet;
use tl::{NodeHandle, VDom};

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

/// A text without the entities that pages have in values and in common words.
pub fn unescaped(text: &str) -> String {
    let text = text.replace("&nbsp;", " ").replace("&rsquo;", "’");
    let text = text.replace("&eacute;", "é").replace("&ccedil;", "ç");
    let plain = text
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&apos;", "'");
    let plain = plain.replace("&#x27;", "'").replace("&#x2F;", "/");
    let plain = plain.replace("&lt;", "<").replace("&gt;", ">");
    plain.replace("&amp;", "&")
}

/// The elements of a page that a selector names; `None` if it is not a selector.
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

/// What is in these elements: their children, or all of it.
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
