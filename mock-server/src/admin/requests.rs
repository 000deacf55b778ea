//! The journal: requests and their answers.

use crate::admin::ask::AdminRequest;
use crate::admin::problem::{Answer, Problem, problem};
use crate::app::{App, locked};
use crate::http::forwarded::Forwarded;
use crate::http::reply::{Again, Reply, Way};
use crate::http::request::{Body, Request};
use crate::journal::har;
use crate::journal::{self, Expected, Failure};
use crate::journal::{Entry, ExchangeSummary, ExchangeView, Filter};
use hyper::header::{ACCEPT, HeaderName, HeaderValue};
use hyper::{HeaderMap, StatusCode};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;
use std::io::Write;

const JSON: &str = "application/json; charset=utf-8";
/// The approximate size of the pieces in which a long text is rendered, in bytes.
const PIECE: usize = 64 * 1024;

/// Exchanges of the journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Requests {
    /// The exchanges, in order.
    pub requests: Vec<ExchangeSummary>,
    /// How many older ones the journal has dropped.
    pub dropped: u64,
}

/// The answer of `requests/verify` if the requests are as expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Verified {
    /// How many requests matched.
    pub matched: usize,
}

/// The exchanges that match a filter.
pub fn list(app: &App, filter: &Filter) -> Requests {
    let redactor = app.journal_redactor();
    let entries = app.find(filter).into_iter();
    let entries = entries.filter_map(|id| app.journal().get(id));
    Requests {
        requests: entries
            .map(|entry| ExchangeSummary::new(&entry, &redactor))
            .collect(),
        dropped: app.journal().dropped(filter.client_id()),
    }
}

/// Writes the exchanges of a merchant as an HTTP archive.
pub fn archive(app: &App, client_id: &str, out: &mut impl Write) -> std::io::Result<()> {
    let redactor = app.journal_redactor();
    let entries = app.exchanges(Some(client_id));
    let start = entries.first().map_or_else(app.now, |entry| entry.at);
    let (before, after) = har::frame(start);
    out.write_all(before.as_bytes())?;
    let mut comma = "";
    for entry in entries {
        let row = har::exchange(&entry, &app.origin, &redactor);
        write!(out, "{comma}{row}")?;
        comma = ",";
    }
    out.write_all(after.as_bytes())
}

/// Shows one exchange.
pub fn show(app: &App, origin: &str, id: u64) -> Result<ExchangeView, Problem> {
    let redactor = app.journal_redactor();
    let entry = app.journal().get(id);
    let entry = entry.ok_or_else(|| gone(id))?;
    let view = ExchangeView::new(&entry, origin, app.contract(), &redactor);
    Ok(view)
}

/// The result of sending a request again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SentAgain {
    /// The id of the new exchange in the journal.
    pub id: u64,
    /// HTTP status of the answer.
    pub status: u16,
}

/// A request of the journal, rebuilt as it came.
fn again(app: &App, id: u64) -> Result<Request, Problem> {
    let entry = app.journal().get(id).ok_or_else(|| gone(id))?;
    let refused = |why: &str| problem(StatusCode::CONFLICT, format!("request {id}: {why}"));
    let is_callback = entry.note.callback;
    if is_callback {
        return Err(refused(
            "a callback is the shop's to answer, not the mock's",
        ));
    }
    if entry.note.upstream.is_some() {
        return Err(refused(
            "the upstream answered it; let your shop send it again",
        ));
    }
    let body = entry.body();
    let body = body.ok_or_else(|| refused("its body was not kept"))?;
    let mut headers = HeaderMap::new();
    for (name, value) in entry.header_bytes() {
        let name = HeaderName::from_bytes(name.as_bytes());
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_bytes(&value)) {
            headers.append(name, value);
        }
    }
    Ok(Request {
        method: entry.method.clone(),
        path: entry.path().into_owned(),
        query: entry.query().map(std::borrow::Cow::into_owned),
        headers,
        body: Body::Read(body.to_vec().into()),
        forwarded: Forwarded::default(),
    })
}

