//! The journal: what came in and what was answered.

use super::{Answer, object, problem, query};
use crate::app::App;
use crate::har;
use crate::journal::{Entry, Filter};
use crate::reply::Reply;
use crate::request::Request;
use crate::verify::{self, Expected};
use hyper::header::ACCEPT;
use serde_json::{Value, json};

/// The exchanges that the query's filters let through, in the form that is accepted.
pub fn list(app: &App, request: &Request) -> Answer {
    let filter = Filter::parse(&query(request)).map_err(|what| problem(422, what))?;
    let redactor = app.journal_redactor();
    let accept = request.header(&ACCEPT).unwrap_or_default();
    let journal = app.journal();
    if accept.to_ascii_lowercase().contains(har::MEDIA_TYPE) {
        let archive = har::archive(&journal.find(&filter), &app.origin, &redactor);
        let mut reply = Reply::json(200, &archive);
        reply.content_type = har::MEDIA_TYPE;
        return Ok(reply);
    }
    Ok(Reply::json(200, &journal.list(&filter, &redactor)))
}

/// Whether what came is what is expected: 200, or 422 with what came instead.
pub fn verify(app: &App, request: &Request) -> Answer {
    let body = Value::Object(object(request)?);
    let expected: Expected = serde_path_to_error::deserialize(body)
        .map_err(|error| problem(400, format!("{}: {}", error.path(), error.inner())))?;
    if let Some(id) = &expected.client_id
        && !app.state().merchants.contains_key(id)
    {
        return Err(problem(400, format!("client_id: no merchant `{id}`")));
    }
    let redactor = app.journal_redactor();
    let journal = app.journal();
    let theirs = |entry: &&Entry| {
        let id = expected.client_id.as_deref();
        id.is_none_or(|id| entry.note.client_id.as_deref() == Some(id))
    };
    let entries: Vec<&Entry> = journal.entries().filter(theirs).collect();
    Ok(match verify::verify(&expected, &entries, &redactor) {
        Ok(matched) => Reply::json(200, &json!({"matched": matched})),
        Err(failure) => Reply::json(422, &failure),
    })
}
