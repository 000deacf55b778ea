//! CSS selectors: simple ones joined by a space or `>`.

/// A simple selector, and whether it must match a direct child of the previous match.
pub type Part = (bool, String);

/// Splits a selector into parts; `None` if it is invalid.
pub fn parts(css: &str) -> Option<Vec<Part>> {
    let spaced = css.replace('>', " > ");
    let mut parts: Vec<Part> = Vec::new();
    let mut is_child = false;
    for word in spaced.split_whitespace() {
        if word == ">" {
            if is_child || parts.is_empty() {
                return None;
            }
            is_child = true;
            continue;
        }
        if !is_simple(word) {
            return None;
        }
        tl::parse_query_selector(word)?;
        parts.push((is_child, word.to_owned()));
        is_child = false;
    }
    (!is_child && !parts.is_empty()).then_some(parts)
}

/// Whether a selector is free of syntax that the selector parser would ignore: pseudo-classes,
/// lists, siblings.
fn is_simple(word: &str) -> bool {
    let before_attributes = word.split('[').next().unwrap_or_default();
    let is_plain = |sign: char| sign.is_alphanumeric() || "-_#.".contains(sign);
    let after = word.rsplit_once(']').map_or("", |(_, after)| after);
    before_attributes.chars().all(is_plain) && after.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_selector_has_simple_ones_with_a_blank_or_a_child_sign_between_them() {
        let shown = |css: &str| {
            let parts = parts(css)?.into_iter();
            let parts: Vec<String> = parts
                .map(|(child, part)| format!("{child} {part}"))
                .collect();
            Some(parts.join(", "))
        };
        let two = shown("#pay>input[name=csrf]").unwrap();
        assert_eq!(two, "false #pay, true input[name=csrf]");
        assert_eq!(shown("a  .b").unwrap(), "false a, false .b");
        assert!(shown(r#"input[name="a:b"]"#).is_some());
        for none in [
            "",
            ">",
            "a >",
            "> a",
            "a > > b",
            "article:first-of-type input",
            "a, b",
            "a + b",
            "li:nth-child(2)",
            "input[name=x]:checked",
        ] {
            assert_eq!(shown(none), None, "{none}");
        }
    }
}
