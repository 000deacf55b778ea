//! The journal: what came in and what was answered.

use super::{Answer, problem, query};
use crate::app::App;
use crate::journal::Filter;
use crate::reply::Reply;
use crate::request::Request;

/// The exchanges that the query's filters let through.
pub fn list(app: &App, request: &Request) -> Answer {
    let filter = Filter::parse(&query(request)).map_err(|what| problem(422, what))?;
    let redactor = app.journal_redactor();
    Ok(Reply::json(200, &app.journal().list(&filter, &redactor)))
}
