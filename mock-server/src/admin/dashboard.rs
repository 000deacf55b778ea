//! The dashboard: the admin API for people. Its files contain no data, so they need no token; the
//! page gets its data from the API.

use crate::admin::ask::AdminRequest;
use crate::admin::problem::{Answer, problem};
use crate::app::App;
use crate::http::reply::Reply;
use crate::http::request::Request;
use crate::http::route::ADMIN;
use hyper::StatusCode;
use hyper::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use std::collections::HashMap;
use std::sync::LazyLock;

/// Isolates the page from windows that opened it.
const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
/// Only the dashboard's own files and the API; no framing, and no text becomes markup.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
     connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; \
     frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";

const PAGE: &str = include_str!("../../templates/dashboard/index.html");
/// Name, media type and text of each file. The last five are loaded on demand.
const FILES: &[(&str, &str, &str)] = &[
    (
        "dashboard.css",
        STYLE,
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
        "verdict.js",
        SCRIPT,
        include_str!("../../templates/dashboard/verdict.js"),
    ),
    (
        "requests.js",
        SCRIPT,
        include_str!("../../templates/dashboard/requests.js"),
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
    (
        "detail.js",
        SCRIPT,
        include_str!("../../templates/dashboard/detail.js"),
    ),
    (
        "merchants.js",
        SCRIPT,
        include_str!("../../templates/dashboard/merchants.js"),
    ),
    (
        "dialect.js",
        SCRIPT,
        include_str!("../../templates/dashboard/dialect.js"),
    ),
    (
        "timeline.js",
        SCRIPT,
        include_str!("../../templates/dashboard/timeline.js"),
    ),
    (
        "code.js",
        SCRIPT,
        include_str!("../../templates/dashboard/code.js"),
    ),
];
/// The files as they are sent: without indentation and comment lines, and styles without needless
/// spaces.
static SLIM: LazyLock<HashMap<&str, (&str, String)>> = LazyLock::new(|| {
    let files = FILES.iter();
    files
        .map(|(name, kind, text)| {
            let short = slim(text);
            let short = if *kind == STYLE { tight(&short) } else { short };
            (*name, (*kind, short))
        })
        .collect()
});

/// Removes indentation, blank lines and comment lines. In a multi-line string, every space is kept.
fn slim(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut in_text = false;
    for line in text.lines() {
        let short = line.trim();
        let is_comment =
            short.starts_with("//") || (short.starts_with("/*") && short.ends_with("*/"));
        if in_text || !(short.is_empty() || is_comment) {
            shown.push_str(if in_text { line } else { short });
            shown.push('\n');
        }
        in_text ^= line.matches('`').count() % 2 == 1;
    }
    shown
}

/// A style sheet without needless spaces.
fn tight(style: &str) -> String {
    [
        (" { ", "{"),
        (" {", "{"),
        ("; }", "}"),
        (": ", ":"),
        ("; ", ";"),
        (", ", ","),
    ]
    .iter()
    .fold(style.to_owned(), |text, (spaced, short)| {
        text.replace(spaced, short)
    })
}

fn secured(reply: Reply) -> Reply {
    reply
        .with(CACHE_CONTROL, "no-store")
        .with(CONTENT_SECURITY_POLICY, POLICY)
        .with(OPENER_POLICY, "same-origin")
        .with(REFERRER_POLICY, "no-referrer")
        .with(X_CONTENT_TYPE_OPTIONS, "nosniff")
}

/// Redirects to the page, whose path ends with a slash.
pub(super) fn to_page(app: &App, request: &Request) -> Reply {
    Reply::see_other(&format!("{}{ADMIN}/", app.prefix_for(request)))
}

#[expect(clippy::unnecessary_wraps, reason = "the table's signature")]
pub(super) fn get_page(_: &AdminRequest<'_>) -> Answer {
    Ok(secured(Reply::html(StatusCode::OK, PAGE.to_owned())))
}

pub(super) fn get_file(call: &AdminRequest<'_>) -> Answer {
    let (kind, text) = SLIM.get(call.id).ok_or_else(|| {
        let message = format!("the dashboard has no `{}`", call.id);
        problem(StatusCode::NOT_FOUND, message)
    })?;
    Ok(secured(Reply::text(StatusCode::OK, kind, text)))
}
