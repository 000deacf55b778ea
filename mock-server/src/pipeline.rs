//! The way of a request through the server. Read this first.

use crate::app::App;
use crate::auth;
use crate::clock::{Clock, Millis};
use crate::journal::Note;
use crate::reject::Rejection;
use crate::reply::Reply;
use crate::request::{BODY_LIMIT, Body, Request};
use crate::route::Route;
use crate::spoil::{self, Struck};
use crate::{
    access_log, admin, availability, calculator, checkout, init, notification, token, vary,
};
use bytes::Bytes;
use flexiti_contract::{Endpoint, Rule, Rulebook};
use hyper::Method;
use hyper::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_MAX_AGE, ORIGIN,
};
use serde_json::json;
use std::borrow::Cow;
use std::sync::Arc;
use std::time::Instant;

/// Answers a request, and records the exchange. Everything a handler needs is in its arguments:
/// the time is read here, once.
pub fn handle(app: &App, request: &Request) -> Reply {
    let started = Instant::now();
    let now = (app.now)();
    let mut note = Note::default();
    let reply = match app.router.route(&request.path) {
        Route::Api(endpoint, client_id, order_id) => {
            let call = Call {
                endpoint,
                client_id,
                order_id: order_id.unwrap_or_default(),
                request,
                now,
            };
            api(app, call, &mut note)
        }
        Route::Checkout(rest) => checkout::handle(app, &rest, request, now, &mut note),
        // Steering the server is no part of what it plays.
        Route::Admin(rest) => return admin::handle(app, &rest, request, now),
        Route::Unknown => unknown(app, request, &mut note),
    };
    let took = started.elapsed();
    let path = access_log::path(app, &request.path, &note);
    access_log::line(app, request, &path, &note, reply.status, took);
    app.record(now, request, note, &reply, took);
    reply
}

fn unknown(app: &App, request: &Request, note: &mut Note) -> Reply {
    if app.rulebook.taken_away(Rule::PathKnown) {
        return Reply::json(200, &json!({}));
    }
    let rejection = Rejection::new(Rule::PathKnown, "not_found");
    note.violations = rejection.reasons();
    rejection.reply(&app.rulebook, &request.path, &|text| app.is_secret(text))
}

/// A request to an endpoint of the API.
struct Call<'a> {
    endpoint: Endpoint,
    /// The client id of the path.
    client_id: Option<String>,
    /// The order id of the path; empty where it has none.
    order_id: String,
    request: &'a Request,
    now: Millis,
}

fn api(app: &App, call: Call<'_>, note: &mut Note) -> Reply {
    let Call {
        endpoint, request, ..
    } = call;
    note.endpoint = Some(endpoint);
    let rulebook = merchant(app, &call, note);
    let method = &app.contract.endpoint(endpoint).method;
    let cors = rulebook.knobs().cors != rulebook.taken_away(Rule::Cors);
    if cors && request.method == Method::OPTIONS && request.headers.contains_key(ORIGIN) {
        return Reply::empty(204)
            .with(ACCESS_CONTROL_ALLOW_ORIGIN, "*")
            .with(ACCESS_CONTROL_ALLOW_METHODS, method)
            .with(
                ACCESS_CONTROL_ALLOW_HEADERS,
                "authorization, content-type, x-reference-id",
            )
            .with(ACCESS_CONTROL_MAX_AGE, "600");
    }
    if rulebook.taken_away(Rule::Robust) && has_nul(request) {
        return Reply::empty(500);
    }
    let struck = spoil::strike(app, endpoint, &call.order_id, request, call.now, note);
    let instead = struck
        .as_ref()
        .and_then(|s| s.instead(&rulebook, &request.path));
    let reply = instead.unwrap_or_else(|| {
        if let Some(struck) = &struck {
            struck.before(app, request);
        }
        let late = struck.as_ref().is_some_and(Struck::is_late);
        let reply = answer(app, &rulebook, call, late, note).unwrap_or_else(|rejection| {
            note.violations = rejection.reasons();
            rejection.reply(&rulebook, &request.path, &|text| app.is_secret(text))
        });
        let reply = vary::reply(rulebook.knobs(), reply);
        match &struck {
            Some(struck) => struck.on(reply),
            None => reply,
        }
    });
    if cors && request.headers.contains_key(ORIGIN) {
        reply.with(ACCESS_CONTROL_ALLOW_ORIGIN, "*")
    } else {
        reply
    }
}

