//! URLs of the upstream, so that the customer's browser comes through this server: its hosted pages
//! are asked for here, and go on to it.

use hyper::HeaderMap;
use hyper::header::{HeaderName, HeaderValue, LOCATION, ORIGIN, REFERER, SET_COOKIE};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use url::Url;

/// How many hosted pages are remembered.
const LIMIT: usize = 20_000;

/// What is read of the answer of init: the URL as it is spelled there.
#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow)]
    redirection_url: &'a RawValue,
}

/// Two origins, and the pages at the one that belong to merchants.
#[derive(Debug)]
pub struct Urls {
    /// The upstream's origin.
    there: String,
    /// Ours, as browsers reach it.
    here: String,
    pages: Mutex<Pages>,
}

#[derive(Debug, Default)]
struct Pages {
    owners: HashMap<String, Owner>,
    oldest: VecDeque<String>,
}

/// Whose hosted page it is.
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

    /// The answer of init with a `redirection_url` that leads here; none if it stays.
    pub fn init(&self, body: &[u8], owner: &Owner) -> Option<Vec<u8>> {
        let text = str::from_utf8(body).ok()?;
        let answer: Answer<'_> = serde_json::from_str(text).ok()?;
        let spelled = answer.redirection_url.get();
        let url: String = serde_json::from_str(spelled).ok()?;
        let ours = self.ours(&url)?;
        let path = Url::parse(&ours).ok()?.path().to_owned();
        self.remember(path, owner.clone());
        // All else stays as it stands: numbers have more digits than a program may know.
        let from = spelled.as_ptr().addr() - text.as_ptr().addr();
        let (before, rest) = text.split_at(from);
        let after = &rest[spelled.len()..];
        Some(
            [before, &Value::from(ours).to_string(), after]
                .concat()
                .into_bytes(),
        )
    }

    /// Whose page a path is.
    pub fn owner(&self, path: &str) -> Option<Owner> {
        let pages = self.pages.lock().unwrap_or_else(PoisonError::into_inner);
        let mut path = path;
        // What is below a page belongs to it.
        while !path.is_empty() {
            if let Some(owner) = pages.owners.get(path) {
                return Some(owner.clone());
            }
            path = path.rsplit_once('/')?.0;
        }
        None
    }

    /// Whether any page has led here.
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

    /// The headers of a request for a page, as if the browser had come to the upstream.
    pub fn request(&self, headers: &mut HeaderMap) {
        for name in [ORIGIN, REFERER] {
            let value = headers.get(&name).and_then(|value| value.to_str().ok());
            let there = value.and_then(|url| moved(url, &self.here, &self.there));
            if let Some(there) = there.and_then(|url| HeaderValue::from_str(&url).ok()) {
                headers.insert(name, there);
            }
        }
    }

    /// The headers of an answer: redirections to the upstream lead here, and those of a page that
    /// lead to a shop go to `shop`, an origin.
    pub fn answer(&self, headers: &mut HeaderMap, shop: Option<&str>) {
        let location = headers.get(LOCATION).and_then(|value| value.to_str().ok());
        let location = location.and_then(|url| self.location(url, shop));
        if let Some(url) = location.and_then(|url| HeaderValue::from_str(&url).ok()) {
            headers.insert(LOCATION, url);
        }
        // A browser that comes here knows the host of this server, not the upstream's.
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

    /// A page whose links to the upstream lead here.
    pub fn page(&self, body: &[u8]) -> Option<Vec<u8>> {
        let text = std::str::from_utf8(body).ok()?;
        let mut parts = text.split(&*self.there);
        let mut page = parts.next()?.to_owned();
        for part in parts {
            // Another host may begin alike.
            let goes_on = part.starts_with(|sign: char| {
                sign.is_ascii_alphanumeric() || matches!(sign, '.' | ':' | '-')
            });
            page.push_str(if goes_on { &self.there } else { &self.here });
            page.push_str(part);
        }
        (page != text).then(|| page.into_bytes())
    }

    /// A URL of the upstream as one of this server.
    fn ours(&self, url: &str) -> Option<String> {
        moved(url, &self.there, &self.here)
    }
}

/// A URL at one origin, at another.
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
        // Spelled in another way, it is the same URL.
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
