//! A customer's browser: cookies, redirects, and the contents of pages.

pub mod claims;
pub mod cookies;
pub mod extract;
pub mod html;
pub mod refresh;
pub mod scripts;

use crate::markup::is_filled_by_script;
use crate::merchant::stage::browser::claims::{empty_words, says_paid};
use crate::merchant::stage::browser::cookies::{Cookies, From};
use crate::merchant::stage::browser::refresh::Refresh;
use crate::merchant::trace::Page;
use crate::net::Clients;
use reqwest::blocking::{Client, Response};
use reqwest::header::{CONTENT_LANGUAGE, CONTENT_TYPE, COOKIE, HeaderMap, LOCATION};
use reqwest::{Certificate, Method, StatusCode, Url, redirect};
use serde_json::Value;
use std::io::Read as _;
use std::time::Duration;

/// Maximum number of redirects to follow.
const HOPS: usize = 10;
/// Maximum number of bytes read of a page.
const PAGE: u64 = 1024 * 1024;

/// What the browser loaded for one request.
#[derive(Debug)]
pub struct PageLoad {
    /// The last page; leaks are not searched for yet.
    pub page: Page,
    /// The text of the page.
    pub text: String,
    /// The headers of the last answer.
    pub headers: HeaderMap,
    /// Everything that reached the browser: pages, redirects, cookies.
    pub all: String,
    /// The URL of Flexiti's pages that a redirect leads to, or that the page contains.
    pub leads_to: Option<Url>,
    /// Where the page itself leads after a while.
    pub refresh: Option<Refresh>,
}

/// A request as a browser sends it.
#[derive(Debug)]
pub struct Outgoing<'r> {
    /// The method.
    pub method: Method,
    /// The URL.
    pub url: &'r str,
    /// The form fields; with `GET` they become the query string.
    pub form: &'r [(String, String)],
    /// A JSON body instead of the form.
    pub json: Option<Value>,
    /// Further headers.
    pub headers: &'r [(String, String)],
    /// Where the customer was before.
    pub from: From,
}

impl<'r> Outgoing<'r> {
    /// A plain request for a page.
    pub fn get(url: &'r str, from: From) -> Self {
        Self {
            method: Method::GET,
            url,
            form: &[],
            json: None,
            headers: &[],
            from,
        }
    }
}

/// A browser with cookies of its own.
#[derive(Debug)]
pub struct Browser {
    clients: Clients,
    cookies: Cookies,
    /// Where Flexiti's pages are.
    flexiti: Url,
}

impl Browser {
    /// A browser that recognizes Flexiti's pages by their origin, waits this long for the shop's
    /// pages, and trusts these authorities besides the system's.
    pub fn new(
        flexiti: &Url,
        patience: Duration,
        authorities: &[Certificate],
    ) -> anyhow::Result<Self> {
        let settings = || {
            Client::builder()
                .tls_certs_merge(authorities.iter().cloned())
                .redirect(redirect::Policy::none())
                .timeout(patience)
        };
        Ok(Self {
            clients: Clients::new(settings, None)?,
            cookies: Cookies::default(),
            flexiti: flexiti.clone(),
        })
    }

    /// Names and values of the cookies for a page of the shop.
    pub fn cookies(&self, url: &str) -> Vec<(String, String)> {
        let url = Url::parse(url);
        url.map(|url| self.cookies.pairs(&url)).unwrap_or_default()
    }

