//! The page at `/`: nothing that Flexiti has, but the address that a person tries first.

use crate::http::reply::Reply;
use hyper::StatusCode;
use hyper::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, X_CONTENT_TYPE_OPTIONS};

const PAGE: &str = include_str!("../../templates/welcome.html");
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; \
     form-action 'none'; frame-ancestors 'none'";

/// Says what this server is, and where to look.
pub fn page() -> Reply {
    Reply::html(StatusCode::OK, PAGE.to_owned())
        .with(CACHE_CONTROL, "no-store")
        .with(CONTENT_SECURITY_POLICY, POLICY)
        .with(X_CONTENT_TYPE_OPTIONS, "nosniff")
}
