//! The path of a request through the server. Start with [`Service::handle`].

mod fault_effects;
mod variation;

use crate::admin;
use crate::api::call::Call;
use crate::api::rejection::Rejection;
use crate::api::{self, auth, basic, unknown_path};
use crate::app::App;
use crate::app::resume;
use crate::checkout;
use crate::clock::Millis;
use crate::config::Settings;
use crate::http::body::Room;
use crate::http::reply::{Again, Reply, Way};
use crate::http::request::Request;
use crate::http::route::{ADMIN, Route, Router};
use crate::journal::{Entry, Note};
use crate::pipeline::fault_effects::Struck;
use crate::telemetry::access_log;
use crate::telemetry::metrics::Metrics;
use crate::telemetry::traces::Traces;
use flexiti_contract::dialect::UnknownPathBody;
use flexiti_contract::{Endpoint, ErrorId, Rule, Rulebook};
use hyper::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS, ORIGIN,
};
use hyper::{Method, StatusCode};
use std::borrow::Cow;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;

/// Answers requests: everything but the sockets.
#[derive(Debug)]
pub struct Service {
    /// The server's settings and state.
    pub app: Arc<App>,
    /// The metrics.
    pub metrics: Metrics,
    /// Limits how many callbacks are delivered at once; others wait.
    pub callbacks: Semaphore,
    /// Where spans are sent, if tracing is enabled.
    pub traces: Option<Traces>,
    /// The memory for request bodies still arriving.
    pub bodies: Room,
    router: Router,
    turns: Option<Mutex<()>>,
}

/// The maximum number of callbacks delivered at once.
const CALLBACKS: usize = 64;

impl Service {
    /// A server that listens on `address`.
    pub fn new(
        settings: &Settings,
        rulebook: Arc<Rulebook>,
        address: SocketAddr,
    ) -> anyhow::Result<Self> {
        Ok(Self {
            router: Router::new(rulebook.contract())?,
            app: resume::start(settings, rulebook, address)?,
            metrics: Metrics::new()?,
            traces: None,
            callbacks: Semaphore::new(CALLBACKS),
            bodies: Room::default(),
            turns: settings.in_turn.then(Mutex::default),
        })
    }

    /// The route for a path.
    pub fn route(&self, path: &str) -> Route {
        self.router.route(path)
    }

    /// Whether a request may take long and should run without blocking others.
    pub fn is_aside(request: &Request) -> bool {
        let rest = request.path.strip_prefix(ADMIN);
        rest.is_some_and(|rest| admin::is_aside(rest, &request.method))
    }

