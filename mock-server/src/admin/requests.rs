//! The journal: what came in and what was answered.

use crate::admin::ask::AdminRequest;
use crate::admin::problem::{Answer, Problem, problem};
use crate::app::App;
use crate::http::reply::Reply;
use crate::journal::har;
use crate::journal::{self, Expected, Failure};
use crate::journal::{ExchangeSummary, ExchangeView, Filter};
use hyper::StatusCode;
use hyper::header::ACCEPT;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Exchanges of the journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Requests {
    /// The exchanges, in order.
    pub requests: Vec<ExchangeSummary>,
    /// How many older ones the journal has dropped.
    pub dropped: u64,
}

/// What `requests/verify` answers if the requests are as expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Verified {
    /// How many requests matched.
    pub matched: usize,
}

/// The exchanges that a filter lets through.
pub fn list(app: &App, filter: &Filter) -> Requests {
    let redactor = app.journal_redactor();
    let journal = app.journal();
    let rows = journal.find(filter);
    Requests {
        requests: rows
            .iter()
            .map(|row| ExchangeSummary::new(row, &redactor))
            .collect(),
        dropped: journal.dropped(filter.client_id()),
    }
}

/// One exchange with its answer.
pub fn show(app: &App, id: u64) -> Result<ExchangeView, Problem> {
    let redactor = app.journal_redactor();
    let journal = app.journal();
    let entry = journal.get(id);
    let gone = || {
        problem(
            StatusCode::NOT_FOUND,
            format!("no request `{id}`, or the journal has dropped it"),
        )
    };
    Ok(ExchangeView::new(
        entry.ok_or_else(gone)?,
        &app.origin,
        app.contract(),
        &redactor,
    ))
}

/// Whether what came is what is expected; if not, what came instead.
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
    let journal = app.journal();
    let entries = journal.entries(client_id);
    let judged = journal::verify(expected, &entries, journal.dropped(client_id), &redactor);
    Ok(judged.map(|matched| Verified { matched }))
}

pub(super) fn get_all(call: &AdminRequest<'_>) -> Answer {
    let filter = Filter::parse(&call.query())
        .map_err(|what| problem(StatusCode::UNPROCESSABLE_ENTITY, what))?;
    let accept = call.request.header(&ACCEPT).unwrap_or_default();
    if accept.to_ascii_lowercase().contains(har::MEDIA_TYPE) {
        let app = call.app;
        let redactor = app.journal_redactor();
        let archive = har::archive(&app.journal().find(&filter), &app.origin, &redactor);
        let mut reply = Reply::json(StatusCode::OK, &archive);
        reply.content_type = har::MEDIA_TYPE;
        return Ok(reply);
    }
    Ok(Reply::json(StatusCode::OK, &list(call.app, &filter)))
}

pub(super) fn get(call: &AdminRequest<'_>) -> Answer {
    let unknown = |_| problem(StatusCode::NOT_FOUND, format!("no request `{}`", call.id));
    let exchange = show(call.app, call.id.parse().map_err(unknown)?)?;
    Ok(Reply::json(StatusCode::OK, &exchange))
}

pub(super) fn post_verify(call: &AdminRequest<'_>) -> Answer {
    Ok(match verify(call.app, &call.body()?)? {
        Ok(verified) => Reply::json(StatusCode::OK, &verified),
        Err(failure) => Reply::json(StatusCode::UNPROCESSABLE_ENTITY, &failure),
    })
}
