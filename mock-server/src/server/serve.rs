//! Connections: accept, read, answer, stop.

use crate::events::Event;
use crate::http::reply::{Follow, Reply, ReplyBody};
use crate::http::request::Request;
use crate::pipeline::Service;
use crate::server::socket::Socket;
use crate::server::{callback, event_stream};
use http_body_util::channel::Channel;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

/// How many connections are served at once; more wait to be accepted.
const CONNECTIONS: usize = 4_096;
/// The largest head of a request; hyper answers 431 beyond it.
const HEADER_SIZE: usize = 64 * 1024;
const HEADER_TIME: Duration = Duration::from_secs(30);
/// How long answers under way may take once the server was told to stop.
const DRAIN_TIME: Duration = Duration::from_millis(500);

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

/// Serves `service` on `listener`, through `handle`, until `shutdown` is done.
pub async fn run(
    listener: TcpListener,
    service: Arc<Service>,
    handle: Arc<impl Handle>,
    shutdown: impl Future<Output = ()>,
) {
    let graceful = GracefulShutdown::new();
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        let accepted = async {
            // The semaphore is never closed.
            let place = Arc::clone(&places).acquire_owned().await.ok();
            (place, listener.accept().await)
        };
        let (place, stream) = tokio::select! {
            (place, accepted) = accepted => match accepted {
                Ok((stream, _)) => (place, stream),
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a connection");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            },
            () = &mut shutdown => break,
        };
        let _ = stream.set_nodelay(true);
        let served = Arc::clone(&service);
        let handle = Arc::clone(&handle);
        let socket = Socket::new(stream);
        let shared = socket.clone();
        let answer = service_fn(move |request| {
            let (service, handle) = (Arc::clone(&served), Arc::clone(&handle));
            serve(service, handle, shared.clone(), request)
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEADER_TIME)
            .max_header_size(HEADER_SIZE)
            .serve_connection(TokioIo::new(socket), answer);
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            // A connection ends in an error when its client breaks it off: nothing to do.
            let _ = connection.await;
            drop(place);
        });
    }
    service.app.tell(Event::Closing);
    let _ = tokio::time::timeout(DRAIN_TIME, graceful.shutdown()).await;
}

async fn serve(
    service: Arc<Service>,
    handle: Arc<impl Handle>,
    socket: Socket,
    request: hyper::Request<Incoming>,
) -> io::Result<hyper::Response<ReplyBody>> {
    let request = Request::read(request).await;
    let mut reply = handle.handle(&service, &request);
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
        tokio::spawn(event_stream::feed(service, watch, sender));
        return Ok(reply.streaming(stream));
    }
    Ok(reply.into())
}
