//! Cookies as browsers keep them (RFC 6265bis): `SameSite=Strict` cookies are withheld on the way
//! back from Flexiti's site, and `SameSite=None` requires `Secure`.

use cookie_store::{Cookie, CookieStore, RawCookie};
use reqwest::Url;
use reqwest::header::{HeaderMap, SET_COOKIE};
use std::sync::{Mutex, PoisonError};

/// Where the customer was when the page load began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum From {
    /// On the shop's site.
    Shop,
    /// On Flexiti's pages: the way back is a navigation from another site.
    Flexiti,
    /// In a frame of the shop's page that held Flexiti's pages: the way back stays within the
    /// frame.
    Frame,
}

/// The cookies of one browser.
#[derive(Debug, Default)]
pub struct Cookies(Mutex<CookieStore>);

impl Cookies {
    /// Stores the cookies of an answer.
    pub fn keep(&self, url: &Url, headers: &HeaderMap) {
        let mut store = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for header in headers.get_all(SET_COOKIE) {
            let text = String::from_utf8_lossy(header.as_bytes());
            let Ok(cookie) = RawCookie::parse(text.as_ref()) else {
                continue;
            };
            let is_none = cookie.same_site().is_some_and(|site| site.is_none());
            if is_none && cookie.secure() != Some(true) {
                continue;
            }
            // A rejected cookie is not stored.
            let _ = store.insert_raw(&cookie, url);
        }
    }

    /// The `Cookie` header for a page load.
    pub fn header(&self, url: &Url, from: From) -> Option<String> {
        let store = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let cookies = store.matches(url).into_iter();
        let sent = cookies.filter(|cookie| goes(cookie, from));
        let pairs: Vec<String> = sent
            .map(|cookie| format!("{}={}", cookie.name(), cookie.value()))
            .collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }

    /// Names and values of the cookies for a page of the shop.
    pub fn pairs(&self, url: &Url) -> Vec<(String, String)> {
        let store = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let cookies = store.matches(url).into_iter();
        let pair = |cookie: &Cookie<'_>| (cookie.name().to_owned(), cookie.value().to_owned());
        cookies.map(pair).collect()
    }
}

/// Whether a cookie is sent on a page load from there.
fn goes(cookie: &Cookie<'_>, from: From) -> bool {
    let site = cookie.same_site();
    match from {
        From::Shop => true,
        From::Flexiti => !site.is_some_and(|site| site.is_strict()),
        From::Frame => site.is_some_and(|site| site.is_none()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::HeaderValue;

    #[test]
    fn cookies_go_where_a_browser_sends_them() {
        let url = Url::parse("http://127.0.0.1:9000/back").unwrap();
        for (set, shop, flexiti, frame) in [
            ("a=1; SameSite=Strict", true, false, false),
            ("a=1; SameSite=Lax", true, true, false),
            ("a=1", true, true, false),
            ("a=1; SameSite=None; Secure", true, true, true),
            // Browsers reject it.
            ("a=1; SameSite=None", false, false, false),
            ("a=1; Path=/other", false, false, false),
        ] {
            let cookies = Cookies::default();
            let mut headers = HeaderMap::new();
            headers.insert(SET_COOKIE, HeaderValue::from_static(set));
            cookies.keep(&url, &headers);
            let sent = |from| cookies.header(&url, from).is_some();
            let is = (sent(From::Shop), sent(From::Flexiti), sent(From::Frame));
            assert_eq!(is, (shop, flexiti, frame), "{set}");
        }
    }
}
