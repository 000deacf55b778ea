//! The journal as an HTTP archive (HAR 1.2), for browsers and other tools.

use crate::clock::Millis;
use crate::http::form::{Form, FormRules};
use crate::journal::entry::Entry;
use crate::redact::Redactor;
use hyper::StatusCode;
use jiff::Timestamp;
use serde_json::{Value, json};

/// The media type of an HTTP archive.
pub const MEDIA_TYPE: &str = "application/har+json";
/// HTTP/2 exchanges are shown like those of HTTP/1.1.
const HTTP: &str = "HTTP/1.1";

/// The archive's only page. Firefox and Safari do not open an archive without one, and every
/// exchange refers to its page.
const PAGE: &str = "journal";

/// The text before and after the exchanges, in an archive that begins at `start`.
pub fn frame(start: Millis) -> (String, String) {
    let page = json!({
        "startedDateTime": date_time(start),
        "id": PAGE,
        "title": "Journal of flexiti-mock",
        "pageTimings": {},
    });
    let creator = json!({"name": env!("CARGO_PKG_NAME"), "version": env!("CARGO_PKG_VERSION")});
    let before = format!(
        "{{\"log\":{{\"version\":\"1.2\",\"creator\":{creator},\"pages\":[{page}],\"entries\":["
    );
    (before, "]}}".to_owned())
}

/// An exchange in an archive; `origin` precedes the paths of this server.
pub fn exchange(entry: &Entry, origin: &str, redactor: &Redactor) -> Value {
    let took = entry.took.as_secs_f64() * 1e3;
    json!({
        "pageref": PAGE,
        "startedDateTime": date_time(entry.at),
        "time": took,
        "request": request(entry, origin, redactor),
        "response": response(entry, redactor),
        "cache": {},
        "timings": {"send": 0, "wait": took, "receive": 0},
        "comment": comment(entry, redactor),
    })
}

/// Formats a time with exactly three decimals.
fn date_time(at: Millis) -> String {
    let at = Timestamp::from_millisecond(at).unwrap_or(Timestamp::MIN);
    format!("{at:.3}")
}

fn comment(entry: &Entry, redactor: &Redactor) -> String {
    match &entry.note.error {
        Some(why) => format!("request {}: {}", entry.id, redactor.text(why)),
        None => format!("request {}", entry.id),
    }
}

fn request(entry: &Entry, origin: &str, redactor: &Redactor) -> Value {
    let headers = entry.headers();
    let kind = headers.iter().find(|(name, _)| name == "content-type");
    let kind = kind.map_or("", |(_, value)| value);
    let mut url = format!("{}{}", entry.origin(origin), redactor.text(&entry.path()));
    let query = entry.query().unwrap_or_default();
    if !query.is_empty() {
        url.push('?');
        url.push_str(&redactor.form(&query));
    }
    let rules = FormRules::LENIENT;
    let query = Form::read(query.as_bytes(), rules).unwrap_or_default();
    let pair = |(name, value): (&str, &str)| json!({"name": redactor.text(name), "value": redactor.param(name, value.into())});
    let rows = headers
        .iter()
        .map(|(name, value)| row(name, value, redactor));
    let mut request = json!({
        "method": redactor.text(entry.method.as_str()),
        "url": url,
        "httpVersion": HTTP,
        "cookies": [],
        "headers": rows.collect::<Vec<_>>(),
        "queryString": query.pairs().map(pair).collect::<Vec<_>>(),
        "headersSize": -1,
        "bodySize": entry.body().map_or(json!(-1), |body| body.len().into()),
    });
    if entry.body().is_some_and(|body| !body.is_empty()) {
        let text = entry.shown_body(redactor);
        request["postData"] = json!({"mimeType": redactor.text(kind), "params": [], "text": text});
    }
    request
}

fn response(entry: &Entry, redactor: &Redactor) -> Value {
    let headers = entry.answer_headers();
    let redirect = headers.iter().find(|(name, _)| name == "location");
    let redirect = redirect.map_or(String::new(), |(_, url)| redactor.text(url));
    let headers = headers
        .iter()
        .map(|(name, value)| row(name, value, redactor));
    let status = StatusCode::from_u16(entry.status).ok();
    let reason = status.and_then(|status| status.canonical_reason());
    json!({
        "status": entry.status,
        "statusText": reason.unwrap_or_default(),
        "httpVersion": HTTP,
        "cookies": [],
        "headers": headers.collect::<Vec<_>>(),
        "content": {
            "size": entry.reply_length,
            "mimeType": entry.reply_type,
            "text": redactor.body(entry.reply_body()),
        },
        "redirectURL": redirect,
        "headersSize": -1,
        "bodySize": entry.reply_length,
    })
}

fn row(name: &str, value: &str, redactor: &Redactor) -> Value {
    json!({"name": redactor.text(name), "value": redactor.header(name, value)})
}