    /// Waits for its turn, if requests are answered one at a time.
    pub fn turn(&self) -> Option<MutexGuard<'_, ()>> {
        let turns = self.turns.as_ref()?;
        Some(turns.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Answers a request and records the exchange. Handlers get everything as arguments: the time
    /// is read once, here.
    pub fn handle(&self, request: &Request) -> Reply {
        let _turn = self.turn();
        self.handle_at(request, (self.app.now)())
    }

    /// Like [`Self::handle`], but at a given time and without waiting for a turn.
    pub fn handle_at(&self, request: &Request, now: Millis) -> Reply {
        self.answered(request, now).0
    }

    /// Answers a request; also returns the id of its exchange, or `None` for calls that are not
    /// recorded.
    fn answered(&self, request: &Request, now: Millis) -> (Reply, Option<u64>) {
        let app = &self.app;
        let started = Instant::now();
        let mut note = Note::default();
        let reply = match self.route(&request.path) {
            Route::Api(endpoint, client_id, order_id) => {
                let target = Target {
                    endpoint,
                    client_id: client_id.as_deref(),
                    order_id: order_id.as_deref().unwrap_or_default(),
                };
                self::api(app, target, request, now, &mut note)
            }
            Route::Checkout(rest) => checkout::handle(app, &rest, request, now, &mut note),
            // Calls to the admin API are not part of the emulation.
            Route::Admin(rest) => {
                let reply = admin::handle(app, &self.metrics, &rest, request, now);
                let Way::Again(again) = reply.way else {
                    return (reply, None);
                };
                let Again { request, then } = *again;
                let (answer, id) = self.answered(&request, now);
                return (then(id.unwrap_or_default(), answer.status), None);
            }
            Route::Root if matches!(request.method, Method::GET | Method::HEAD) => {
                return (admin::welcome::page(app, request), None);
            }
            Route::Root | Route::Unknown => self.unknown(request, now, &mut note),
        };
        let id = self.record(now, request, note, Some(&reply), started.elapsed());
        (reply, Some(id))
    }

    /// The refusal of an unknown path. It is attributed to the merchant whose id is in the path,
    /// and suggests the endpoint that the path resembles, usually one without a surplus slash.
    fn unknown(&self, request: &Request, now: Millis, note: &mut Note) -> Reply {
        let app = &self.app;
        let named = Router::client_id(&request.path).map(Cow::Owned);
        let rulebook = &*noted(app, named, now, note).rulebook;
        let cors = rulebook.knobs().cors && request.headers.contains_key(ORIGIN);
        if cors && request.method == Method::OPTIONS {
            return preflight("GET, POST", request);
        }
        let mut rejection = Rejection::new(Rule::PathKnown, ErrorId::NotFound);
        if let Some((listed, what)) = self.router.near(&request.path) {
            rejection = rejection.advising(format!("Ask for `{listed}`, {what}."));
        }
        let reply = refuse(app, rulebook, &rejection, request, note);
        if cors {
            reply.with(ACCESS_CONTROL_ALLOW_ORIGIN, "*")
        } else {
            reply
        }
    }

    /// Logs, records and counts an exchange, and settles the fault that struck it; returns its id
    /// in the journal. Without a reply, it is a callback that the shop did not answer.
    pub fn record(
        &self,
        at: Millis,
        request: &Request,
        mut note: Note,
        reply: Option<&Reply>,
        took: Duration,
    ) -> u64 {
        let app = &self.app;
        let status = reply.map_or(0, |reply| reply.status.as_u16());
        access_log::line(&app.redactor(), request, &note, status, took);
        self.metrics.count(&note, status, took);
        if let Some(traces) = &self.traces {
            traces.exchange(at, &app.redactor(), request, &note, status, took);
        }
        let settles = note.ticket.take().zip(note.client_id.clone());
        // Copied before the journal is locked, so that others wait for one insertion only.
        let entry = Entry::new(at, request, note, reply, took);
        let (id, gone) = app.journal().record(entry);
        drop(gone);
        if let Some((ticket, client_id)) = settles
            && let Some(merchant) = app.state().merchants.get_mut(&client_id)
        {
            merchant.faults.settle(&ticket, id);
        }
        app.events.recorded();
        id
    }
}

/// The target of a request to the API, from its path.
#[derive(Clone, Copy)]
struct Target<'a> {
    endpoint: Endpoint,
    client_id: Option<&'a str>,
    order_id: &'a str,
}

fn api(
    app: &App,
    target: Target<'_>,
    request: &Request,
    machine: Millis,
    note: &mut Note,
) -> Reply {
    note.endpoint = Some(target.endpoint);
    let Noted {
        rulebook,
        has_faults,
    } = &merchant(app, target, request, machine, note);
    let rulebook = &**rulebook;
    let cors = rulebook.knobs().cors && request.headers.contains_key(ORIGIN);
    if cors && request.method == Method::OPTIONS {
        let method = &rulebook.contract().endpoint(target.endpoint).method;
        return preflight(method, request);
    }
    let mut call = Call {
        app,
        rulebook,
        endpoint: target.endpoint,
        client_id: target.client_id.unwrap_or_default(),
        order_id: target.order_id,
        request,
        machine,
        hides_outcome: false,
    };
    let struck = has_faults.then(|| fault_effects::strike(&call, note));
    let struck = struck.flatten();
    let instead = struck
        .as_ref()
        .and_then(|struck| struck.instead(rulebook, &request.path));
    let reply = instead.unwrap_or_else(|| {
        if let Some(struck) = &struck {
            struck.before(app, request);
        }
        call.hides_outcome = struck.as_ref().is_some_and(Struck::is_late);
        let reply = api::answer(&call, note)
            .unwrap_or_else(|rejection| refuse(app, rulebook, &rejection, request, note));
        let reply = variation::reply(rulebook.knobs(), reply);
        let reply = match request.method {
            Method::HEAD => reply.without_body(),
            _ => reply,
        };
        match &struck {
            Some(struck) => struck.on(reply),
            None => reply,
        }
    });
    if cors {
        reply.with(ACCESS_CONTROL_ALLOW_ORIGIN, "*")
    } else {
        reply
    }
}

