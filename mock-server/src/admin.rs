//! The admin API under `/__admin`: never part of what is emulated.
//!
//! [`routes::OPERATIONS`] lists every call; the same functions stand behind
//! [`crate::steer::Admin`], for tests written in Rust.

mod access;
pub mod clock;
mod dashboard;
pub mod dialect;
pub mod faults;
pub mod lint;
pub mod merchants;
pub mod openapi;
pub mod orders;
pub mod problem;
mod read;
pub mod requests;
pub mod routes;
pub mod server;

pub use problem::{Answer, Problem};
pub use routes::Routes;

use crate::app::App;
use crate::clock::Millis;
use crate::reply::Reply;
use crate::request::Request;
use hyper::Method;

/// A call of the admin API, as the functions that answer it see it.
#[derive(Debug, Clone, Copy)]
pub struct Ask<'a> {
    /// The server.
    pub app: &'a App,
    /// The request.
    pub request: &'a Request,
    /// What the path names in braces; empty if it names nothing.
    pub id: &'a str,
    /// The machine's time.
    pub now: Millis,
}

/// Answers a request below `/__admin`.
pub fn handle(app: &App, rest: &str, request: &Request, now: Millis) -> Reply {
    answer(app, rest, request, now).unwrap_or_else(Problem::reply)
}

fn answer(app: &App, rest: &str, request: &Request, now: Millis) -> Answer {
    if rest.is_empty() && matches!(request.method, Method::GET | Method::HEAD) {
        return Ok(dashboard::to_page());
    }
    let found = app.admin.find(rest, request.method.as_str());
    if !found.as_ref().is_ok_and(|(operation, _)| operation.open) {
        access::may_enter(app, request)?;
    }
    let (operation, id) = found?;
    let id = &id;
    (operation.run)(&Ask {
        app,
        request,
        id,
        now,
    })
}
