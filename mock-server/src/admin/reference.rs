//! The API reference in a given dialect, for developers of shops. It is generated from the contract
//! and contains no data; only which dialect a merchant has may be private.

use crate::admin::access;
use crate::admin::ask::AdminRequest;
use crate::admin::problem::{Answer, Problem, no_merchant, problem};
use crate::http::reply::Reply;
use flexiti_contract::Rulebook;
use flexiti_contract::reference::{Options, html};
use hyper::StatusCode;
use hyper::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use std::sync::Arc;

/// Only its own style; no framing.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/// The allowed query parameters.
pub(super) const QUERY: &[(&str, &str)] = &[
    (
        "client_id",
        "The merchant in whose dialect the reference is; like the other calls about a merchant \
         it needs the admin token where there is one.",
    ),
    (
        "dialect",
        "Name of a dialect, as `GET dialects` lists them. Without either, the server's own.",
    ),
];

pub(super) fn get(call: &AdminRequest<'_>) -> Answer {
    let (mut client_id, mut dialect) = (None, None);
    for (name, value) in call.query().pairs() {
        match name {
            "client_id" => client_id = Some(value.to_owned()),
            "dialect" => dialect = Some(value.to_owned()),
            _ => {
                let message = format!("{name}: unknown; expected client_id or dialect");
                return Err(problem(StatusCode::UNPROCESSABLE_ENTITY, message));
            }
        }
    }
    let rulebook = rulebook(call, client_id.as_deref(), dialect.as_deref())?;
    let options = Options {
        base_url: call.app.base_url_for(call.request),
        client_id: client_id.unwrap_or_else(|| "YOUR_CLIENT_ID".to_owned()),
        client_secret: "YOUR_CLIENT_SECRET".to_owned(),
        user: ("YOUR_USER_NAME".to_owned(), "YOUR_PASSWORD".to_owned()),
        back: Some(("./".to_owned(), "Dashboard".to_owned())),
    };
    let page = Reply::html(StatusCode::OK, html(&rulebook, &options));
    Ok(page
        .with(CACHE_CONTROL, "no-store")
        .with(CONTENT_SECURITY_POLICY, POLICY)
        .with(REFERRER_POLICY, "no-referrer")
        .with(X_CONTENT_TYPE_OPTIONS, "nosniff"))
}

fn rulebook(
    call: &AdminRequest<'_>,
    client_id: Option<&str>,
    dialect: Option<&str>,
) -> Result<Arc<Rulebook>, Problem> {
    let app = call.app;
    match (client_id, dialect) {
        (Some(_), Some(_)) => {
            let message = "client_id, dialect: give one of them";
            Err(problem(StatusCode::UNPROCESSABLE_ENTITY, message))
        }
        (Some(id), None) => {
            access::may_enter(app, call.request)?;
            let state = app.state();
            let merchant = state.merchants.get(id).ok_or_else(|| no_merchant(id))?;
            Ok(Arc::clone(&merchant.rulebook))
        }
        (None, Some(name)) if app.dialects.has(name) => {
            let wrong = |error: anyhow::Error| {
                problem(StatusCode::INTERNAL_SERVER_ERROR, format!("{error:#}"))
            };
            app.dialects.get(name).map_err(wrong)
        }
        (None, Some(name)) => {
            let names = app.contract().dialect_names().join(", ");
            let message = format!("dialect: no dialect `{name}`; the shipped ones are {names}");
            Err(problem(StatusCode::NOT_FOUND, message))
        }
        (None, None) => Ok(app.dialects.own()),
    }
}