/// Whether the requests are as expected; if not, what came instead.
pub fn verify(app: &App, expected: &Expected) -> Result<Result<Verified, Failure>, Problem> {
    let client_id = expected.client_id.as_deref();
    if let Some(id) = client_id
        && !app.state().merchants.contains_key(id)
    {
        return Err(problem(
            StatusCode::BAD_REQUEST,
            format!("client_id: no merchant `{id}`"),
        ));
    }
    let redactor = app.journal_redactor();
    let wrong = |what: String| problem(StatusCode::BAD_REQUEST, redactor.text(&what));
    let expected = &expected.checked(app.contract()).map_err(wrong)?;
    let entries = app.exchanges(client_id);
    // Read this after the copy, so that it includes what was dropped meanwhile.
    let dropped = app.journal().dropped(client_id);
    let entries: Vec<&Entry> = entries.iter().map(|entry| &**entry).collect();
    let judged = journal::verify(expected, &entries, dropped, &redactor);
    Ok(judged.map(|matched| Verified { matched }))
}

pub(super) fn get_all(call: &AdminRequest<'_>) -> Answer {
    let filter = Filter::parse(&call.query())
        .map_err(|what| problem(StatusCode::UNPROCESSABLE_ENTITY, what))?;
    let accept = call.request.header(&ACCEPT).unwrap_or_default();
    let as_archive = accept.to_ascii_lowercase().contains(har::MEDIA_TYPE);
    Ok(in_pieces(call, filter, as_archive))
}

/// The exchanges that match a filter, rendered a few at a time as the client reads them, so that a
/// slow reader neither holds the journal nor fills the server's memory.
fn in_pieces(call: &AdminRequest<'_>, filter: Filter, as_archive: bool) -> Reply {
    let app = call.app;
    let mut ids = app.find(&filter);
    let (journal, redactor) = (app.shared_journal(), app.journal_redactor());
    let origin = app.origin_for(call.request).into_owned();
    let (before, after) = if as_archive {
        let first = ids.front().and_then(|id| locked(&journal).get(*id));
        har::frame(first.map_or_else(app.now, |entry| entry.at))
    } else {
        ("{\"requests\":[".to_owned(), String::new())
    };
    let mut before = Some(before);
    let mut after = Some(after);
    let mut is_first = true;
    let content_type = if as_archive { har::MEDIA_TYPE } else { JSON };
    Reply::in_pieces(content_type, move || {
        let mut text = before.take().unwrap_or_default();
        if ids.is_empty() {
            text.push_str(&after.take()?);
            if !as_archive {
                let dropped = locked(&journal).dropped(filter.client_id());
                let _ = write!(text, "],\"dropped\":{dropped}}}");
            }
            return Some(text);
        }
        while text.len() < PIECE {
            let Some(id) = ids.pop_front() else {
                break;
            };
            // Exchanges dropped since then are counted at the end.
            let entry = locked(&journal).get(id);
            let Some(entry) = entry else {
                continue;
            };
            if !std::mem::take(&mut is_first) {
                text.push(',');
            }
            // All map keys are strings, so serializing cannot fail.
            let row = if as_archive {
                har::exchange(&entry, &origin, &redactor).to_string()
            } else {
                serde_json::to_string(&ExchangeSummary::new(&entry, &redactor)).unwrap_or_default()
            };
            text.push_str(&row);
        }
        Some(text)
    })
}

pub(super) fn get(call: &AdminRequest<'_>) -> Answer {
    let unknown = |_| problem(StatusCode::NOT_FOUND, format!("no request `{}`", call.id));
    let origin = call.app.origin_for(call.request);
    let exchange = show(call.app, &origin, call.id.parse().map_err(unknown)?)?;
    Ok(Reply::json(StatusCode::OK, &exchange))
}

pub(super) fn post_again(call: &AdminRequest<'_>) -> Answer {
    let unknown = |_| problem(StatusCode::NOT_FOUND, format!("no request `{}`", call.id));
    let request = again(call.app, call.id.parse().map_err(unknown)?)?;
    let mut reply = Reply::empty(StatusCode::OK);
    reply.way = Way::Again(Box::new(Again {
        request,
        then: |id, status| {
            let status = status.as_u16();
            Reply::json(StatusCode::OK, &SentAgain { id, status }).ending_its_line()
        },
    }));
    Ok(reply)
}

fn gone(id: u64) -> Problem {
    problem(
        StatusCode::NOT_FOUND,
        format!("no request `{id}`, or the journal has dropped it"),
    )
}

pub(super) fn post_verify(call: &AdminRequest<'_>) -> Answer {
    Ok(match verify(call.app, &call.body()?)? {
        Ok(verified) => Reply::json(StatusCode::OK, &verified),
        Err(failure) => Reply::json(StatusCode::UNPROCESSABLE_ENTITY, &failure),
    })
}
