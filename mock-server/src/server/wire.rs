//! The bytes of a plain or TLS connection. Code that breaks an answer on purpose writes to the same
//! stream as hyper.

use std::io::{self, ErrorKind, IoSlice};
use std::net::Shutdown;
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};
use tokio::io::{AsyncRead as _, AsyncWrite as _, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

/// A connection's stream, shared by everything that writes to it.
#[derive(Debug)]
pub(super) enum Wire {
    Plain(TcpStream),
    /// Only one task uses it, so the lock is never contended.
    Tls(Box<Mutex<TlsStream<TcpStream>>>),
}

fn locked(tls: &Mutex<TlsStream<TcpStream>>) -> MutexGuard<'_, TlsStream<TcpStream>> {
    tls.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Wire {
    pub(super) fn tls(stream: TlsStream<TcpStream>) -> Self {
        Self::Tls(Box::new(Mutex::new(stream)))
    }

    pub(super) fn poll_read(
        &self,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let stream = match self {
            Self::Plain(stream) => stream,
            Self::Tls(tls) => return Pin::new(&mut *locked(tls)).poll_read(context, buffer),
        };
        loop {
            ready!(stream.poll_read_ready(context))?;
            match stream.try_read_buf(buffer) {
                Ok(_) => return Poll::Ready(Ok(())),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }

    pub(super) fn poll_write(
        &self,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self {
            Self::Plain(stream) => poll_send(stream, context, |stream| stream.try_write(bytes)),
            Self::Tls(tls) => Pin::new(&mut *locked(tls)).poll_write(context, bytes),
        }
    }

    pub(super) fn poll_write_vectored(
        &self,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self {
            Self::Plain(stream) => {
                poll_send(stream, context, |stream| stream.try_write_vectored(slices))
            }
            Self::Tls(tls) => Pin::new(&mut *locked(tls)).poll_write_vectored(context, slices),
        }
    }

    pub(super) fn poll_flush(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Plain(_) => Poll::Ready(Ok(())),
            Self::Tls(tls) => Pin::new(&mut *locked(tls)).poll_flush(context),
        }
    }

    /// Closes the write side.
    pub(super) fn poll_shutdown(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Plain(stream) => {
                let socket = socket2::SockRef::from(stream);
                Poll::Ready(socket.shutdown(Shutdown::Write))
            }
            Self::Tls(tls) => Pin::new(&mut *locked(tls)).poll_shutdown(context),
        }
    }

    /// Writes as much as the buffer has room for.
    pub(super) fn try_write(&self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Plain(stream) => stream.try_write(bytes).map(drop),
            Self::Tls(_) => {
                let mut context = Context::from_waker(Waker::noop());
                let Poll::Ready(written) = self.poll_write(&mut context, bytes) else {
                    return Err(ErrorKind::WouldBlock.into());
                };
                written?;
                // What cannot be flushed now is sent later.
                let _ = self.poll_flush(&mut context);
                Ok(())
            }
        }
    }

    /// Makes closing the connection reset it.
    pub(super) fn set_zero_linger(&self) -> io::Result<()> {
        match self {
            Self::Plain(stream) => stream.set_zero_linger(),
            Self::Tls(tls) => locked(tls).get_ref().0.set_zero_linger(),
        }
    }

    /// Whether vectored writes are efficient.
    pub(super) fn is_vectored(&self) -> bool {
        matches!(self, Self::Plain(_))
    }
}

fn poll_send(
    stream: &TcpStream,
    context: &mut Context<'_>,
    send: impl Fn(&TcpStream) -> io::Result<usize>,
) -> Poll<io::Result<usize>> {
    loop {
        ready!(stream.poll_write_ready(context))?;
        match send(stream) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            done => return Poll::Ready(done),
        }
    }
}
