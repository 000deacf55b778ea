//! One log line for each request, with its merchant. It contains nothing secret: no query, no
//! session, and no header but the reference id.

use crate::http::request::{REFERENCE_ID, Request};
use crate::journal::Note;
use crate::redact::Redactor;
use crate::telemetry::log_writer;
use crate::telemetry::plain::Line;
use flexiti_contract::Endpoint;
use hyper::Method;
use std::borrow::Cow;
use std::time::Duration;

/// Writes a request's line, with the clauses that it was refused for. Status 0 means a callback
/// that the shop did not answer.
pub fn line(redactor: &Redactor, request: &Request, note: &Note, status: u16, took: Duration) {
    if !tracing::enabled!(tracing::Level::INFO) {
        return;
    }
    let (refused, remedy) = (note.reasons(), note.remedies());
    let method = method(redactor, &request.method);
    let path = path(redactor, &request.path, note);
    let duration_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
    let merchant = note.client_id.as_deref();
    let upstream = note.upstream.as_deref();
    let upstream = upstream.map(|passed| passed.server.as_str());
    let client = request.forwarded.client.as_deref();
    let id = reference_id(redactor, request);
    let refused = refused.as_deref().map(|text| redactor.shown_again(text));
    let remedy = remedy.as_deref().map(|text| redactor.shown_again(text));
    let Some(out) = log_writer::direct() else {
        tracing::info!(
            %method,
            path = &*path,
            status,
            duration_us,
            merchant,
            order_id = note.order_id,
            upstream,
            client,
            reference_id = id.as_deref(),
            refused = refused.as_deref(),
            remedy = remedy.as_deref(),
        );
        return;
    };
    let mut line = Line::now();
    line.bare("method", &method);
    line.text("path", Some(&path));
    line.number("status", Some(status.into()));
    line.number("duration_us", Some(duration_us));
    line.text("merchant", merchant);
    line.number("order_id", note.order_id);
    line.text("upstream", upstream);
    line.text("client", client);
    line.text("reference_id", id.as_deref());
    line.text("refused", refused.as_deref());
    line.text("remedy", remedy.as_deref());
    out.put(line.end().as_bytes());
}

/// A path with secrets, tokens and sessions hidden.
pub(super) fn path<'p>(redactor: &Redactor, path: &'p str, note: &Note) -> Cow<'p, str> {
    // If the merchant is known, the paths of these endpoints contain nothing secret.
    let only_client = matches!(
        note.endpoint,
        Some(Endpoint::Token | Endpoint::InitV2 | Endpoint::InitPlain)
    );
    if only_client && note.client_id.is_some() {
        return path.into();
    }
    redactor.shown(path)
}

pub(super) fn method<'m>(redactor: &Redactor, method: &'m Method) -> Cow<'m, str> {
    match *method {
        Method::GET | Method::POST => method.as_str().into(),
        _ => redactor.shown(method.as_str()),
    }
}

/// The reference id of a request, hidden if it cannot be one.
pub(super) fn reference_id(redactor: &Redactor, request: &Request) -> Option<String> {
    let id = request.header(&REFERENCE_ID)?;
    Some(reference(redactor, &id).into_owned())
}

/// Reference ids are GUIDs: anything longer or non-printable is something else, and is hidden.
fn reference<'r>(redactor: &Redactor, id: &'r str) -> Cow<'r, str> {
    if id.len() <= 36 && id.bytes().all(|byte| byte.is_ascii_graphic()) {
        redactor.shown(id)
    } else {
        redactor.hidden(id).into()
    }
}
