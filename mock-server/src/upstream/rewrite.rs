//! Rewrites URLs of the upstream, so that the customer's browser goes through this server, which
//! passes requests for hosted pages on.

use hyper::HeaderMap;
use hyper::header::{HeaderName, HeaderValue, LOCATION, ORIGIN, REFERER, SET_COOKIE};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use url::Url;

/// The maximum number of hosted pages remembered.
const LIMIT: usize = 20_000;

/// The raw redirection URL in an answer to init.
#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow)]
    redirection_url: &'a RawValue,
}

/// The two origins, and the hosted pages with their merchants.
#[derive(Debug)]
pub struct Urls {
    /// The upstream's origin.
    there: String,
    /// This server's origin, as browsers reach it.
    here: String,
    pages: Mutex<Pages>,
}

#[derive(Debug, Default)]
struct Pages {
    owners: HashMap<String, Owner>,
    oldest: VecDeque<String>,
}

/// The owner of a hosted page.
#[derive(Debug, Clone)]
pub struct Owner {
    pub client_id: Arc<str>,
    pub order_id: Option<u64>,
}

impl Urls {
    pub fn new(there: String, here: String) -> Self {
        Self {
            there,
            here,
            pages: Mutex::default(),
        }
    }

    /// The answer to init with a `redirection_url` that leads here; `None` if it is unchanged.
    pub fn init(&self, body: &[u8], owner: &Owner) -> Option<Vec<u8>> {
        let text = str::from_utf8(body).ok()?;
        let answer: Answer<'_> = serde_json::from_str(text).ok()?;
        let spelled = answer.redirection_url.get();
        let url: String = serde_json::from_str(spelled).ok()?;
        let ours = self.ours(&url)?;
        let path = Url::parse(&ours).ok()?.path().to_owned();
        self.remember(path, owner.clone());
        // Everything else stays byte for byte, because numbers may have more digits than a parser
        // preserves.
        let from = spelled.as_ptr().addr() - text.as_ptr().addr();
        let (before, rest) = text.split_at(from);
        let after = &rest[spelled.len()..];
        Some(
            [before, &Value::from(ours).to_string(), after]
                .concat()
                .into_bytes(),
        )
    }

    /// The owner of the page at a path.
    pub fn owner(&self, path: &str) -> Option<Owner> {
        let pages = self.pages.lock().unwrap_or_else(PoisonError::into_inner);
        let mut path = path;
        // Everything below a page belongs to it.
        while !path.is_empty() {
            if let Some(owner) = pages.owners.get(path) {
                return Some(owner.clone());
            }
            path = path.rsplit_once('/')?.0;
        }
        None
    }

    /// Whether any hosted page is known.
    pub fn has_pages(&self) -> bool {
        let pages = self.pages.lock().unwrap_or_else(PoisonError::into_inner);
        !pages.owners.is_empty()
    }

    fn remember(&self, path: String, owner: Owner) {
        let mut pages = self.pages.lock().unwrap_or_else(PoisonError::into_inner);
        if pages.owners.insert(path.clone(), owner).is_none() {
            pages.oldest.push_back(path);
        }
        if pages.oldest.len() > LIMIT
            && let Some(oldest) = pages.oldest.pop_front()
        {
            pages.owners.remove(&oldest);
        }
    }

    /// Rewrites the headers of a request for a page, as if the browser had gone to the upstream.
    pub fn request(&self, headers: &mut HeaderMap) {
        for name in [ORIGIN, REFERER] {
            let value = headers.get(&name).and_then(|value| value.to_str().ok());
            let there = value.and_then(|url| moved(url, &self.here, &self.there));
            if let Some(there) = there.and_then(|url| HeaderValue::from_str(&url).ok()) {
                headers.insert(name, there);
            }
        }
    }

    /// Rewrites the headers of an answer: redirections to the upstream lead here, and redirections
    /// from a page to a shop lead to `shop`, an origin.
    pub fn answer(&self, headers: &mut HeaderMap, shop: Option<&str>) {
        let location = headers.get(LOCATION).and_then(|value| value.to_str().ok());
        let location = location.and_then(|url| self.location(url, shop));
        if let Some(url) = location.and_then(|url| HeaderValue::from_str(&url).ok()) {
            headers.insert(LOCATION, url);
        }
        // The browser knows this server's host, not the upstream's.
        let is_secured = self.here.starts_with("https:");
        let own = |cookie: &HeaderValue| {
            let cookie = cookie.to_str().ok()?;
            let keeps = |part: &&str| {
                let name = part.split('=').next().unwrap_or(part).trim();
                let name = name.to_ascii_lowercase();
                name != "domain" && (is_secured || name != "secure")
            };
            let parts: Vec<&str> = cookie.split(';').filter(keeps).collect();
            HeaderValue::from_str(&parts.join(";")).ok()
        };
        let cookies: Vec<_> = headers.get_all(SET_COOKIE).iter().filter_map(own).collect();
        headers.remove(SET_COOKIE);
        for cookie in cookies {
            headers.append(SET_COOKIE, cookie);
        }
        for name in ["strict-transport-security", "alt-svc"] {
            headers.remove(HeaderName::from_static(name));
        }
    }

