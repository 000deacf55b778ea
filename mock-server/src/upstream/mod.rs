//! The upstream: another server behind this one. Requests of merchants whose entry says `upstream =
//! true` are passed on to it, or answered from a transcript. Each exchange is in the journal and in
//! the transcript before its answer is sent.
//!
//! `client` sends requests, `headers` and `rewrite` define what changes on the way, `transcript`
//! records exchanges, `recorded` answers from a transcript, `compare` asks a mock, and `learn`
//! collects the secrets that the upstream issues. `collector` sends traces with the same client.

mod client;
#[cfg(feature = "otel")]
mod collector;
mod compare;
mod exchange;
mod failure;
mod headers;
mod learn;
mod recorded;
mod reply;
mod rewrite;
mod source;
mod transcript;

pub use client::is_own;

use crate::api::auth;
use crate::clock::Millis;
use crate::config::{Settings, UpstreamMode};
use crate::http::reply::Reply;
use crate::http::request::{Body, Request};
use crate::http::route::{BASE, Route, Router};
use crate::journal::{Note, Passed};
use crate::pipeline::{Service, noted};
use crate::telemetry::traces::Traces;
use anyhow::ensure;
use bytes::Bytes;
use client::Came;
use exchange::{Exchange, What, is_hidden};
use failure::Failure;
use flexiti_contract::Rulebook;
use flexiti_contract::transcript::Answer;
use hyper::header::{LOCATION, REFERER};
use hyper::{Method, StatusCode};
use learn::Learned;
use recorded::Answers;
use reply::{came as came_from, passed_on, refused, rewritten, said};
use rewrite::Owner;
use source::{Server, Source};
use std::borrow::Cow;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Sends spans to the collector in the settings, if there is one; it must not be the server that
/// listens on `own`.
#[cfg(feature = "otel")]
pub fn traces(settings: &Settings, own: SocketAddr) -> anyhow::Result<Option<Traces>> {
    let collector = settings.traces.as_ref();
    collector.map(|url| collector::traces(url, own)).transpose()
}

/// Always `None`: this build does not support tracing.
#[cfg(not(feature = "otel"))]
#[expect(clippy::unnecessary_wraps, reason = "the other build may fail")]
pub fn traces(_: &Settings, _: SocketAddr) -> anyhow::Result<Option<Traces>> {
    Ok(None)
}

/// The upstream.
#[derive(Debug)]
pub struct Upstream {
    mode: UpstreamMode,
    source: Source,
    learned: Learned,
}

/// A request to pass on.
#[derive(Debug)]
pub struct Forward {
    what: What,
    note: Note,
    rulebook: Arc<Rulebook>,
    /// The shop's origin, for redirections that lead to it.
    shop: Option<String>,
    at: Millis,
}

impl Upstream {
    /// Prepares the upstream as the settings say. An error names the flag.
    pub fn start(settings: &Settings, service: &Service) -> anyhow::Result<Option<Arc<Self>>> {
        let named = settings.merchants.iter().filter(|it| it.upstream);
        let named: Vec<&str> = named.map(|it| it.client_id.as_str()).collect();
        let Some(wanted) = &settings.upstream else {
            if !named.is_empty() {
                let merchants = named.join(", ");
                tracing::warn!(
                    merchants,
                    "upstream = true without --upstream: the mock answers"
                );
            }
            return Ok(None);
        };
        let flag = if wanted.mode == UpstreamMode::Answer {
            "--upstream-mode answer"
        } else {
            "--upstream"
        };
        ensure!(
            !named.is_empty(),
            "{flag}: is for merchants whose entry in the file of --config says `upstream = true`, and none does"
        );
        let source = Source::new(wanted, settings, service)?;
        let server = wanted.url.as_deref().unwrap_or("the transcript");
        let merchants = named.join(", ");
        tracing::info!(server, merchants, "the upstream answers");
        Ok(Some(Arc::new(Self {
            mode: wanted.mode,
            source,
            learned: Learned::new(Arc::clone(&service.app.state().secrets)),
        })))
    }

