//! A connection that can be broken on purpose: hyper and whoever breaks it share the stream.

use crate::http::reply::Script;
use crate::server::own_words;
use std::future::Future as _;
use std::io::{self, ErrorKind, IoSlice};
use std::net::Shutdown;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Sleep;

/// hyper's side of a connection.
#[derive(Debug)]
pub struct Socket {
    shared: Arc<Shared>,
    /// When a client that does not read is given up; none while it reads.
    given_up: Option<Pin<Box<Sleep>>>,
}

#[derive(Debug)]
struct Shared {
    stream: TcpStream,
    /// How long a client may not read.
    patience: Duration,
    /// Something came that is no whole request yet.
    is_half_way: AtomicBool,
}

impl Clone for Socket {
    fn clone(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
            given_up: None,
        }
    }
}

impl Socket {
    /// A connection that was accepted, whose client may not read for so long.
    pub fn new(stream: TcpStream, patience: Duration) -> Self {
        Self {
            shared: Arc::new(Shared {
                stream,
                patience,
                is_half_way: AtomicBool::new(false),
            }),
            given_up: None,
        }
    }

    /// The head of a request was read.
    pub fn begins_answer(&self) {
        self.shared.is_half_way.store(false, Ordering::Relaxed);
    }

    /// Whether a part of a head has come.
    pub fn is_half_way(&self) -> bool {
        self.shared.is_half_way.load(Ordering::Relaxed)
    }

    /// Writes what the client is to read before the connection closes, if there is room for it.
    pub fn last_words(&self, words: &[u8]) {
        let _ = self.shared.stream.try_write(words);
        let _ = self.shut();
    }

    /// Plays a script. The connection is good for nothing after that.
    pub async fn play(&self, script: Script) -> io::Result<()> {
        for (pause, piece) in script.pieces {
            if !pause.is_zero() {
                tokio::time::sleep(pause).await;
            }
            let mut rest = &*piece;
            while !rest.is_empty() {
                let writable = self.shared.stream.writable();
                tokio::time::timeout(self.shared.patience, writable).await??;
                match self.shared.stream.try_write(rest) {
                    Ok(sent) => rest = &rest[sent..],
                    Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                    Err(error) => return Err(error),
                }
            }
        }
        if script.reset {
            self.shared.stream.set_zero_linger()
        } else {
            self.shut()
        }
    }

    fn shut(&self) -> io::Result<()> {
        socket2::SockRef::from(&self.shared.stream).shutdown(Shutdown::Write)
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            ready!(self.shared.stream.poll_read_ready(context))?;
            match self.shared.stream.try_read_buf(buffer) {
                Ok(count) => {
                    if count > 0 {
                        self.shared.is_half_way.store(true, Ordering::Relaxed);
                    }
                    return Poll::Ready(Ok(()));
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }
}

impl Socket {
    fn poll_send(
        &mut self,
        context: &mut Context<'_>,
        send: impl Fn(&TcpStream) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        loop {
            match self.shared.stream.poll_write_ready(context) {
                Poll::Ready(ready) => ready?,
                Poll::Pending => {
                    let patience = self.shared.patience;
                    let given_up = self
                        .given_up
                        .get_or_insert_with(|| Box::pin(tokio::time::sleep(patience)));
                    ready!(given_up.as_mut().poll(context));
                    return Poll::Ready(Err(ErrorKind::TimedOut.into()));
                }
            }
            match send(&self.shared.stream) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                done => {
                    self.given_up = None;
                    return Poll::Ready(done);
                }
            }
        }
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if let Some(sentence) = own_words::in_place_of(bytes)
            && self.shared.stream.try_write(&sentence).is_ok()
        {
            return Poll::Ready(Ok(bytes.len()));
        }
        self.poll_send(context, |stream| stream.try_write(bytes))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if let [only] = slices {
            return self.poll_write(context, only);
        }
        self.poll_send(context, |stream| stream.try_write_vectored(slices))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.shut())
    }
}
