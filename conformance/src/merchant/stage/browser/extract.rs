//! Reads a value from an answer: by selector, pointer, pattern, cookie or header.

use crate::merchant::driver::Extract;
use crate::merchant::stage::browser::{PageLoad, html};
use serde_json::Value;

/// How much of a page is quoted in an error.
const QUOTED: usize = 120;

/// Extracts the value from an answer; the error says what is there instead.
pub fn read(
    extract: &Extract,
    seen: &PageLoad,
    cookies: &[(String, String)],
) -> Result<String, String> {
    if let Some(name) = &extract.header {
        let value = seen.headers.get(name.as_str());
        let value = value.and_then(|value| value.to_str().ok());
        return value
            .map(str::to_owned)
            .ok_or_else(|| format!("the answer has no header `{name}`"));
    }
    if let Some(name) = &extract.cookie {
        let found = cookies.iter().find(|(own, _)| own == name);
        return found
            .map(|(_, value)| value.clone())
            .ok_or_else(|| format!("the shop has set no cookie `{name}`"));
    }
    in_text(extract, &seen.text)
}

/// Extracts the value from a text; the whole text if no location is given.
pub fn in_text(extract: &Extract, text: &str) -> Result<String, String> {
    if let Some(pointer) = &extract.pointer {
        let json: Value = serde_json::from_str(text)
            .map_err(|_| format!("an answer that is not JSON: {}", quoted(text)))?;
        return match json.pointer(pointer) {
            Some(Value::String(word)) => Ok(word.clone()),
            Some(other) => Ok(other.to_string()),
            None => Err(format!("nothing at `{pointer}`")),
        };
    }
    if let Some(pattern) = &extract.regex {
        let regex = regex::Regex::new(pattern).map_err(|error| error.to_string())?;
        let found = regex.captures(text);
        let found = found.ok_or_else(|| {
            format!(
                "the pattern `{pattern}` matches nothing in {}",
                quoted(text)
            )
        })?;
        let group = found.get(1).or_else(|| found.get(0));
        return Ok(group.map_or("", |group| group.as_str()).to_owned());
    }
    if let Some(css) = &extract.css {
        return by_selector(css, extract.attribute.as_deref(), text);
    }
    Ok(text.trim().to_owned())
}

fn by_selector(css: &str, attribute: Option<&str>, text: &str) -> Result<String, String> {
    let whole = html::quoted(text);
    let page = tl::parse(&whole, tl::ParserOptions::default())
        .map_err(|error| format!("a page that cannot be read: {error}"))?;
    let parser = page.parser();
    let tags: Vec<&tl::HTMLTag<'_>> = html::select(&page, css)
        .ok_or_else(|| format!("`{css}` is not a selector"))?
        .into_iter()
        .filter_map(|handle| handle.get(parser)?.as_tag())
        .collect();
    let value = |tag: &tl::HTMLTag<'_>| match attribute {
        Some(name) => {
            let value = tag.attributes().get(name).flatten();
            value.map(|value| html::unescaped(&value.as_utf8_str()))
        }
        None => Some(html::unescaped(tag.inner_text(parser).trim())),
    };
    let mut values: Vec<Option<String>> = tags.iter().map(|tag| value(tag)).collect();
    values.dedup();
    match &values[..] {
        [] => Err(format!("`{css}` matches nothing in {}", quoted(text))),
        [Some(value)] => Ok(value.clone()),
        [None] => Err(format!(
            "the element at `{css}` has no attribute `{}`",
            attribute.unwrap_or_default()
        )),
        more => Err(format!(
            "`{css}` matches {} elements that differ; name one of them",
            more.len()
        )),
    }
}

/// The beginning of a page, for error messages.
pub fn quoted(text: &str) -> String {
    let line: Vec<&str> = text.split_whitespace().collect();
    let start: String = line.join(" ").chars().take(QUOTED).collect();
    format!("`{start}`")
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = r#"<html><form id=pay><input name="csrf" value="a&amp;b"><p class="state x"> Paid </p>
        <i>1</i><i>2</i></form></html>"#;

    fn css(css: &str, attribute: Option<&str>) -> Result<String, String> {
        let extract = Extract {
            css: Some(css.to_owned()),
            attribute: attribute.map(str::to_owned),
            ..Extract::default()
        };
        in_text(&extract, PAGE)
    }

    #[test]
    fn a_selector_names_one_element() {
        assert_eq!(css("input[name=csrf]", Some("value")).unwrap(), "a&b");
        assert_eq!(css("input[name=\"csrf\"]", Some("value")).unwrap(), "a&b");
        assert_eq!(css("#pay .state", None).unwrap(), "Paid");
        assert_eq!(css("html form > p.state", None).unwrap(), "Paid");
        assert_eq!(css("#pay > [name=csrf]", Some("value")).unwrap(), "a&b");
        for (selector, attribute, why) in [
            ("b", None, "matches nothing"),
            ("html > p", None, "matches nothing"),
            ("i", None, "matches 2 elements"),
            ("input", Some("title"), "no attribute `title`"),
        ] {
            let error = css(selector, attribute).unwrap_err();
            assert!(error.contains(why), "{error}");
        }
    }

    #[test]
    fn a_pattern_gives_its_group_and_a_pointer_its_value() {
        let pattern = |pattern: &str| Extract {
            regex: Some(pattern.to_owned()),
            ..Extract::default()
        };
        assert_eq!(in_text(&pattern("value=\"(.)"), PAGE).unwrap(), "a");
        assert_eq!(in_text(&pattern("csrf"), PAGE).unwrap(), "csrf");
        assert!(
            in_text(&pattern("nowhere"), PAGE)
                .unwrap_err()
                .contains("matches nothing")
        );
        let pointer = Extract {
            pointer: Some("/a/0".to_owned()),
            ..Extract::default()
        };
        assert_eq!(in_text(&pointer, r#"{"a":[7]}"#).unwrap(), "7");
        assert!(in_text(&pointer, "<p>").unwrap_err().contains("not JSON"));
    }
}
