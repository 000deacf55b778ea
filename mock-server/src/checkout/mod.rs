//! The hosted checkout: the customer's pages at the redirection URL.

pub mod bar;
pub mod form;
mod frame;
mod input;
pub mod offer;
pub mod screen;
pub mod steps;
pub mod view;
pub mod words;

use crate::app::App;
use crate::checkout::form::Typed;
use crate::checkout::steps::{Errors, SubmittedForm, Taken};
use crate::checkout::words::{ENGLISH, FRENCH, Text, Words};
use crate::clock::Millis;
use crate::fault::Action;
use crate::http::form::{Form, FormRules, MEDIA_TYPE};
use crate::http::reply::{Callback, Follow, Reply};
use crate::http::request::{BODY_LIMIT, Body, Request};
use crate::http::route::CHECKOUT;
use crate::journal::Note;
use crate::model::callback_url;
use crate::model::lifecycle::{Event, Outcome};
use crate::state::{State, transitions};
use askama::Template;
use flexiti_contract::Rulebook;
use hyper::Method;
use hyper::StatusCode;
use hyper::header::{
    ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use std::sync::Arc;

const STYLE: &str = include_str!("../../templates/checkout/checkout.css");
/// No scripts, no other origins, no plug-ins; a shop may show the pages in a frame.
const POLICY: &str =
    "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; base-uri 'none'";

#[derive(Template)]
#[template(path = "checkout/problem.html")]
struct Problem<'a> {
    prefix: &'a str,
    notes: Vec<Said>,
}

struct Said {
    lang: &'static str,
    title: &'static str,
    help: &'static str,
    link: Option<(String, &'static str)>,
}

/// Answers a request below `/checkout`. `rest` is the session, followed by the step.
pub fn handle(app: &App, rest: &str, request: &Request, machine: Millis, note: &mut Note) -> Reply {
    let (session, step) = rest.split_once('/').unwrap_or((rest, ""));
    if rest == "checkout.css" {
        return Reply::text(StatusCode::OK, "text/css; charset=utf-8", STYLE)
            .with(CACHE_CONTROL, "max-age=3600");
    }
    secured(answer(app, session, step, request, machine, note))
}

/// Adds the headers that every page has.
fn secured(reply: Reply) -> Reply {
    reply
        .with(CACHE_CONTROL, "no-store")
        .with(REFERRER_POLICY, "no-referrer")
        .with(CONTENT_SECURITY_POLICY, POLICY)
        .with(X_CONTENT_TYPE_OPTIONS, "nosniff")
}

fn answer(
    app: &App,
    session: &str,
    step: &str,
    request: &Request,
    machine: Millis,
    note: &mut Note,
) -> Reply {
    let prefix = &*app.prefix_for(request);
    let state = &mut *app.state();
    let Some(open) = OpenOrder::find(state, session, machine, prefix, note) else {
        return gone(prefix);
    };
    match (&request.method, step) {
        (&Method::GET | &Method::HEAD, "") => {
            if request.method == Method::GET {
                steps::open(app, state, &open.rulebook, open.id, open.now);
            }
            show(app, state, open.id, &Errors::new(), prefix)
        }
        (&Method::GET, "return") => go_back(state, open.id, open.now, note)
            .unwrap_or_else(|| open.trouble(StatusCode::CONFLICT, |w| w.not_due_title)),
        // Somebody reopens the URL that a form was sent to.
        (&Method::GET | &Method::HEAD, step) if step == "return" || steps::is_step(app, step) => {
            Reply::see_other(&open.here)
        }
        (&Method::GET | &Method::HEAD, _) => {
            open.trouble(StatusCode::NOT_FOUND, |w| w.unknown_title)
        }
        (&Method::POST, step) if !step.is_empty() => submit(app, state, &open, step, request),
        (_, step) => {
            let allowed = if step.is_empty() {
                "GET, HEAD"
            } else {
                "GET, HEAD, POST"
            };
            open.trouble(StatusCode::METHOD_NOT_ALLOWED, |w| w.method_title)
                .with(ALLOW, allowed)
        }
    }
}

/// An order whose pages are requested.
struct OpenOrder<'p> {
    id: u64,
    words: &'static Words,
    rulebook: Arc<Rulebook>,
    now: Millis,
    prefix: &'p str,
    /// The path of its pages, as the browser sees it.
    here: String,
}

impl<'p> OpenOrder<'p> {
    /// The current state of the order with this session.
    fn find(
        state: &mut State,
        session: &str,
        machine: Millis,
        prefix: &'p str,
        note: &mut Note,
    ) -> Option<Self> {
        let order = state.orders.by_session(session)?;
        let (id, lang, client_id) = (order.id, order.lang, Arc::clone(&order.client_id));
        let merchant = state.merchants.get(&client_id)?;
        let now = merchant.clock.at(machine);
        let rulebook = Arc::clone(&merchant.rulebook);
        note.client_id = Some(client_id);
        note.clock = Some(now);
        note.order_id = Some(id);
        if let Some(order) = state.orders.get_mut(id) {
            order.expire(&rulebook, now);
        }
        Some(Self {
            id,
            words: Words::of(lang),
            rulebook,
            now,
            prefix,
            here: format!("{prefix}{CHECKOUT}/{session}"),
        })
    }