fn answer(
    app: &App,
    rulebook: &Rulebook,
    call: Call<'_>,
    late: bool,
    note: &mut Note,
) -> Result<Reply, Rejection> {
    let Call {
        endpoint,
        client_id,
        order_id,
        request,
        now,
    } = call;
    if !rulebook.serves(endpoint) {
        return Err(Rejection::new(Rule::PathKnown, "not_found"));
    }
    let method = &app.contract.endpoint(endpoint).method;
    if request.method.as_str() != method {
        if rulebook.taken_away(Rule::MethodAllowed) {
            return Err(Rejection::new(Rule::PathKnown, "not_found"));
        }
        let mut rejection = Rejection::new(Rule::MethodAllowed, "method_not_allowed");
        rejection.allow = Some(method.clone());
        return Err(rejection);
    }
    let body = readable(rulebook, request)?;
    match endpoint {
        Endpoint::Token => {
            let now = |clock: Clock| clock.at(now);
            token::handle(app, rulebook, request, &body, &now, note)
        }
        Endpoint::NotificationOrder
        | Endpoint::NotificationMerchantOrder
        | Endpoint::NotificationOld => {
            let caller =
                auth::authenticate(app, rulebook, endpoint, client_id.as_deref(), request, now)?;
            notification::handle(app, rulebook, endpoint, &caller, &order_id, late, note)
        }
        Endpoint::Calculator => {
            if !rulebook.enforces(Rule::CalculatorOpen) {
                auth::authenticate(app, rulebook, endpoint, client_id.as_deref(), request, now)?;
            }
            calculator::handle(app, rulebook, request, note)
        }
        Endpoint::Availability => {
            auth::authenticate(app, rulebook, endpoint, client_id.as_deref(), request, now)?;
            Ok(availability::handle(rulebook, &body, note))
        }
        Endpoint::InitV2 | Endpoint::InitPlain | Endpoint::LearnMore => {
            let caller =
                auth::authenticate(app, rulebook, endpoint, client_id.as_deref(), request, now)?;
            init::handle(app, rulebook, endpoint, &caller, request, &body, note)
        }
    }
}

/// Notes the merchant that a request is about, as far as can be seen before it is read strictly;
/// gives the contract in that merchant's dialect.
fn merchant(app: &App, call: &Call<'_>, note: &mut Note) -> Arc<Rulebook> {
    let in_path = call.client_id.as_deref().map(Cow::Borrowed);
    let named = in_path.or_else(|| token::client_id(call.request).map(Cow::Owned));
    let state = app.state();
    let merchants = &state.merchants;
    let found = named.and_then(|id| {
        let exact = merchants.get(&*id);
        exact.or_else(|| merchants.get(id.trim_matches('"')))
    });
    let Some(merchant) = found else {
        return Arc::clone(&app.rulebook);
    };
    note.client_id = Some(Arc::clone(&merchant.client_id));
    note.clock = Some(merchant.clock.at(call.now));
    Arc::clone(&merchant.rulebook)
}

fn readable(rulebook: &Rulebook, request: &Request) -> Result<Bytes, Rejection> {
    match &request.body {
        Body::TimedOut => Err(Rejection::new(Rule::Robust, "request_timeout")),
        Body::BrokenOff => Err(Rejection::new(Rule::Robust, "incomplete_body")),
        Body::TooLarge => Err(Rejection::new(Rule::BodySize, "payload_too_large")),
        Body::Read(bytes) if bytes.len() > BODY_LIMIT && rulebook.enforces(Rule::BodySize) => {
            Err(Rejection::new(Rule::BodySize, "payload_too_large"))
        }
        Body::Read(bytes) => Ok(bytes.clone()),
    }
}

fn has_nul(request: &Request) -> bool {
    matches!(&request.body, Body::Read(bytes) if bytes.contains(&0))
}