/// Answers a CORS preflight, allowing every header that it asks for: tracing agents add headers
/// that no list can foresee.
fn preflight(methods: &str, request: &Request) -> Reply {
    const ALWAYS: [&str; 3] = ["authorization", "content-type", "x-reference-id"];
    let asked = request.header(&ACCESS_CONTROL_REQUEST_HEADERS);
    let asked = asked.unwrap_or_default();
    let asked = asked.split(',').map(str::trim).filter(|name| {
        !name.is_empty() && !ALWAYS.iter().any(|known| known.eq_ignore_ascii_case(name))
    });
    let asked = ALWAYS
        .into_iter()
        .chain(asked)
        .collect::<Vec<_>>()
        .join(", ");
    Reply::empty(StatusCode::NO_CONTENT)
        .with(ACCESS_CONTROL_ALLOW_ORIGIN, "*")
        .with(ACCESS_CONTROL_ALLOW_METHODS, methods)
        .with(ACCESS_CONTROL_ALLOW_HEADERS, &asked)
        .with(ACCESS_CONTROL_MAX_AGE, "600")
}

fn refuse(
    app: &App,
    rulebook: &Rulebook,
    rejection: &Rejection,
    request: &Request,
    note: &mut Note,
) -> Reply {
    note.violations = rejection.reasons(rulebook, note.endpoint);
    let is_page = rulebook.knobs().unknown_path_body == UnknownPathBody::Html;
    if is_page && rejection.clause == Rule::PathKnown.id() {
        return unknown_path::page(rulebook, request);
    }
    rejection.reply(rulebook, &request.path, &app.redactor())
}

/// Identifies the merchant that a request is about, as far as possible before it is parsed
/// strictly; records it in `note` and returns the contract in that merchant's dialect.
fn merchant(
    app: &App,
    target: Target<'_>,
    request: &Request,
    machine: Millis,
    note: &mut Note,
) -> Noted {
    let in_path = target.client_id.map(Cow::Borrowed);
    let named = in_path.or_else(|| auth::client_id(request).map(Cow::Owned));
    noted(app, named, machine, note)
}

/// What is known about a request's merchant.
#[derive(Debug)]
pub struct Noted {
    /// The contract in the merchant's dialect, or in the server's if the merchant is unknown.
    pub rulebook: Arc<Rulebook>,
    /// Whether the merchant's fault plan is non-empty.
    has_faults: bool,
}

/// Finds the merchant with this client id, and records it in `note`.
pub fn noted(app: &App, named: Option<Cow<'_, str>>, machine: Millis, note: &mut Note) -> Noted {
    let state = app.state();
    let merchants = &state.merchants;
    let found = named.and_then(|id| {
        let exact = merchants.get(&id);
        let unquoted = || merchants.get(id.trim_matches('"'));
        // The client id in a Basic header may be form-encoded (RFC 6749, section 2.3.1).
        let decoded = || merchants.get(&basic::form_decoded(&id));
        exact.or_else(unquoted).or_else(decoded)
    });
    let Some(merchant) = found else {
        return Noted {
            rulebook: app.dialects.own(),
            has_faults: false,
        };
    };
    note.client_id = Some(Arc::clone(&merchant.client_id));
    note.clock = Some(merchant.clock.at(machine));
    Noted {
        rulebook: Arc::clone(&merchant.rulebook),
        has_faults: !merchant.faults.is_empty(),
    }
}
