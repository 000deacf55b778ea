//! HTTP/2 on one connection. What HTTP/1 has limits for, has equal ones here: a connection without
//! streams is idle, a stream is a request, and what breaks an answer breaks its stream only.

use crate::http::reply::ReplyBody;
use crate::pipeline::Service;
use crate::server::malformed::{self, HEADER_SIZE};
use crate::server::socket::Socket;
use crate::server::stream::{Open, Streams};
use hyper::body::Incoming;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use std::error::Error;
use std::future::{Future, pending};
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// Requests at once on one connection.
const STREAMS: u32 = 100;
/// How many streams a client may open and reset before they were accepted.
const RESETS: usize = 20;
/// How much of the bodies of one stream, and of all together, may come before it is read.
const STREAM_WINDOW: u32 = 64 * 1024;
const CONNECTION_WINDOW: u32 = 1024 * 1024;

/// How long a client may take to notice that the server stops.
const FAREWELL: Duration = Duration::from_millis(200);

/// Why a connection takes no more requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// It takes them.
    Open,
    /// It had none for too long.
    Idle,
    /// The server stops.
    Stop,
}

/// Answers the request of a stream. In a box: HTTP/2 is compiled once, whoever answers.
pub(super) type Each = Box<dyn Fn(Open, Request<Incoming>) -> Answer + Send + Sync>;
pub(super) type Answer = Pin<Box<dyn Future<Output = io::Result<Response<ReplyBody>>> + Send>>;

/// Serves a connection until it ends, is idle for too long, or the server stops.
pub(super) async fn serve(
    service: Arc<Service>,
    socket: Socket,
    each: Each,
    mut stop: watch::Receiver<()>,
) {
    let limits = &service.app.limits;
    let streams = Arc::new(Streams::new());
    let opened = Arc::clone(&streams);
    let each = service_fn(move |request| each(opened.open(), request));
    let connection = http2::Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS)
        .max_pending_accept_reset_streams(RESETS)
        .max_header_list_size(u32::try_from(HEADER_SIZE).unwrap_or(u32::MAX))
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        // While an answer streams, nothing else shows that the client is gone.
        .keep_alive_interval(limits.head_time)
        .keep_alive_timeout(limits.write_time)
        .serve_connection(TokioIo::new(socket), each);
    let mut connection = pin!(connection);
    let mut end = End::Open;
    let ended = loop {
        // Whoever does not say goodbye is given up.
        let over = async {
            match end {
                End::Open => pending().await,
                // What was answered may not have been read.
                End::Idle => tokio::time::sleep(limits.write_time).await,
                End::Stop => {
                    tokio::time::sleep(FAREWELL).await;
                    streams.idle(FAREWELL).await;
                }
            }
        };
        tokio::select! {
            biased;
            ended = connection.as_mut() => break ended,
            _ = stop.changed(), if end == End::Open => {
                end = End::Stop;
                connection.as_mut().graceful_shutdown();
            }
            () = streams.idle(limits.head_time), if end == End::Open => {
                end = End::Idle;
                connection.as_mut().graceful_shutdown();
            }
            () = over => return,
        }
    };
    if let Err(error) = ended
        && let Some(why) = mistake(&error)
    {
        malformed::refused(&service, &why);
    }
}

/// What the client did against the protocol; none where it merely went away.
fn mistake(error: &hyper::Error) -> Option<String> {
    let found = error.source()?.downcast_ref::<h2::Error>()?;
    let is_ours = !found.is_io() && !found.is_remote();
    is_ours.then(|| format!("HTTP/2: {found}"))
}
