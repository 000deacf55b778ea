//! Reads, answers and writes one request.

use crate::http::body::NoRoom;
use crate::http::forwarded::Forwarded;
use crate::http::reply::{Follow, Pieces, Reply, ReplyBody, Way};
use crate::http::request::Request;
use crate::pipeline::Service;
use crate::server::connections::{Busy, Place};
use crate::server::socket::Socket;
use crate::server::store_unavailable;
use crate::server::stream::{self, Open};
use crate::server::tls::Tls;
use crate::server::{callback, event_stream, malformed};
use crate::upstream::{Forward, Upstream};
use bytes::Bytes;
use http_body_util::channel::{Channel, Sender};
use hyper::body::Incoming;
use hyper::header::{CONNECTION, RETRY_AFTER};
use hyper::{Method, StatusCode};
use serde_json::json;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// Answers requests: [`Service::handle`], or a wrapper around it.
pub trait Handle: Send + Sync + 'static {
    /// The answer to a request.
    fn handle(&self, service: &Service, request: &Request) -> Reply;
}

/// Calls the service directly, as in production.
#[derive(Debug, Clone, Copy)]
pub struct Plain;

impl Handle for Plain {
    fn handle(&self, service: &Service, request: &Request) -> Reply {
        service.handle(request)
    }
}

/// What every connection needs, behind a single pointer to clone for each request.
#[derive(Debug)]
pub struct Serving<H> {
    pub service: Arc<Service>,
    pub handle: Arc<H>,
    /// Limits how many slow calls run at once, on threads of their own.
    pub aside: Arc<Semaphore>,
    /// TLS, if connections use it.
    pub tls: Option<Arc<Tls>>,
    /// The upstream, if there is one.
    pub upstream: Option<Arc<Upstream>>,
}

