//! Answers while the store is unavailable.

use crate::http::reply::Reply;
use crate::http::request::Request;
use crate::http::route::ADMIN;
use crate::store::Lost;
use hyper::header::RETRY_AFTER;
use hyper::{Method, StatusCode};
use serde_json::json;

/// The paths below [`ADMIN`] that report the server's health and need no store.
const LOOKS: [&str; 3] = ["/health", "/ready", "/metrics"];

/// Whether a request only reads the server's health.
pub fn only_looks(request: &Request) -> bool {
    let rest = request.path.strip_prefix(ADMIN);
    rest.is_some_and(|rest| LOOKS.contains(&rest))
}

/// Whether a call to the admin API changes nothing.
pub fn changes_nothing(request: &Request) -> bool {
    let rest = request.path.strip_prefix(ADMIN);
    matches!(request.method, Method::GET | Method::HEAD) || rest == Some("/requests/verify")
}

/// Replaces an answer that depends on something that could not be stored.
pub fn reply(lost: &Lost) -> Reply {
    let body = json!({"error": lost.to_string()});
    Reply::json(StatusCode::SERVICE_UNAVAILABLE, &body).with(RETRY_AFTER, "1")
}
