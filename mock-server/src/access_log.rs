//! One log line a request. Nothing secret is in it: no query, no session, no header but the
//! reference id.

use crate::app::App;
use crate::journal::Note;
use crate::redact::{HIDDEN, Redactor};
use crate::request::Request;
use crate::token::REFERENCE_ID;
use std::borrow::Cow;
use std::time::Duration;

/// Writes the line of a request, with the clauses for which it was refused; `path` is what
/// [`path`] made of its path.
pub fn line(app: &App, request: &Request, path: &str, note: &Note, status: u16, took: Duration) {
    tracing::info!(
        method = %request.method,
        path,
        status,
        duration_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
        reference_id = request.header(&REFERENCE_ID).map(|id| reference(app, id)).as_deref(),
        refused = note.reasons(),
    );
}

/// A path without secrets, tokens and sessions.
pub fn path(app: &App, path: &str, note: &Note) -> String {
    // The path of an endpoint with a known merchant in it holds nothing else.
    if note.endpoint.is_some() && note.client_id.is_some() {
        return path.to_owned();
    }
    let decoded = crate::route::decode(path);
    let redactor: Redactor = app.redactor();
    let shown = redactor.text(&decoded);
    if shown == decoded {
        path.to_owned()
    } else {
        shown.into_owned()
    }
}

/// A reference id is a GUID: whatever is longer, or no plain text, or secret, is something else.
fn reference<'r>(app: &App, id: Cow<'r, str>) -> Cow<'r, str> {
    let plain = id.len() <= 36 && id.bytes().all(|byte| byte.is_ascii_graphic());
    if plain && !app.is_secret(&id) {
        id
    } else {
        HIDDEN.into()
    }
}
