//! The streams of an HTTP/2 connection: counting open ones, and breaking their answers on purpose.

use crate::http::reply::{Reply, ReplyBody, StreamScript};
use bytes::Bytes;
use http_body_util::channel::{Channel, Sender};
use hyper::header::{CONTENT_LENGTH, HeaderValue};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// The streams of one connection.
#[derive(Debug)]
pub(super) struct Streams {
    open: AtomicUsize,
    since: Instant,
    /// When the last one ended, in milliseconds.
    last: AtomicU64,
}

/// A stream whose answer is not complete yet.
#[derive(Debug)]
pub(super) struct Open(Arc<Streams>);

impl Streams {
    pub(super) fn new() -> Self {
        Self {
            open: AtomicUsize::new(0),
            since: Instant::now(),
            last: AtomicU64::new(0),
        }
    }

    pub(super) fn open(self: &Arc<Self>) -> Open {
        self.open.fetch_add(1, Ordering::Relaxed);
        Open(Arc::clone(self))
    }

    fn now(&self) -> u64 {
        u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Waits until no stream was open for `time`.
    pub(super) async fn idle(&self, time: Duration) {
        loop {
            let mut left = time;
            if self.open.load(Ordering::Relaxed) == 0 {
                let last = Duration::from_millis(self.last.load(Ordering::Relaxed));
                let quiet = self.since.elapsed().saturating_sub(last);
                left = time.saturating_sub(quiet);
                if left.is_zero() {
                    return;
                }
            }
            tokio::time::sleep(left).await;
        }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.last.store(self.0.now(), Ordering::Relaxed);
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A deliberately broken answer. `open` lives as long as the stream.
pub(super) fn broken(
    mut reply: Reply,
    script: StreamScript,
    patience: Duration,
    open: impl Send + 'static,
) -> io::Result<hyper::Response<ReplyBody>> {
    let StreamScript::Body {
        pieces,
        length,
        ends,
    } = script
    else {
        // Makes hyper reset the stream.
        return Err(io::ErrorKind::ConnectionAborted.into());
    };
    reply.body = Bytes::new();
    let (sender, stream) = Channel::new(1);
    let mut response = reply.streaming(stream);
    let headers = response.headers_mut();
    headers
        .entry(CONTENT_LENGTH)
        .or_insert_with(|| HeaderValue::from(length));
    tokio::spawn(async move {
        send(sender, pieces, ends, patience).await;
        drop(open);
    });
    Ok(response)
}

async fn send(
    mut out: Sender<Bytes, io::Error>,
    pieces: Vec<(Duration, Bytes)>,
    ends: bool,
    patience: Duration,
) {
    for (pause, piece) in pieces {
        if !pause.is_zero() {
            tokio::time::sleep(pause).await;
        }
        let sent = tokio::time::timeout(patience, out.send_data(piece)).await;
        if !matches!(sent, Ok(Ok(()))) {
            return;
        }
    }
    if !ends {
        // Let the client receive what was sent before the reset.
        tokio::time::sleep(Duration::from_millis(1)).await;
        out.abort(io::ErrorKind::ConnectionAborted.into());
    }
}
