//! The page for an unknown path, if the dialect answers as Express does. Express is Node's usual
//! framework and that of the token server's library (NOS2, NOS3); it does not answer unknown paths
//! in JSON.

use crate::http::reply::Reply;
use crate::http::request::Request;
use askama::Template;
use flexiti_contract::{ErrorId, Rulebook};
use hyper::header::{CONTENT_SECURITY_POLICY, X_CONTENT_TYPE_OPTIONS};

#[derive(Template)]
#[template(path = "unknown_path.html")]
struct Page<'a> {
    method: &'a str,
    path: &'a str,
}

/// The page that replaces the refusal.
pub fn page(rulebook: &Rulebook, request: &Request) -> Reply {
    let page = Page {
        method: request.method.as_str(),
        path: &request.path,
    };
    // Rendering writes to a string and calls nothing that can fail.
    let page = page.render().unwrap_or_default();
    let status = rulebook.refusal(ErrorId::NotFound).status;
    Reply::html(status, page)
        .with(CONTENT_SECURITY_POLICY, "default-src 'none'")
        .with(X_CONTENT_TYPE_OPTIONS, "nosniff")
}
