//! Hosted pages: whether an answer is one, and its language.

use super::verdict::Mismatch;
use crate::markup::is_filled_by_script;
use crate::server::case::Case;
use crate::server::wire::{Answer, Exchange, readback};
use flexiti_contract::{Contract, Part, Rule, Rulebook};

/// Whether an answer is an HTML page.
pub(super) fn is_page(answer: &Answer) -> bool {
    answer.status == 200
        && ["text/html", "application/xhtml+xml"]
            .iter()
            .any(|kind| answer.is(kind))
}

/// The clause that a page in this language breaks, and how; `None` if there is no fault.
pub(super) fn fault(
    case: &Case,
    answer: &Answer,
    lang: Option<&str>,
) -> Option<(String, Mismatch)> {
    let about_page = |expected: &str, is_documented: bool| {
        let page = Contract::shipped().clause(Rule::RedirectPage.id())?;
        let mut mismatch = Mismatch::of_clause(page, expected);
        mismatch.violates &= is_documented;
        Some((page.id.clone(), mismatch))
    };
    if let Some((expected, is_documented)) = unusable(answer) {
        return about_page(expected, is_documented);
    }
    let Some(lang) = lang else {
        // The modal that the pages mention (R-seed) is a frame in the vendor's code (SDK); which
        // shops may show one is undocumented.
        let shut = forbids_frames(answer);
        return shut.then(|| about_page("a page that a shop may show in a frame", false))?;
    };
    let page = answer.whole_text();
    let spoken = html_lang(&page);
    if spoken
        .as_ref()
        .is_some_and(|spoken| spoken.starts_with(lang))
    {
        return None;
    }
    let expected = format!("<html lang=\"{lang}\">");
    let mut mismatch = Mismatch::of_case(case, Part::Content, expected);
    // How a page marks its language is undocumented.
    mismatch.violates &= spoken.is_some() && !is_filled_by_script(&page);
    Some((case.clause.clone(), mismatch))
}

/// What a page that a shop can show must be, if the answer is not that, and whether the
/// documentation says so.
fn unusable(answer: &Answer) -> Option<(&'static str, bool)> {
    if !is_page(answer) {
        // Neither a direct answer at that URL nor one to non-browsers is documented.
        let is_elsewhere = answer.status / 100 == 3 || [401, 403].contains(&answer.status);
        return Some(("200 text/html", !is_elsewhere));
    }
    if !answer.whole_text().contains('<') {
        return Some(("a page with something in it", true));
    }
    let content_type = answer.header("content-type").unwrap_or_default();
    let says_utf8 = content_type.to_ascii_lowercase().contains("utf-8");
    let is_garbled = says_utf8 && std::str::from_utf8(&answer.body).is_err();
    is_garbled.then_some(("a page in the charset that it declares", true))
}

/// Whether other origins may not frame the page. `frame-ancestors` overrides `X-Frame-Options` (CSP
/// 3, 6.4.2).
fn forbids_frames(answer: &Answer) -> bool {
    let policy = answer.header("content-security-policy").unwrap_or_default();
    let mut directives = policy
        .split(';')
        .map(|directive| directive.trim().to_lowercase());
    let ancestors = directives.find_map(|directive| {
        directive
            .strip_prefix("frame-ancestors")
            .map(|sources| sources.trim().to_owned())
    });
    match ancestors {
        Some(sources) => ["", "'none'", "'self'"].contains(&sources.as_str()),
        None => answer.header("x-frame-options").is_some_and(|value| {
            ["deny", "sameorigin"].contains(&value.trim().to_lowercase().as_str())
        }),
    }
}

/// Whether a page shows the e-mail address from a request to init. The local part is enough, since
/// pages may abbreviate the rest.
pub(super) fn shows_email_of(rulebook: &Rulebook, init: &Exchange, page: &Answer) -> bool {
    let sent = readback::endpoint_of(rulebook.contract(), init)
        .and_then(|endpoint| readback::parameters(rulebook, endpoint, init))
        .unwrap_or_default();
    let name = sent["email"]
        .as_str()
        .and_then(|email| email.split('@').next());
    name.is_some_and(|name| !name.is_empty() && page.whole_text().contains(name))
}

/// The `lang` of a page's root element.
fn html_lang(page: &str) -> Option<String> {
    let (_, rest) = page.split_once("<html")?;
    lang_of(rest.split_once('>')?.0)
}

/// The `lang` of the first element of a piece of HTML.
pub(super) fn root_lang(html: &str) -> Option<String> {
    let (_, rest) = html.split_once('<')?;
    lang_of(rest.split_once('>')?.0)
}

/// The value of `lang` in a tag.
fn lang_of(tag: &str) -> Option<String> {
    let (_, value) = tag.split_once("lang=")?;
    let value = value.trim_start_matches(['"', '\'']);
    let end = value
        .find(|c: char| !c.is_ascii_alphanumeric() && c != '-')
        .unwrap_or(value.len());
    Some(value[..end].to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn the_language_of_a_page_is_that_of_its_root() {
        assert_eq!(
            html_lang("<!doctype html><html lang=\"fr-CA\"><p lang=en>"),
            Some("fr-ca".into())
        );
        assert_eq!(html_lang("<html class=x lang='en'>"), Some("en".into()));
        assert_eq!(html_lang("<html>"), None);
        assert_eq!(root_lang("<div lang=\"fr\"><p lang=en>"), Some("fr".into()));
        assert_eq!(root_lang("<div><p lang=en>"), None);
    }

    fn page(status: u16, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Answer {
            status,
            headers: headers.iter().map(own).collect(),
            body: body.to_vec(),
            took: Duration::ZERO,
        }
    }

    #[test]
    fn a_page_is_one_that_a_shop_can_show() {
        const HTML: (&str, &str) = ("content-type", "text/html; charset=UTF-8");
        let documented = |answer: Answer| unusable(&answer).map(|(_, documented)| documented);
        assert_eq!(documented(page(200, &[HTML], "<p>é".as_bytes())), None);
        assert_eq!(documented(page(200, &[HTML], b" \n")), Some(true));
        assert_eq!(documented(page(404, &[HTML], b"")), Some(true));
        assert_eq!(documented(page(302, &[], b"")), Some(false));
        assert_eq!(documented(page(200, &[HTML], b"<p>\xe9")), Some(true));
        let latin = ("content-type", "text/html; charset=iso-8859-1");
        assert_eq!(documented(page(200, &[latin], b"<p>\xe9")), None);
        let xhtml = ("content-type", "application/xhtml+xml");
        assert_eq!(documented(page(200, &[xhtml], b"<p/>")), None);
    }

    #[test]
    fn some_pages_forbid_frames() {
        const CSP: &str = "content-security-policy";
        let old = ("x-frame-options", "DENY");
        for (headers, forbids) in [
            (&[("x-frame-options", "SAMEORIGIN")][..], true),
            (&[(CSP, "default-src 'self'; frame-ancestors 'none'")], true),
            (&[(CSP, "frame-ancestors https://shop.example")], false),
            (&[(CSP, "default-src 'none'")], false),
            (&[old], true),
            (&[old, (CSP, "frame-ancestors *")], false),
            (&[], false),
        ] {
            let answer = page(200, headers, b"");
            assert_eq!(forbids_frames(&answer), forbids, "{headers:?}");
        }
    }
}