    /// Requests a page, and follows redirects within the shop.
    pub fn open(&self, outgoing: &Outgoing<'_>) -> Result<PageLoad, String> {
        let mut url = Url::parse(outgoing.url).map_err(|error| format!("an address: {error}"))?;
        let method = outgoing.method.clone();
        if method == Method::GET && !outgoing.form.is_empty() {
            url.query_pairs_mut().extend_pairs(outgoing.form);
        }
        let mut request = self.clients.request(method.clone(), url.as_str());
        if let Some(json) = &outgoing.json {
            request = request
                .header(CONTENT_TYPE, "application/json")
                .body(json.to_string());
        } else if method != Method::GET && !outgoing.form.is_empty() {
            request = request.form(outgoing.form);
        }
        for (name, value) in outgoing.headers {
            request = request.header(name, value);
        }
        let mut all = String::new();
        for _ in 0..HOPS {
            if let Some(cookies) = self.cookies.header(&url, outgoing.from) {
                request = request.header(COOKIE, cookies);
            }
            let answer = request.send();
            let answer = answer.map_err(|error| format!("{}: {}", place(&url), causes(error)))?;
            self.cookies.keep(&url, answer.headers());
            for (_, value) in answer.headers() {
                all.push_str(&String::from_utf8_lossy(value.as_bytes()));
                all.push('\n');
            }
            let status = answer.status();
            let location = answer.headers().get(LOCATION);
            let next = location.and_then(|next| url.join(next.to_str().ok()?).ok());
            if !status.is_redirection() || next.is_none() {
                return self.seen(&url, answer, all);
            }
            let next = next.unwrap_or_else(|| url.clone());
            if next.host_str() == Some(ATTACKER) {
                let mut page = page(&url, status, None);
                page.redirected_away = true;
                return Ok(PageLoad {
                    page,
                    text: String::new(),
                    headers: answer.headers().clone(),
                    all,
                    leads_to: None,
                    refresh: None,
                });
            }
            if self.is_flexiti(&next) {
                return Ok(PageLoad {
                    page: page(&url, status, None),
                    text: String::new(),
                    headers: answer.headers().clone(),
                    all,
                    leads_to: Some(next),
                    refresh: None,
                });
            }
            request = self.clients.request(Method::GET, next.as_str());
            url = next;
        }
        Err(format!(
            "{}: more than {HOPS} redirections in a row",
            place(&url)
        ))
    }

    fn seen(&self, url: &Url, answer: Response, mut all: String) -> Result<PageLoad, String> {
        let status = answer.status();
        let language = answer.headers().get(CONTENT_LANGUAGE);
        let language = language.and_then(|value| Some(value.to_str().ok()?.to_owned()));
        let kind = answer.headers().get(CONTENT_TYPE);
        let is_kind = |name: &[u8]| kind.is_some_and(|kind| kind.as_bytes().starts_with(name));
        let is_html = is_kind(b"text/html") || is_kind(b"application/xhtml+xml");
        let is_json = is_kind(b"application/json");
        let headers = answer.headers().clone();
        let mut bytes = Vec::new();
        let mut limited = answer.take(PAGE);
        limited
            .read_to_end(&mut bytes)
            .map_err(|error| format!("{}: {error}", place(url)))?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        all.push_str(&text);
        let lang = if is_html { html_lang(&text) } else { None };
        let lang = lang.or(language).or_else(|| guessed_lang(&text));
        let refresh = Refresh::of(url, &headers, is_html.then_some(&*text));
        let refreshed = refresh.as_ref().map(|refresh| refresh.url.clone());
        let leads_to = self
            .address_in(&text)
            .or_else(|| refreshed.filter(|url| self.is_flexiti(url)));
        let mut page = page(url, status, lang);
        page.says_paid = says_paid(&text, is_html);
        // What a script will render is unknown.
        let is_shell = is_html && is_filled_by_script(&text);
        page.empty_words = (!is_shell).then(|| empty_words(&text, is_html)).flatten();
        page.echoes = is_html && text.contains(MARKUP);
        page.by_script = is_shell || is_json;
        Ok(PageLoad {
            page,
            text,
            headers,
            all,
            leads_to,
            refresh,
        })
    }

    fn is_flexiti(&self, url: &Url) -> bool {
        url.origin() == self.flexiti.origin()
    }

    /// Finds the URL of Flexiti's pages in HTML or JSON.
    fn address_in(&self, text: &str) -> Option<Url> {
        let origin = self.flexiti.origin().ascii_serialization();
        let plain = text.replace("\\/", "/").replace("&amp;", "&");
        let at = plain.find(&format!("{origin}/"))?;
        let ends = |c: char| c.is_whitespace() || "\"'<>\\`)".contains(c);
        let address = plain[at..].split(ends).next()?;
        Url::parse(address).ok()
    }
}

fn page(url: &Url, status: StatusCode, lang: Option<String>) -> Page {
    let lang = lang.map(|lang| {
        lang.chars()
            .take(2)
            .collect::<String>()
            .to_ascii_lowercase()
    });
    Page {
        url: place(url),
        status: status.as_u16(),
        lang,
        leaks: Vec::new(),
        names_order: false,
        names_others_order: None,
        says_paid: false,
        empty_words: None,
        echoes: false,
        by_script: false,
        redirected_away: false,
    }
}