    /// How to pass a request on; `None` if it is not for the upstream. An incomplete request is
    /// refused here instead.
    pub fn takes(&self, service: &Service, request: &Request) -> Option<Forward> {
        if !matches!(request.body, Body::Read(_)) {
            return None;
        }
        let app = &service.app;
        let at = (app.now)();
        let mut note = Note::default();
        let (what, named) = match service.route(&request.path) {
            Route::Api(endpoint, client_id, _) => {
                note.endpoint = Some(endpoint);
                let named = client_id.or_else(|| auth::client_id(request));
                (What::Call(endpoint), named)
            }
            Route::Unknown if request.path.starts_with(BASE) => {
                (What::Path, Router::client_id(&request.path))
            }
            Route::Checkout(rest) => {
                let session = rest.split('/').next().unwrap_or_default();
                if app.state().orders.by_session(session).is_some() {
                    return None;
                }
                (What::Page, self.whose(service, request, &mut note))
            }
            Route::Unknown => (What::Page, self.whose(service, request, &mut note)),
            Route::Admin(_) | Route::Root => return None,
        };
        let rulebook = noted(app, named.map(Cow::Owned), at, &mut note).rulebook;
        let state = app.state();
        let merchant = state.merchants.get(note.client_id.as_deref()?)?;
        if !merchant.account.upstream {
            return None;
        }
        let shop = merchant.account.trust_url.clone();
        drop(state);
        Some(Forward {
            what,
            note,
            rulebook,
            shop,
            at,
        })
    }

    /// The merchant whose hosted page is requested: by the URL that init returned, by the page that
    /// the browser comes from, or else the only merchant that there is.
    fn whose(&self, service: &Service, request: &Request, note: &mut Note) -> Option<String> {
        let Source::Server(server) = &self.source else {
            return None;
        };
        let urls = server.urls.as_ref()?;
        let from = request.header(&REFERER);
        let from = from.and_then(|url| url::Url::parse(&url).ok());
        let owner = urls.owner(&request.path);
        let owner = owner.or_else(|| urls.owner(from?.path()));
        if let Some(owner) = owner {
            note.order_id = owner.order_id;
            return Some(owner.client_id.to_string());
        }
        if !urls.has_pages() {
            return None;
        }
        let state = service.app.state();
        let mut named = state.merchants.values().filter(|it| it.account.upstream);
        let only = named.next()?;
        named.next().is_none().then(|| only.client_id.to_string())
    }

    /// Passes a request on, records the exchange, and returns the answer.
    pub async fn pass(
        self: &Arc<Self>,
        service: Arc<Service>,
        forward: Forward,
        request: Request,
    ) -> Reply {
        let started = Instant::now();
        match &self.source {
            Source::Recorded(answers) => self.recorded(answers, &service, forward, &request),
            Source::Server(server) => {
                let Server { client, urls, .. } = &**server;
                let mut headers = headers::of_request(&request.headers);
                if let Some(urls) = urls.as_ref().filter(|_| forward.what == What::Page) {
                    urls.request(&mut headers);
                }
                let mut target = client.path(&request.path);
                if let Some(query) = &request.query {
                    target.push('?');
                    target.push_str(query);
                }
                let body = read(&request);
                let method = request.method.clone();
                let came = client.send(method, &target, headers, body).await;
                let took = started.elapsed();
                // The exchange is recorded in any case.
                let entry = service.app.enter().await.unwrap_or_default();
                let app = Arc::clone(&service.app);
                // Writing to the disk would block others for too long.
                let own = Arc::clone(self);
                let settled = tokio::task::spawn_blocking(move || {
                    own.settle(&service, forward, request, &came, took)
                });
                let settled = settled.await;
                // Return the upstream's answer even if the journal could not be stored.
                let _ = app.keep(entry).await;
                settled.unwrap_or_else(|_| Reply::empty(StatusCode::INTERNAL_SERVER_ERROR))
            }
        }
    }

