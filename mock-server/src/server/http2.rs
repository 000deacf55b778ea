//! HTTP/2 on one connection. It has the same limits as HTTP/1: a connection without streams counts
//! as idle, a stream as a request, and breaking an answer breaks only its stream.

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

/// The maximum number of concurrent requests on a connection.
const STREAMS: u32 = 100;
/// How many streams a client may open and reset before they are accepted.
const RESETS: usize = 20;
/// How many bytes of bodies may arrive before they are read, for a stream and for the connection.
const STREAM_WINDOW: u32 = 64 * 1024;
const CONNECTION_WINDOW: u32 = 1024 * 1024;

/// How long a client has to notice that the server is stopping.
const FAREWELL: Duration = Duration::from_millis(200);

/// Why a connection takes no more requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// It still takes requests.
    Open,
    /// It had none for too long.
    Idle,
    /// The server is stopping.
    Stop,
}

/// Answers the request of a stream. Boxed, so that HTTP/2 is compiled only once.
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
        // While an answer is streamed, nothing else shows that the client is gone.
        .keep_alive_interval(limits.head_time)
        .keep_alive_timeout(limits.write_time)
        .serve_connection(TokioIo::new(socket), each);
    let mut connection = pin!(connection);
    let mut end = End::Open;
    let ended = loop {
        // Give up on a client that does not close the connection.
        let over = async {
            match end {
                End::Open => pending().await,
                // The client may not have read the last answer yet.
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

/// How the client violated the protocol; `None` if it just disconnected.
fn mistake(error: &hyper::Error) -> Option<String> {
    let found = error.source()?.downcast_ref::<h2::Error>()?;
    let is_ours = !found.is_io() && !found.is_remote();
    is_ours.then(|| format!("HTTP/2: {found}"))
}