    /// A page that reports a problem and links back.
    fn trouble(&self, status: StatusCode, title: Text) -> Reply {
        let here = Some(&*self.here);
        problem(
            status,
            &[self.words],
            title,
            |w| w.nothing_changed,
            here,
            self.prefix,
        )
    }
}

/// Handles a form that the customer submitted.
fn submit(
    app: &App,
    state: &mut State,
    open: &OpenOrder<'_>,
    step: &str,
    request: &Request,
) -> Reply {
    let typed = match typed(request) {
        Ok(typed) => typed,
        Err((status, title)) => return open.trouble(status, title),
    };
    let sent = SubmittedForm {
        step,
        typed: &typed,
        now: open.now,
    };
    match steps::take(app, state, &open.rulebook, open.id, &sent) {
        Taken::Look => Reply::see_other(&open.here),
        Taken::Wrong(errors) => show(app, state, open.id, &errors, open.prefix),
        Taken::Foreign => open.trouble(StatusCode::CONFLICT, |w| w.foreign_title),
        Taken::NotDue => open.trouble(StatusCode::CONFLICT, |w| w.not_due_title),
        Taken::Unknown => open.trouble(StatusCode::NOT_FOUND, |w| w.unknown_title),
    }
}

/// The page for an unknown order.
fn gone(prefix: &str) -> Reply {
    problem(
        StatusCode::NOT_FOUND,
        &[&ENGLISH, &FRENCH],
        |w| w.gone_title,
        |w| w.gone,
        None,
        prefix,
    )
}

/// The page of an order: 422 if it shows errors, 410 if the order has expired.
fn show(app: &App, state: &State, id: u64, errors: &Errors, prefix: &str) -> Reply {
    let order = state.orders.get(id);
    let found = order.and_then(|order| Some((order, state.merchants.get(&order.client_id)?)));
    let Some((order, merchant)) = found else {
        return gone(prefix);
    };
    let status = match order.life.outcome {
        Some(Outcome::Expired) => StatusCode::GONE,
        _ if !errors.is_empty() => StatusCode::UNPROCESSABLE_ENTITY,
        _ => StatusCode::OK,
    };
    Reply::html(status, view::page(app, merchant, order, errors, prefix))
}

/// Sends the browser to the shop, unless a fault keeps it here; `None` if there is no URL to return
/// to.
fn go_back(state: &mut State, id: u64, now: Millis, note: &mut Note) -> Option<Reply> {
    let order = state.orders.get(id)?;
    let merchant = state.merchants.get_mut(&order.client_id)?;
    let url = callback_url::url(&merchant.account, &merchant.rulebook, order)?;
    let client_id = Arc::clone(&order.client_id);
    let strike = merchant.strike_callback(order, now);
    let action = strike.as_ref().map(|strike| &strike.action);
    if let Some(strike) = &strike
        && strike.action == Action::NoCallback
    {
        note.strike(strike);
        return Some(Reply::empty(StatusCode::NO_CONTENT));
    }
    // A customer may return again: the shop gets the same callback.
    let _ = transitions::act(state, id, Event::Return, now);
    let mut reply = Reply::see_other(&url);
    if action == Some(&Action::DuplicateCallback) {
        // The mock makes the first callback, the browser the second.
        let again = url.clone();
        let callback = Callback {
            url,
            client_id,
            order_id: id,
            strike,
            twice: false,
        };
        return Some(reply.following(Follow {
            callback,
            then: Box::new(move |_| secured(Reply::see_other(&again))),
        }));
    }
    if let Some(strike) = &strike {
        note.strike(strike);
        reply.later = strike.later.unwrap_or_default();
    }
    Some(reply)
}

/// The fields of a form; an error gives the status and title of the page to show.
fn typed(request: &Request) -> Result<Typed, (StatusCode, Text)> {
    let body = match &request.body {
        Body::Read(body) if body.len() <= BODY_LIMIT => body,
        Body::Read(_) | Body::TooLarge => {
            return Err((StatusCode::PAYLOAD_TOO_LARGE, |w| w.too_large_title));
        }
        Body::BrokenOff => return Err((StatusCode::BAD_REQUEST, |w| w.unreadable_title)),
        Body::TimedOut => return Err((StatusCode::REQUEST_TIMEOUT, |w| w.unreadable_title)),
    };
    if request.media_type().as_deref() != Some(MEDIA_TYPE) {
        return Err((StatusCode::UNSUPPORTED_MEDIA_TYPE, |w| w.unreadable_title));
    }
    let rules = FormRules::STRICT;
    let form = Form::read(body, rules)
        .map_err(|_| (StatusCode::BAD_REQUEST, (|w| w.unreadable_title) as Text))?;
    Ok(form
        .pairs()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect())
}

fn problem(
    status: StatusCode,
    languages: &[&'static Words],
    title: Text,
    help: Text,
    order: Option<&str>,
    prefix: &str,
) -> Reply {
    let notes = languages
        .iter()
        .map(|words| Said {
            lang: words.lang.code(),
            title: title(words),
            help: help(words),
            link: order.map(|href| (href.to_owned(), words.to_order)),
        })
        .collect();
    Reply::html(status, view::render(&Problem { prefix, notes }))
}
