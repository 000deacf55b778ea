//! A connection that can be broken on purpose: hyper and the code that breaks it share the stream.
//! Its first bytes show which protocol the client speaks.

use crate::http::reply::Script;
use crate::server::default_responses;
use crate::server::wire::Wire;
use std::future::{Future as _, poll_fn};
use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Sleep;
use tokio_rustls::server::TlsStream;

/// The HTTP/2 preface of a client with prior knowledge (RFC 9113, section 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// hyper's side of a connection.
#[derive(Debug)]
pub struct Socket {
    shared: Arc<Line>,
    /// The timeout for a client that does not read; `None` while it reads.
    given_up: Option<Pin<Box<Sleep>>>,
    start: Start,
}

/// The first bytes, until the protocol is known.
#[derive(Debug)]
enum Start {
    /// These bytes may be the beginning of the HTTP/2 preface.
    Unknown(Vec<u8>),
    /// These bytes must be read before those from the wire.
    Kept(Vec<u8>),
    Known,
}

#[derive(Debug)]
struct Line {
    wire: Wire,
    /// How long a client may stop reading.
    patience: Duration,
    /// Part of a request has arrived.
    is_half_way: AtomicBool,
    /// The protocol, if it is not HTTP/1.
    other: OnceLock<Other>,
}

/// Protocols other than HTTP/1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Other {
    /// HTTP/2 with prior knowledge; these bytes belong to it.
    Http2(Vec<u8>),
    /// TLS on a plain connection.
    Tls,
}

impl Clone for Socket {
    fn clone(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
            given_up: None,
            start: Start::Known,
        }
    }
}

impl Socket {
    /// An accepted connection; `patience` is how long its client may stop reading.
    pub fn new(stream: TcpStream, patience: Duration) -> Self {
        Self::on(Wire::Plain(stream), patience)
    }

    /// An accepted TLS connection; `patience` is how long its client may stop reading.
    pub fn within_tls(stream: TlsStream<TcpStream>, patience: Duration) -> Self {
        Self::on(Wire::tls(stream), patience)
    }

    fn on(wire: Wire, patience: Duration) -> Self {
        Self {
            shared: Arc::new(Line {
                wire,
                patience,
                is_half_way: AtomicBool::new(false),
                other: OnceLock::new(),
            }),
            given_up: None,
            start: Start::Unknown(Vec::new()),
        }
    }

    /// This connection, with its protocol already known.
    pub fn known(self) -> Self {
        Self {
            start: Start::Known,
            ..self
        }
    }

    /// The protocol, if it is not HTTP/1.
    pub fn other(&self) -> Option<&Other> {
        self.shared.other.get()
    }

    /// This connection for another reader, which starts with bytes that were already read.
    pub fn beginning_with(&self, bytes: Vec<u8>) -> Self {
        Self {
            start: Start::Kept(bytes),
            ..self.clone()
        }
    }

    /// The head of a request has been read.
    pub fn begins_answer(&self) {
        self.shared.is_half_way.store(false, Ordering::Relaxed);
    }

    /// Whether part of a head has arrived.
    pub fn is_half_way(&self) -> bool {
        self.shared.is_half_way.load(Ordering::Relaxed)
    }

    /// Writes a last message to the client, if the buffer has room, and closes the write side.
    pub fn last_words(&self, words: &[u8]) {
        let _ = self.shared.wire.try_write(words);
        let mut context = Context::from_waker(std::task::Waker::noop());
        let _ = self.shared.wire.poll_shutdown(&mut context);
    }

    /// Plays a script. The connection is unusable after that.
    pub async fn play(&self, script: &Script) -> io::Result<()> {
        let Line { wire, patience, .. } = &*self.shared;
        for (pause, piece) in &script.pieces {
            if !pause.is_zero() {
                tokio::time::sleep(*pause).await;
            }
            let mut rest = &**piece;
            while !rest.is_empty() {
                let sent = poll_fn(|context| wire.poll_write(context, rest));
                let sent = tokio::time::timeout(*patience, sent).await??;
                rest = &rest[sent..];
            }
            let flushed = poll_fn(|context| wire.poll_flush(context));
            tokio::time::timeout(*patience, flushed).await??;
        }
        if script.reset {
            return wire.set_zero_linger();
        }
        let shut = poll_fn(|context| wire.poll_shutdown(context));
        tokio::time::timeout(*patience, shut).await?
    }