/// Where an answer is written.
#[derive(Debug)]
pub(super) enum Answering {
    /// An HTTP/1 connection.
    Connection(Socket),
    /// An HTTP/2 stream.
    Stream(#[expect(dead_code, reason = "held until the answer is whole")] Open),
}

/// Answers one request.
pub(super) async fn answer<H: Handle>(
    serving: Arc<Serving<H>>,
    on: Answering,
    place: Arc<Place>,
    request: hyper::Request<Incoming>,
) -> io::Result<hyper::Response<ReplyBody>> {
    if let Answering::Connection(socket) = &on {
        socket.begins_answer();
    }
    let service = &serving.service;
    let framing = malformed::host(&request);
    // For HTTP/1, hyper omits the body itself.
    let wants_head = request.method() == Method::HEAD && matches!(on, Answering::Stream(_));
    let read = Request::read(request, service.app.limits.body_time, &service.bodies).await;
    let mut request = match read {
        Ok(request) => request,
        Err(NoRoom) => return Ok(no_room().into()),
    };
    request.forwarded = forwarded(service, &request, place.peer());
    let busy = Busy::new(place);
    let mut reply = if let Err(why) = framing {
        malformed::refused(service, why);
        malformed::reply(why)
    } else if let Some((upstream, forward)) = passed(serving.upstream.as_ref(), service, &request) {
        // In its own task, so that the exchange is recorded even if the client goes away.
        let service = Arc::clone(service);
        let passing = async move { upstream.pass(service, forward, request).await };
        tokio::spawn(passing).await.map_err(io::Error::other)?
    } else {
        handled(&serving, request).await?
    };
    if !reply.later.is_zero() {
        tokio::time::sleep(reply.later).await;
    }
    if service.app.is_draining() && matches!(on, Answering::Connection(_)) {
        // So that the client does not reuse a connection that is about to close.
        reply = reply.with(CONNECTION, "close");
    }
    if wants_head {
        reply = reply.head_only();
    }
    let patience = service.app.limits.write_time;
    match std::mem::take(&mut reply.way) {
        Way::Script(script) => match on {
            Answering::Connection(socket) => {
                socket.play(&script).await?;
                // Makes hyper drop the connection.
                Err(io::ErrorKind::ConnectionAborted.into())
            }
            stream @ Answering::Stream(_) => stream::broken(reply, script.stream, patience, stream),
        },
        Way::Watch(watch) => {
            let (sender, stream) = Channel::new(1);
            let (service, aside) = (Arc::clone(service), Arc::clone(&serving.aside));
            tokio::spawn(async move {
                event_stream::feed(service, aside, *watch, sender).await;
                drop((busy, on));
            });
            Ok(reply.streaming(stream))
        }
        Way::Pieces(pieces) => {
            let (sender, stream) = Channel::new(1);
            let start = std::mem::take(&mut reply.body);
            let aside = Arc::clone(&serving.aside);
            tokio::spawn(async move {
                read_out(start, pieces, aside, sender, patience).await;
                drop((busy, on));
            });
            Ok(reply.streaming(stream))
        }
        // Follow-ups have been done.
        Way::Plain | Way::Follow(_) | Way::Again(_) => Ok(reply.into()),
    }
}

/// The answer to a request whose body exceeds the available memory.
fn no_room() -> Reply {
    let body = json!({"error": "too many bodies are arriving at once; try again"});
    Reply::json(StatusCode::SERVICE_UNAVAILABLE, &body).with(RETRY_AFTER, "1")
}

/// Reads the forwarding headers of a request as far as proxies are trusted. Ignored headers are
/// logged.
fn forwarded(service: &Service, request: &Request, peer: IpAddr) -> Forwarded {
    let app = &service.app;
    let (read, ignored) = Forwarded::read(&request.headers, peer, &app.trusted_proxies);
    for what in ignored {
        tracing::debug!("ignored: {}", app.redactor().text(&what));
    }
    read
}

/// The answer to a request, once everything that it depends on is stored.
async fn handled<H: Handle>(serving: &Serving<H>, request: Request) -> io::Result<Reply> {
    let Serving {
        service,
        handle,
        aside,
        ..
    } = serving;
    let app = &service.app;
    let is_aside = Service::is_aside(&request);
    // Before the turn in a shared store, in which nothing may wait. The semaphore is never closed.
    let permit = if is_aside {
        Arc::clone(aside).acquire_owned().await.ok()
    } else {
        None
    };
    let mut entry = None;
    if !store_unavailable::only_looks(&request) {
        entry = match app.enter().await {
            Ok(entry) => entry,
            Err(lost) => return Ok(store_unavailable::reply(&lost)),
        };
        if is_aside && store_unavailable::changes_nothing(&request) {
            // A slow call that changes nothing need not keep other servers waiting.
            if let Err(lost) = app.keep(entry.take()).await {
                return Ok(store_unavailable::reply(&lost));
            }
        }
    }
    let mut reply = if is_aside {
        // Do not block other requests.
        let (service, handle) = (Arc::clone(service), Arc::clone(handle));
        let handled = tokio::task::spawn_blocking(move || {
            let reply = handle.handle(&service, &request);
            drop(permit);
            reply
        });
        handled.await.map_err(io::Error::other)?
    } else {
        handle.handle(service, &request)
    };
    if let Err(lost) = app.keep(entry).await {
        return Ok(store_unavailable::reply(&lost));
    }
    if let Way::Follow(follow) = reply.way {
        let Follow {
            callback: wanted,
            then,
        } = *follow;
        let service = Arc::clone(service);
        // In its own task, so that a client that goes away does not cancel the callback.
        let brought = tokio::spawn(async move { callback::bring(&service, wanted).await });
        let broken = |error: tokio::task::JoinError| Err(error.to_string());
        reply = then(brought.await.unwrap_or_else(broken));
    }
    Ok(reply)
}

/// The upstream, if the request is to be passed on to it.
fn passed(
    upstream: Option<&Arc<Upstream>>,
    service: &Service,
    request: &Request,
) -> Option<(Arc<Upstream>, Forward)> {
    let upstream = upstream?;
    let forward = upstream.takes(service, request)?;
    Some((Arc::clone(upstream), forward))
}

/// Sends a long body; each piece is generated after the one before it has been read.
async fn read_out(
    start: Bytes,
    mut pieces: Pieces,
    aside: Arc<Semaphore>,
    mut out: Sender<Bytes, io::Error>,
    patience: Duration,
) {
    let mut next = Some(start);
    while let Some(piece) = next {
        let sent = tokio::time::timeout(patience, out.send_data(piece)).await;
        if !matches!(sent, Ok(Ok(()))) {
            return;
        }
        let permit = Arc::clone(&aside).acquire_owned().await.ok();
        let made = tokio::task::spawn_blocking(move || {
            let piece = pieces.next();
            drop(permit);
            (pieces, piece)
        });
        let Ok((rest, piece)) = made.await else {
            return;
        };
        pieces = rest;
        next = piece;
    }
}