/// The language of an HTML page's root element.
fn html_lang(text: &str) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    let tag = &lower[lower.find("<html")?..];
    let tag = &tag[..tag.find('>')?];
    let value = tag.split_once("lang=")?.1.trim_start_matches(['"', '\'']);
    let lang: String = value
        .chars()
        .take_while(char::is_ascii_alphanumeric)
        .collect();
    (!lang.is_empty()).then_some(lang)
}

/// Guesses the language of a text by its most common words; `None` if unclear. A page that does not
/// declare its language is not assumed to be in the wrong one.
fn guessed_lang(text: &str) -> Option<String> {
    const ENGLISH: &[&str] = &[
        "the", "your", "you", "is", "was", "has", "not", "and", "order", "thank", "with", "for",
    ];
    const FRENCH: &[&str] = &[
        "le", "la", "les", "votre", "vous", "est", "pas", "et", "commande", "merci", "avec", "une",
    ];
    let lower = text.to_lowercase();
    let words: Vec<&str> = lower.split(|c: char| !c.is_alphabetic()).collect();
    let count = |known: &[&str]| words.iter().filter(|word| known.contains(word)).count();
    match (count(ENGLISH), count(FRENCH)) {
        (en, fr) if en >= 2 && en > 2 * fr => Some("en".to_owned()),
        (en, fr) if fr >= 2 && fr > 2 * en => Some("fr".to_owned()),
        _ => None,
    }
}

/// The host named in forged callbacks; `.invalid` never resolves (RFC 6761).
pub const ATTACKER: &str = "attacker.invalid";
/// The markup in forged callbacks.
pub const MARKUP: &str = "<svg onload=x>";

/// A URL without the parts that may hold secrets: query and fragment.
fn place(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.set_fragment(None);
    url.to_string()
}

/// An error with its causes, without the URL that reqwest repeats.
pub fn causes(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut words = Vec::new();
    let mut cause: Option<&dyn std::error::Error> = Some(&error);
    while let Some(error) = cause {
        words.push(error.to_string());
        cause = error.source();
    }
    words.join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_says_its_language_in_its_first_tag() {
        for (text, lang) in [
            (
                "<!doctype html><html lang=\"fr-CA\"><p lang=\"en\">",
                Some("fr"),
            ),
            ("<HTML class=a lang=en>", Some("en")),
            ("<html><p lang=\"en\">", None),
            ("", None),
        ] {
            assert_eq!(html_lang(text).as_deref(), lang, "{text}");
        }
    }

    #[test]
    fn a_page_that_does_not_declare_its_language_is_read() {
        for (text, lang) in [
            ("<p>Thank you, your order is paid</p>", Some("en")),
            ("<p>Merci, votre commande est pay\u{e9}e</p>", Some("fr")),
            ("{\"status\":\"paid\"}", None),
        ] {
            assert_eq!(guessed_lang(text).as_deref(), lang, "{text}");
        }
    }

    #[test]
    fn what_went_wrong_is_told_without_what_may_be_secret() {
        let nobody = Url::parse("http://127.0.0.1:1/back?orderId=1&auth_token=5ecre7#token=5ecre7");
        let browser = Browser::new(&nobody.clone().unwrap(), Duration::from_secs(1), &[]).unwrap();
        let trouble = browser.open(&Outgoing::get(nobody.unwrap().as_str(), From::Shop));
        let trouble = trouble.unwrap_err();
        assert!(trouble.contains("http://127.0.0.1:1/back: "), "{trouble}");
        assert!(!trouble.contains("5ecre7"), "{trouble}");
    }

    #[test]
    fn the_address_of_flexitis_page_is_found_in_pages_and_in_json() {
        let flexiti = Url::parse("http://127.0.0.1:4359").unwrap();
        let browser = Browser::new(&flexiti, Duration::from_secs(1), &[]).unwrap();
        let address = "http://127.0.0.1:4359/checkout/ab?lang=fr&x=1";
        for text in [
            "<a href=\"http://127.0.0.1:4359/checkout/ab?lang=fr&amp;x=1\">",
            r#"{"url":"http:\/\/127.0.0.1:4359\/checkout\/ab?lang=fr&x=1"}"#,
            "location = 'http://127.0.0.1:4359/checkout/ab?lang=fr&x=1';",
        ] {
            let found = browser.address_in(text).unwrap();
            assert_eq!(found.as_str(), address, "{text}");
        }
        assert!(
            browser
                .address_in("http://127.0.0.1:43590/checkout/ab")
                .is_none()
        );
    }
}
