//! One log line a request. Nothing secret is in it: no query, no session, no header but the
//! reference id.

use crate::app::App;
use crate::journal::Note;
use crate::request::Request;
use crate::route::{self, Route};
use crate::token::REFERENCE_ID;
use std::borrow::Cow;
use std::time::Duration;

const HIDDEN: &str = "***";

/// Writes the line of a request, with the clauses for which it was refused; `path` is what [`path`] made of its path.
pub fn line(request: &Request, path: &str, note: &Note, status: u16, took: Duration) {
    tracing::info!(
        method = %request.method,
        path,
        status,
        duration_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
        reference_id = request.header(&REFERENCE_ID).map(|id| reference(&id).to_owned()),
        refused = note.reasons(),
    );
}

/// A path without the session, and without a token or secret that a client has put there.
pub fn path(app: &App, path: &str) -> String {
    if let Route::Checkout(_) = app.router.route(path) {
        return format!("{}/{HIDDEN}", route::CHECKOUT);
    }
    let hide = |segment| {
        if is_secret(app, segment) {
            HIDDEN
        } else {
            segment
        }
    };
    path.split('/').map(hide).collect::<Vec<_>>().join("/")
}

fn is_secret(app: &App, segment: &str) -> bool {
    let token = segment.len() >= 32 && segment.bytes().all(|byte| byte.is_ascii_hexdigit());
    // The fixed parts of the known paths are short words; a look at every merchant is for the rest.
    token || (segment.len() >= 8 && app.is_secret(&decoded(segment)))
}

fn decoded(segment: &str) -> Cow<'_, str> {
    if segment.contains('%') {
        route::decode(segment).into()
    } else {
        segment.into()
    }
}

/// A reference id is a GUID: whatever is longer, or no plain text, is something else.
fn reference(id: &str) -> &str {
    if id.len() <= 36 && id.bytes().all(|byte| byte.is_ascii_graphic()) {
        id
    } else {
        HIDDEN
    }
}
