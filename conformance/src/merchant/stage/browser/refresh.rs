//! Pages that load another one, or themselves, after a while: `<meta http-equiv="refresh">`, or the
//! header `Refresh` (HTML, 4.2.5.3).

use crate::merchant::stage::browser::html::unescaped;
use crate::pattern::literal;
use regex::Regex;
use reqwest::Url;
use reqwest::header::{HeaderMap, REFRESH};
use std::sync::LazyLock;
use std::time::Duration;

/// Where a page leads, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refresh {
    /// How long the page is shown.
    pub after: Duration,
    /// What is loaded then.
    pub url: Url,
}

impl Refresh {
    /// What a page at `url` says; `None` if it stays.
    pub fn of(url: &Url, headers: &HeaderMap, html: Option<&str>) -> Option<Self> {
        let header = headers.get(REFRESH).and_then(|value| value.to_str().ok());
        let said = header.map(str::to_owned).or_else(|| in_html(html?))?;
        let said = said.trim();
        let is_end = |sign: char| sign.is_whitespace() || [';', ','].contains(&sign);
        let (seconds, rest) = said.split_once(is_end).unwrap_or((said, ""));
        let rest = rest.trim_matches(|sign: char| is_end(sign));
        let after = Duration::try_from_secs_f64(seconds.parse().ok()?).ok()?;
        let named = rest.split_once('=');
        let named = named.filter(|(name, _)| name.trim().eq_ignore_ascii_case("url"));
        let target = named.map_or(rest, |(_, target)| target.trim());
        let target = target.trim_matches(['"', '\'']);
        let url = if target.is_empty() {
            url.clone()
        } else {
            url.join(target).ok()?
        };
        Some(Self { after, url })
    }
}

/// The content of the element, if there is one.
fn in_html(text: &str) -> Option<String> {
    static UNSEEN: LazyLock<Regex> = LazyLock::new(|| {
        literal(r"(?is)<!--.*?-->|<script\b.*?</script\s*>|<template\b.*?</template\s*>")
    });
    static META: LazyLock<Regex> = LazyLock::new(|| literal(r"(?is)<meta\b[^>]*>"));
    static REFRESHES: LazyLock<Regex> =
        LazyLock::new(|| literal(r#"(?i)\bhttp-equiv\s*=\s*["']?refresh\b"#));
    static CONTENT: LazyLock<Regex> =
        LazyLock::new(|| literal(r#"(?is)\bcontent\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]+))"#));
    let text = UNSEEN.replace_all(text, "");
    let mut tags = META.find_iter(&text).map(|tag| tag.as_str());
    let tag = tags.find(|tag| REFRESHES.is_match(tag))?;
    let found = CONTENT.captures(tag)?;
    let content = found.iter().skip(1).flatten().next()?;
    Some(unescaped(content.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_say_when_and_where_they_lead() {
        let here = Url::parse("http://shop/wait/7?a=b").unwrap();
        let of = |html: &str| {
            let found = Refresh::of(&here, &HeaderMap::new(), Some(html));
            found.map(|found| (found.after.as_millis(), found.url.to_string()))
        };
        let own = here.to_string();
        for (html, wanted) in [
            (
                r#"<meta http-equiv="refresh" content="1">"#,
                Some((1_000, own.clone())),
            ),
            ("<META content=0.5 HTTP-EQUIV=Refresh>", Some((500, own))),
            (
                r#"<meta http-equiv=refresh content="2; url=/next?x=1&amp;y=2">"#,
                Some((2_000, "http://shop/next?x=1&y=2".to_owned())),
            ),
            (
                r#"<meta http-equiv="refresh" content="0;URL='http://other/'">"#,
                Some((0, "http://other/".to_owned())),
            ),
            (
                "<meta http-equiv=refresh content='5 url=/next'>",
                Some((5_000, "http://shop/next".to_owned())),
            ),
            (
                r#"<meta http-equiv="refresh" content="2; urlaub.html">"#,
                Some((2_000, "http://shop/wait/urlaub.html".to_owned())),
            ),
            (r#"<meta http-equiv="refresh" content="soon">"#, None),
            (r#"<meta http-equiv="refresh" content="1e99">"#, None),
            (r#"<!-- <meta http-equiv="refresh" content="1"> -->"#, None),
            (r#"<meta name="refresh" content="1">"#, None),
            ("<p>refresh</p>", None),
        ] {
            assert_eq!(of(html), wanted, "{html}");
        }
        let mut headers = HeaderMap::new();
        headers.insert(REFRESH, "3;url=../done".parse().unwrap());
        let found = Refresh::of(&here, &headers, None).unwrap();
        assert_eq!(found.url.as_str(), "http://shop/done");
    }
}