    fn location(&self, url: &str, shop: Option<&str>) -> Option<String> {
        if let Some(ours) = self.ours(url) {
            return Some(ours);
        }
        let parsed = Url::parse(url).ok()?;
        let from = parsed.origin().ascii_serialization();
        if from == self.here {
            return None;
        }
        let shop = Url::parse(shop?).ok()?.origin().ascii_serialization();
        let rest = url.split_once("://")?.1;
        let path = rest.find(['/', '?', '#']).map_or("", |at| &rest[at..]);
        Some(format!("{shop}{path}"))
    }

    /// A page with its links to the upstream leading here.
    pub fn page(&self, body: &[u8]) -> Option<Vec<u8>> {
        let text = std::str::from_utf8(body).ok()?;
        let mut parts = text.split(&*self.there);
        let mut page = parts.next()?.to_owned();
        for part in parts {
            // Another host may have the same prefix.
            let goes_on = part.starts_with(|sign: char| {
                sign.is_ascii_alphanumeric() || matches!(sign, '.' | ':' | '-')
            });
            page.push_str(if goes_on { &self.there } else { &self.here });
            page.push_str(part);
        }
        (page != text).then(|| page.into_bytes())
    }

    /// The URL on this server for one on the upstream.
    fn ours(&self, url: &str) -> Option<String> {
        moved(url, &self.there, &self.here)
    }
}

/// Moves a URL from one origin to another.
fn moved(url: &str, from: &str, to: &str) -> Option<String> {
    let parsed = Url::parse(url).ok()?;
    if parsed.origin().ascii_serialization() != from {
        return None;
    }
    let rest = url.split_once("://")?.1;
    let path = rest.find(['/', '?', '#']).map_or("", |at| &rest[at..]);
    Some(format!("{to}{path}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn urls() -> Urls {
        Urls::new(
            "https://there.example".to_owned(),
            "http://127.0.0.1:4359".to_owned(),
        )
    }

    #[test]
    fn the_browser_comes_through() {
        let urls = urls();
        let owner = Owner {
            client_id: "shop".into(),
            order_id: Some(7),
        };
        let init = br#"{"online_order_id": 7.10, "redirection_url": "https://there.example/p/ab1?lang=fr#x"}"#;
        let ours = urls.init(init, &owner).unwrap();
        assert_eq!(
            String::from_utf8(ours).unwrap(),
            r#"{"online_order_id": 7.10, "redirection_url": "http://127.0.0.1:4359/p/ab1?lang=fr#x"}"#
        );
        assert_eq!(urls.owner("/p/ab1/pin").unwrap().order_id, Some(7));
        assert!(urls.owner("/p/ab").is_none() && urls.owner("/").is_none());
        // The same URL in a different spelling.
        let init = br#"{"id": 12345678901234567890123, "redirection_url" : "https:\/\/there.example\/p", "amount": 499.90}"#;
        let ours = urls.init(init, &owner).unwrap();
        let expected = br#"{"id": 12345678901234567890123, "redirection_url" : "http://127.0.0.1:4359/p", "amount": 499.90}"#;
        assert_eq!(ours, expected);
        for elsewhere in [
            r#"{"redirection_url":"https://there.example.org/p"}"#,
            r#"{"redirection_url":"http://there.example/p"}"#,
            r#"{"redirection_url":7}"#,
            "<html>",
        ] {
            assert!(urls.init(elsewhere.as_bytes(), &owner).is_none());
        }
    }

    #[test]
    fn redirections_and_cookies_are_those_of_this_server() {
        let urls = urls();
        let shop = Some("http://127.0.0.1:9000/base");
        for (from, to) in [
            ("https://there.example/a?b=c", "http://127.0.0.1:4359/a?b=c"),
            ("https://there.example:443", "http://127.0.0.1:4359"),
            ("/a", "/a"),
            (
                "https://shop.example/back?orderId=7",
                "http://127.0.0.1:9000/back?orderId=7",
            ),
            ("http://127.0.0.1:4359/x", "http://127.0.0.1:4359/x"),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(LOCATION, from.parse().unwrap());
            urls.answer(&mut headers, shop);
            assert_eq!(headers[LOCATION], to, "{from}");
        }
        let mut headers = HeaderMap::new();
        headers.append(
            SET_COOKIE,
            "a=1; Domain=there.example; Secure; Path=/".parse().unwrap(),
        );
        headers.append(SET_COOKIE, "b=2".parse().unwrap());
        urls.answer(&mut headers, None);
        let cookies: Vec<_> = headers.get_all(SET_COOKIE).iter().collect();
        assert_eq!(cookies, ["a=1; Path=/", "b=2"]);
        let page = br#"<a href="https://there.example/x"><a href="https://there.example.org/">"#;
        assert_eq!(
            urls.page(page).unwrap(),
            br#"<a href="http://127.0.0.1:4359/x"><a href="https://there.example.org/">"#
        );
    }
}
