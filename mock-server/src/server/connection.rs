//! One connection: its requests are read, answered, and written.

use crate::http::reply::{Follow, Pieces, Reply, ReplyBody};
use crate::http::request::Request;
use crate::pipeline::Service;
use crate::server::connections::{Busy, Place};
use crate::server::socket::Socket;
use crate::server::{callback, event_stream, malformed};
use bytes::Bytes;
use http_body_util::channel::{Channel, Sender};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;

/// The largest head of a request; hyper answers 431 beyond it.
const HEADER_SIZE: usize = 64 * 1024;

/// Answers a request; [`Service::handle`], or what stands around it.
pub trait Handle: Send + Sync + 'static {
    /// The answer to a request.
    fn handle(&self, service: &Service, request: &Request) -> Reply;
}

/// The product's way: straight to the service.
#[derive(Debug, Clone, Copy)]
pub struct Plain;

impl Handle for Plain {
    fn handle(&self, service: &Service, request: &Request) -> Reply {
        service.handle(request)
    }
}

/// What every connection needs.
#[derive(Debug)]
pub struct Shared<H> {
    pub service: Arc<Service>,
    pub handle: Arc<H>,
    /// How many calls that take long run at once, beside those that answer.
    pub aside: Arc<Semaphore>,
}

impl<H> Clone for Shared<H> {
    fn clone(&self) -> Self {
        Self {
            service: Arc::clone(&self.service),
            handle: Arc::clone(&self.handle),
            aside: Arc::clone(&self.aside),
        }
    }
}

/// Serves one connection until it ends, or has to make room.
pub fn connection<H: Handle>(
    shared: Shared<H>,
    stream: TcpStream,
    place: Place,
    graceful: &GracefulShutdown,
) -> impl Future<Output = ()> + Send + use<H> {
    let service = Arc::clone(&shared.service);
    let limits = &service.app.limits;
    let socket = Socket::new(stream, limits.write_time);
    let kept = socket.clone();
    let place = Arc::new(place);
    let held = Arc::clone(&place);
    let own = socket.clone();
    let answer =
        service_fn(move |request| serve(shared.clone(), own.clone(), Arc::clone(&held), request));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head_time)
        .max_header_size(HEADER_SIZE)
        .half_close(true)
        .serve_connection(TokioIo::new(socket), answer);
    let connection = graceful.watch(connection);
    async move {
        tokio::select! {
            ended = connection => {
                if let Err(error) = ended {
                    malformed::ended(&service, &kept, &error);
                }
            }
            () = place.closed() => {}
        }
    }
}

async fn serve<H: Handle>(
    shared: Shared<H>,
    socket: Socket,
    place: Arc<Place>,
    request: hyper::Request<Incoming>,
) -> io::Result<hyper::Response<ReplyBody>> {
    socket.begins_answer();
    let Shared {
        service,
        handle,
        aside,
    } = shared;
    let framing = malformed::host(&request);
    let request = Request::read(request, service.app.limits.body_time).await;
    let busy = Busy::new(place);
    let mut reply = if let Err(why) = framing {
        malformed::refused(&service, why);
        malformed::reply(why)
    } else if Service::is_aside(&request) {
        // Others are answered meanwhile. The semaphore is never closed.
        let permit = Arc::clone(&aside).acquire_owned().await.ok();
        let service = Arc::clone(&service);
        let handled = tokio::task::spawn_blocking(move || {
            let reply = handle.handle(&service, &request);
            drop(permit);
            reply
        });
        handled.await.map_err(io::Error::other)?
    } else {
        handle.handle(&service, &request)
    };
    if let Some(Follow {
        callback: wanted,
        then,
    }) = reply.follow.take()
    {
        let service = Arc::clone(&service);
        // On its own: a client that goes away does not take the callback back.
        let brought = tokio::spawn(async move { callback::bring(&service, wanted).await });
        let broken = |error: tokio::task::JoinError| Err(error.to_string());
        reply = then(brought.await.unwrap_or_else(broken));
    }
    if !reply.later.is_zero() {
        tokio::time::sleep(reply.later).await;
    }
    if let Some(script) = reply.script.take() {
        socket.play(script).await?;
        // hyper gives the connection up.
        return Err(io::ErrorKind::ConnectionAborted.into());
    }
    if let Some(watch) = reply.watch.take() {
        let (sender, stream) = Channel::new(1);
        tokio::spawn(async move {
            event_stream::feed(service, watch, sender).await;
            drop(busy);
        });
        return Ok(reply.streaming(stream));
    }
    if let Some(pieces) = reply.pieces.take() {
        let (sender, stream) = Channel::new(1);
        let start = std::mem::take(&mut reply.body);
        let patience = service.app.limits.write_time;
        tokio::spawn(async move {
            read_out(start, pieces, aside, sender, patience).await;
            drop(busy);
        });
        return Ok(reply.streaming(stream));
    }
    Ok(reply.into())
}

/// Sends a long body: each piece is made when the one before it has been read.
async fn read_out(
    start: Bytes,
    mut pieces: Pieces,
    aside: Arc<Semaphore>,
    mut out: Sender<Bytes, Infallible>,
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
