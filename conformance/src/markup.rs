//! Detects pages that are filled in by a script.

use crate::pattern::literal;
use regex::Regex;
use std::sync::LazyLock;

/// Whether a page has no text of its own, because a script fills it in.
pub fn is_filled_by_script(page: &str) -> bool {
    static UNSEEN: LazyLock<Regex> = LazyLock::new(|| {
        let hidden = ["head", "script", "style", "noscript", "template"];
        let hidden = hidden.map(|name| format!(r"<{name}\b.*?</{name}\s*>"));
        literal(&format!("(?is)<!--.*?-->|{}|<[^>]*>", hidden.join("|")))
    });
    page.contains("<script") && UNSEEN.replace_all(page, "").trim().is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_is_told_from_a_page() {
        for (page, is_shell) in [
            (
                r#"<html lang="en"><head><title>Shop</title></head><body><noscript>Turn it on.</noscript><div id="root"></div><script src="/main.js"></script></body></html>"#,
                true,
            ),
            (
                r#"<html lang="en"><body><p>Thank you</p><script src="/main.js"></script></body></html>"#,
                false,
            ),
            (r#"<html lang="en"><body></body></html>"#, false),
            ("<script>document.write('Merci')</script>Merci", false),
        ] {
            assert_eq!(is_filled_by_script(page), is_shell, "{page}");
        }
    }
}
