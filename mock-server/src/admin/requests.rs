//! The journal: what came in and what was answered.

use super::problem::{Answer, Problem, problem};
use super::{Ask, Reply};
use crate::app::App;
use crate::har;
use crate::journal::{Exchange, Filter, Row};
use crate::verify::{self, Expected, Failure};
use hyper::header::ACCEPT;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Exchanges of the journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Requests {
    /// The exchanges, in order.
    pub requests: Vec<Row>,
    /// How many older ones the journal has dropped.
    pub dropped: u64,
}

/// What `requests/verify` answers where everything came as expected.
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
        requests: rows.iter().map(|row| Row::new(row, &redactor)).collect(),
        dropped: journal.dropped(filter.client_id()),
    }
}

/// One exchange with its answer.
pub fn show(app: &App, id: u64) -> Result<Exchange, Problem> {
    let redactor = app.journal_redactor();
    let journal = app.journal();
    let entry = journal.get(id);
    let gone = || {
        problem(
            404,
            format!("no request `{id}`, or the journal has dropped it"),
        )
    };
    Ok(Exchange::new(
        entry.ok_or_else(gone)?,
        &app.origin,
        app.contract,
        &redactor,
    ))
}

/// Whether what came is what is expected; if not, what came instead.
pub fn verify(app: &App, expected: &Expected) -> Result<Result<Verified, Failure>, Problem> {
    let client_id = expected.client_id.as_deref();
    if let Some(id) = client_id
        && !app.state().merchants.contains_key(id)
    {
        return Err(problem(400, format!("client_id: no merchant `{id}`")));
    }
    let redactor = app.journal_redactor();
    let journal = app.journal();
    let entries = journal.entries(client_id);
    let judged = verify::verify(expected, &entries, journal.dropped(client_id), &redactor);
    Ok(judged.map(|matched| Verified { matched }))
}

pub(super) fn get_all(ask: &Ask<'_>) -> Answer {
    let filter = Filter::parse(&ask.query()).map_err(|what| problem(422, what))?;
    let accept = ask.request.header(&ACCEPT).unwrap_or_default();
    if accept.to_ascii_lowercase().contains(har::MEDIA_TYPE) {
        let app = ask.app;
        let redactor = app.journal_redactor();
        let archive = har::archive(&app.journal().find(&filter), &app.origin, &redactor);
        let mut reply = Reply::json(200, &archive);
        reply.content_type = har::MEDIA_TYPE;
        return Ok(reply);
    }
    Ok(Reply::json(200, &list(ask.app, &filter)))
}

pub(super) fn get(ask: &Ask<'_>) -> Answer {
    let unknown = |_| problem(404, format!("no request `{}`", ask.id));
    let exchange = show(ask.app, ask.id.parse().map_err(unknown)?)?;
    Ok(Reply::json(200, &exchange))
}

pub(super) fn post_verify(ask: &Ask<'_>) -> Answer {
    Ok(match verify(ask.app, &ask.body()?)? {
        Ok(verified) => Reply::json(200, &verified),
        Err(failure) => Reply::json(422, &failure),
    })
}
