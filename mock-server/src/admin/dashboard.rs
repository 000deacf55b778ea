//! The dashboard: what the admin API knows, for people. Its files hold no data, so that whoever
//! comes by a link may have them; what they show they ask the API for.

use crate::admin::ask::AdminRequest;
use crate::admin::problem::{Answer, problem};
use crate::http::reply::Reply;
use crate::http::route::ADMIN;
use hyper::StatusCode;
use hyper::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};

/// Isolates the page from windows that opened it.
const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
/// Its own files and its own API, and nothing else; nobody frames it. No text becomes mark-up.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
     connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; \
     frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";
const SCRIPT: &str = "text/javascript; charset=utf-8";

const PAGE: &str = include_str!("../../templates/dashboard/index.html");
/// Name, media type and text of each file.
const FILES: &[(&str, &str, &str)] = &[
    (
        "dashboard.css",
        "text/css; charset=utf-8",
        include_str!("../../templates/dashboard/dashboard.css"),
    ),
    (
        "dashboard.js",
        SCRIPT,
        include_str!("../../templates/dashboard/dashboard.js"),
    ),
    (
        "api.js",
        SCRIPT,
        include_str!("../../templates/dashboard/api.js"),
    ),
    (
        "dom.js",
        SCRIPT,
        include_str!("../../templates/dashboard/dom.js"),
    ),
    (
        "requests.js",
        SCRIPT,
        include_str!("../../templates/dashboard/requests.js"),
    ),
    (
        "detail.js",
        SCRIPT,
        include_str!("../../templates/dashboard/detail.js"),
    ),
    (
        "orders.js",
        SCRIPT,
        include_str!("../../templates/dashboard/orders.js"),
    ),
    (
        "faults.js",
        SCRIPT,
        include_str!("../../templates/dashboard/faults.js"),
    ),
    (
        "clock.js",
        SCRIPT,
        include_str!("../../templates/dashboard/clock.js"),
    ),
    (
        "lint.js",
        SCRIPT,
        include_str!("../../templates/dashboard/lint.js"),
    ),
];

fn secured(reply: Reply) -> Reply {
    reply
        .with(CACHE_CONTROL, "no-store")
        .with(CONTENT_SECURITY_POLICY, POLICY)
        .with(OPENER_POLICY, "same-origin")
        .with(REFERRER_POLICY, "no-referrer")
        .with(X_CONTENT_TYPE_OPTIONS, "nosniff")
}

/// To the page, whose path ends with a slash.
pub(super) fn to_page() -> Reply {
    Reply::see_other(&format!("{ADMIN}/"))
}

#[expect(clippy::unnecessary_wraps, reason = "the table's signature")]
pub(super) fn get_page(_: &AdminRequest<'_>) -> Answer {
    Ok(secured(Reply::html(StatusCode::OK, PAGE.to_owned())))
}

pub(super) fn get_file(call: &AdminRequest<'_>) -> Answer {
    let found = FILES.iter().find(|(name, ..)| *name == call.id);
    let (_, kind, text) = found.ok_or_else(|| {
        let message = format!("the dashboard has no `{}`", call.id);
        problem(StatusCode::NOT_FOUND, message)
    })?;
    Ok(secured(Reply::text(StatusCode::OK, kind, text)))
}