    /// Gives up on a client that does not read for too long.
    fn patient<T>(
        &mut self,
        context: &mut Context<'_>,
        done: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if done.is_ready() {
            self.given_up = None;
            return done;
        }
        let patience = self.shared.patience;
        let given_up = self
            .given_up
            .get_or_insert_with(|| Box::pin(tokio::time::sleep(patience)));
        ready!(given_up.as_mut().poll(context));
        Poll::Ready(Err(ErrorKind::TimedOut.into()))
    }

    fn poll_raw_read(
        &self,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(self.shared.wire.poll_read(context, buffer))?;
        if buffer.filled().len() > before {
            self.shared.is_half_way.store(true, Ordering::Relaxed);
        }
        Poll::Ready(Ok(()))
    }

    /// Reads the first bytes, which are held back as long as they could be the HTTP/2 preface.
    fn poll_start(
        &mut self,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            let before = buffer.filled().len();
            ready!(self.poll_raw_read(context, buffer))?;
            let new = &buffer.filled()[before..];
            let Start::Unknown(held) = &mut self.start else {
                return Poll::Ready(Ok(()));
            };
            let held = std::mem::take(held);
            let is_part = |bytes: &[u8]| !new.is_empty() && PREFACE.starts_with(bytes);
            if held.is_empty() && !new.starts_with(PREFACE) && !is_part(new) {
                // A handshake record, of any version (RFC 8446, section 5.1).
                if new.starts_with(&[0x16, 3]) {
                    let _ = self.shared.other.set(Other::Tls);
                }
                self.start = Start::Known;
                return Poll::Ready(Ok(()));
            }
            let all = [&held[..], new].concat();
            let is_part = is_part(&all) && all.len() < PREFACE.len();
            buffer.set_filled(before);
            if is_part {
                self.start = Start::Unknown(all);
            } else if all.starts_with(PREFACE) {
                self.start = Start::Known;
                let _ = self.shared.other.set(Other::Http2(all));
                // hyper has not read anything, so it ends silently.
                return Poll::Ready(Err(ErrorKind::Unsupported.into()));
            } else {
                self.start = Start::Kept(all);
                return Poll::Ready(Ok(()));
            }
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if matches!(self.start, Start::Unknown(_)) {
            ready!(self.poll_start(context, buffer))?;
            if !matches!(self.start, Start::Kept(_)) {
                return Poll::Ready(Ok(()));
            }
        }
        let Start::Kept(kept) = &mut self.start else {
            return self.poll_raw_read(context, buffer);
        };
        let count = kept.len().min(buffer.remaining());
        buffer.put_slice(&kept[..count]);
        kept.drain(..count);
        if kept.is_empty() {
            self.start = Start::Known;
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if let Some(sentence) = default_responses::in_place_of(bytes)
            && self.shared.wire.try_write(&sentence).is_ok()
        {
            return Poll::Ready(Ok(bytes.len()));
        }
        let sent = self.shared.wire.poll_write(context, bytes);
        self.patient(context, sent)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if let [only] = slices {
            return self.poll_write(context, only);
        }
        let sent = self.shared.wire.poll_write_vectored(context, slices);
        self.patient(context, sent)
    }

    fn is_write_vectored(&self) -> bool {
        self.shared.wire.is_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = self.shared.wire.poll_flush(context);
        match flushed {
            // The timeout of a pending write keeps running.
            Poll::Ready(_) => flushed,
            Poll::Pending => self.patient(context, flushed),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if matches!(self.other(), Some(Other::Http2(_))) {
            // The HTTP/2 reader goes on using the connection.
            return Poll::Ready(Ok(()));
        }
        let shut = self.shared.wire.poll_shutdown(context);
        self.patient(context, shut)
    }
}
