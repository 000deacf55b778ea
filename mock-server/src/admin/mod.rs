//! The admin API under `/__admin`, which is not part of the emulation.
//!
//! [`routes::OPERATIONS`] lists every call. [`crate::embed::admin::Admin`] offers the same
//! functions to tests written in Rust.

mod access;
mod ask;
pub mod clock;
mod dashboard;
pub mod dialect;
pub mod faults;
pub mod lint;
pub mod merchants;
mod openapi;
mod operation;
pub mod orders;
pub mod problem;
mod reference;
pub mod requests;
mod routes;
pub mod server;
pub mod welcome;

pub use ask::value_of;
pub use problem::{Answer, Problem};
pub use routes::openapi_document;

use crate::admin::ask::AdminRequest;
use crate::app::App;
use crate::clock::Millis;
use crate::http::reply::Reply;
use crate::http::request::Request;
use crate::telemetry::metrics::Metrics;
use hyper::Method;

/// Answers a request below `/__admin`.
pub fn handle(app: &App, metrics: &Metrics, rest: &str, request: &Request, now: Millis) -> Reply {
    answer(app, metrics, rest, request, now)
        .unwrap_or_else(Problem::reply)
        .ending_its_line()
}

/// Whether a call may take long and should run without blocking other requests.
pub fn is_aside(rest: &str, method: &Method) -> bool {
    routes::find(rest, method.as_str()).is_ok_and(|(operation, _)| operation.aside)
}

fn answer(app: &App, metrics: &Metrics, rest: &str, request: &Request, now: Millis) -> Answer {
    if rest.is_empty() && matches!(request.method, Method::GET | Method::HEAD) {
        return Ok(dashboard::to_page(app, request));
    }
    let found = routes::find(rest, request.method.as_str());
    if !found.as_ref().is_ok_and(|(operation, _)| operation.open) {
        access::may_enter(app, request)?;
    }
    let (operation, id) = found?;
    (operation.run)(&AdminRequest {
        app,
        metrics,
        request,
        id: &id,
        now,
    })
}
