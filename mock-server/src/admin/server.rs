//! The server as a whole: health, reset, metrics, events.

use crate::admin::ask::AdminRequest;
use crate::admin::problem::{Answer, Problem, problem};
use crate::app::App;
use crate::events::{Watch, What};
use crate::http::reply::{Reply, Way};
use crate::telemetry::metrics::{self, Metrics};
use hyper::StatusCode;
use hyper::header::{CACHE_CONTROL, HeaderName};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The header in which a watcher gives the last event that it has seen.
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// The status of a server that is about to stop.
const DRAINING: &str = "draining";
/// The status of a server whose store is not writable.
const STORE_LOST: &str = "store_lost";

/// The health of the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Health {
    /// `ok`, or `store_lost` while the store is not writable.
    pub status: String,
    /// The program's version.
    pub version: String,
    /// The size of the contract that it implements.
    pub contract: ContractSize,
    /// The store that persists its state; absent if state is lost at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub store: Option<StoreHealth>,
}

/// The health of a store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StoreHealth {
    /// `ok`, or `store_lost` while it is not writable.
    pub status: String,
    /// Where it is.
    pub place: String,
    /// Why it is not writable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// Whether the server should receive requests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Readiness {
    /// `ready`; `draining` while the server is about to stop; `store_lost` while its store is not
    /// writable and requests are refused.
    pub status: String,
}

/// The size of the contract.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ContractSize {
    /// Number of clauses.
    pub clauses: usize,
}

/// The health of the server.
pub fn health(app: &App) -> Health {
    let store = app.store().map(|store| {
        let error = store.lost().map(|lost| lost.0.to_string());
        StoreHealth {
            status: if error.is_some() { STORE_LOST } else { "ok" }.to_owned(),
            place: store.place().to_owned(),
            error,
        }
    });
    let status = store.as_ref().map_or("ok", |store| &store.status);
    Health {
        status: status.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        contract: ContractSize {
            clauses: app.contract().clauses.len(),
        },
        store,
    }
}

/// Whether the server should receive requests.
pub fn readiness(app: &App) -> Readiness {
    let lost = app.store().is_some_and(|store| store.lost().is_some());
    let status = match lost {
        _ if app.is_draining() => DRAINING,
        true => STORE_LOST,
        false => "ready",
    };
    Readiness {
        status: status.to_owned(),
    }
}

/// Resets the server to the merchants it was started with.
pub fn reset(app: &App) -> Result<(), Problem> {
    let wrong = |error: anyhow::Error| problem(StatusCode::CONFLICT, format!("{error:#}"));
    app.reset().map_err(wrong)?;
    app.changed(What::Reset, None);
    Ok(())
}

/// The metrics in Prometheus's text format.
pub fn metrics(app: &App, metrics: &Metrics) -> Result<String, Problem> {
    let wrong =
        |error: anyhow::Error| problem(StatusCode::INTERNAL_SERVER_ERROR, format!("{error:#}"));
    metrics.text(&app.held()).map_err(wrong)
}

#[expect(clippy::unnecessary_wraps, reason = "the table's signature")]
pub(super) fn get_health(call: &AdminRequest<'_>) -> Answer {
    Ok(Reply::json(StatusCode::OK, &health(call.app)))
}

#[expect(clippy::unnecessary_wraps, reason = "the table's signature")]
pub(super) fn get_ready(call: &AdminRequest<'_>) -> Answer {
    let readiness = readiness(call.app);
    let status = match readiness.status.as_str() {
        DRAINING | STORE_LOST => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::OK,
    };
    Ok(Reply::json(status, &readiness).with(CACHE_CONTROL, "no-store"))
}

pub(super) fn post_reset(call: &AdminRequest<'_>) -> Answer {
    reset(call.app)?;
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}

pub(super) fn get_metrics(call: &AdminRequest<'_>) -> Answer {
    let text = metrics(call.app, call.metrics)?;
    Ok(Reply::text(StatusCode::OK, metrics::MEDIA_TYPE, &text))
}

/// Streams events from now on, or from the given exchange on.
pub(super) fn get_events(call: &AdminRequest<'_>) -> Answer {
    let (mut client_id, mut after) = (None, None);
    let number = |name: &str, value: &str| {
        let message = format!("{name}: `{value}` is not a number");
        value
            .parse::<u64>()
            .map_err(|_| problem(StatusCode::UNPROCESSABLE_ENTITY, message))
    };
    for (name, value) in call.query().pairs() {
        match name {
            "client_id" => client_id = Some(value.to_owned()),
            "after" => after = Some(number(name, value)?),
            _ => {
                let message = format!("{name}: unknown; expected client_id or after");
                return Err(problem(StatusCode::UNPROCESSABLE_ENTITY, message));
            }
        }
    }
    // A watcher that was cut off resumes where it left off.
    if let Some(id) = call.request.header(&LAST_EVENT_ID) {
        after = Some(number("last-event-id", &id)?);
    }
    let Some(news) = call.app.events.watch() else {
        let most = call.app.events.most_watchers();
        let message =
            format!("the limit of {most} watchers is reached; raise --max-watchers, or try later");
        return Err(problem(StatusCode::SERVICE_UNAVAILABLE, message).retry_after(5));
    };
    let after = after.unwrap_or_else(|| call.app.journal().next_id() - 1);
    let mut reply = Reply::empty(StatusCode::OK).with(CACHE_CONTROL, "no-store");
    reply.content_type = "text/event-stream".into();
    reply.way = Way::Watch(Box::new(Watch {
        client_id,
        after,
        news,
    }));
    Ok(reply)
}
