//! What is answered while the store cannot be used.

use crate::http::reply::Reply;
use crate::http::request::Request;
use crate::http::route::ADMIN;
use crate::store::Lost;
use hyper::header::RETRY_AFTER;
use hyper::{Method, StatusCode};
use serde_json::json;

/// The paths below [`ADMIN`] that say how the server is: they need no store.
const LOOKS: [&str; 3] = ["/health", "/ready", "/metrics"];

/// Whether a request only looks at how the server is.
pub fn only_looks(request: &Request) -> bool {
    let rest = request.path.strip_prefix(ADMIN);
    rest.is_some_and(|rest| LOOKS.contains(&rest))
}

/// Whether a call of the admin API only reads what others have written.
pub fn changes_nothing(request: &Request) -> bool {
    let rest = request.path.strip_prefix(ADMIN);
    matches!(request.method, Method::GET | Method::HEAD) || rest == Some("/requests/verify")
}

/// The answer in place of one that depends on what cannot be kept.
pub fn reply(lost: &Lost) -> Reply {
    let body = json!({"error": lost.to_string()});
    Reply::json(StatusCode::SERVICE_UNAVAILABLE, &body).with(RETRY_AFTER, "1")
}
