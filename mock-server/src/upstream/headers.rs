//! The headers that are passed on, in either direction.

use hyper::header::{
    ACCEPT_ENCODING, CONNECTION, CONTENT_LENGTH, EXPECT, HOST, HeaderMap, HeaderName, HeaderValue,
    PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, TE, TRAILER, TRANSFER_ENCODING, UPGRADE,
};

/// Hop-by-hop headers (RFC 9110, section 7.6.1), and the content length.
const OWN: [HeaderName; 8] = [
    CONNECTION,
    PROXY_AUTHENTICATE,
    PROXY_AUTHORIZATION,
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
    CONTENT_LENGTH,
];

/// The headers of a request to pass on. Content codings are refused, because such an answer could
/// not be read.
pub fn of_request(headers: &HeaderMap) -> HeaderMap {
    let mut passed = end_to_end(headers);
    for name in [HOST, EXPECT] {
        passed.remove(name);
    }
    if passed.contains_key(ACCEPT_ENCODING) {
        passed.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    }
    passed
}

/// The headers of an answer to pass on. The length is kept for HEAD, where no body gives it.
pub fn of_answer(headers: &HeaderMap, is_head: bool) -> HeaderMap {
    let mut passed = end_to_end(headers);
    if let Some(length) = headers.get(CONTENT_LENGTH).filter(|_| is_head) {
        passed.insert(CONTENT_LENGTH, length.clone());
    }
    passed
}

fn end_to_end(headers: &HeaderMap) -> HeaderMap {
    let mut passed = headers.clone();
    for value in headers.get_all(CONNECTION) {
        for name in value.to_str().unwrap_or_default().split(',') {
            passed.remove(name.trim());
        }
    }
    for name in OWN {
        passed.remove(name);
    }
    for name in ["keep-alive", "proxy-connection"] {
        passed.remove(name);
    }
    passed
}

/// Names and values as strings.
pub fn pairs(headers: &HeaderMap) -> Vec<(String, String)> {
    let pair = |(name, value): (&HeaderName, &HeaderValue)| {
        let value = String::from_utf8_lossy(value.as_bytes());
        (name.as_str().to_owned(), value.into_owned())
    };
    headers.iter().map(pair).collect()
}