    /// Records an exchange and builds the answer.
    fn settle(
        &self,
        service: &Service,
        forward: Forward,
        request: Request,
        came: &Result<Came, Failure>,
        took: Duration,
    ) -> Reply {
        let Source::Server(server) = &self.source else {
            return Reply::empty(StatusCode::INTERNAL_SERVER_ERROR);
        };
        let Forward {
            what,
            mut note,
            rulebook,
            shop,
            at,
        } = forward;
        let origin = server.client.origin();
        let mut kept_request = request;
        let reply = match came {
            Ok(came) => {
                self.learn(what, came);
                exchange::note(&mut note, what, &rulebook, &kept_request, came);
                passed_on(came, kept_request.method == Method::HEAD)
            }
            Err(failure) => {
                let why = said(&origin, failure);
                note.error = Some(why.as_str().into());
                let (status, word) = (failure.kind.status(), failure.kind.word());
                refused(&rulebook, status, word, &why, &kept_request.path)
            }
        };
        if what == What::Page {
            // It was typed by a customer.
            kept_request.body = Body::Read(Bytes::new());
        }
        let seen = Exchange {
            at,
            note: &note,
            request: &kept_request,
            reply: came.is_ok().then_some(&reply),
            took,
        };
        let unwritten = server.write(service, &seen, what);
        let drift = server.drift(service, &note, what, &kept_request, came);
        if let Some(why) = unwritten {
            note.error.get_or_insert(why.into());
        }
        note.upstream = Some(Box::new(Passed {
            server: origin,
            mode: self.mode,
            drift,
        }));
        let reply = match &server.urls {
            Some(urls) if came.is_ok() => {
                let owner = note.client_id.clone().map(|client_id| Owner {
                    client_id,
                    order_id: note.order_id,
                });
                rewritten(urls, what, reply, owner, shop.as_deref())
            }
            _ => reply,
        };
        note.hides_answer = is_hidden(what, &reply);
        service.record(at, &kept_request, note, Some(&reply), took);
        reply
    }

    fn learn(&self, what: What, came: &Came) {
        if what == What::Page {
            if let Some(url) = came.headers.get(LOCATION) {
                self.learned.url(url.to_str().unwrap_or_default());
            }
        } else {
            self.learned.answer(&came.body);
        }
    }

    /// Answers from the transcript.
    fn recorded(
        &self,
        answers: &Answers,
        service: &Service,
        forward: Forward,
        request: &Request,
    ) -> Reply {
        let Forward {
            what,
            mut note,
            rulebook,
            at,
            ..
        } = forward;
        let body = read(request);
        let found = answers.get(
            request.method.as_str(),
            &request.path,
            request.query.as_deref(),
            &body,
        );
        let found = found.and_then(|answer| match answer {
            Answer {
                body: None, length, ..
            } if length > 0 => {
                Err("the transcript has the answer without its body, which was no text".to_owned())
            }
            answer => Ok(answer),
        });
        let reply = match found {
            Ok(answer) => {
                let came = came_from(&answer);
                exchange::note(&mut note, what, &rulebook, request, &came);
                passed_on(&came, request.method == Method::HEAD)
            }
            Err(why) => {
                note.error = Some(why.as_str().into());
                let status = StatusCode::NOT_IMPLEMENTED;
                refused(&rulebook, status, "not_recorded", &why, &request.path)
            }
        };
        note.upstream = Some(Box::new(Passed {
            server: "transcript".to_owned(),
            mode: self.mode,
            drift: None,
        }));
        service.record(at, request, note, Some(&reply), Duration::ZERO);
        reply
    }
}

fn read(request: &Request) -> Bytes {
    match &request.body {
        Body::Read(bytes) => bytes.clone(),
        _ => Bytes::new(),
    }
}
