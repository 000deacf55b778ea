//! Reading the whole body of a request. The memory for bodies still arriving is bounded, for each
//! and for all together, so that slow or endless ones cannot exhaust it.

use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::{Body as _, Incoming};
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::time::Duration;

/// The largest body that the API reads, in bytes (clause `http.body.size`).
pub const BODY_LIMIT: usize = 64 * 1024;
/// The largest body held in memory, in bytes. The rest of a longer one is read and discarded, so
/// that the client gets an answer instead of a reset.
const HELD: usize = 1024 * 1024;
const DISCARDED: usize = 64 * 1024 * 1024;
/// The memory for all bodies still arriving, in bytes.
const ROOM: usize = 64 * 1024 * 1024;
/// The part of it that only bodies within the API's limit may use.
const RESERVED: usize = ROOM / 2;

/// The body, or why it could not be read.
#[derive(Debug, Clone)]
pub enum Body {
    /// The complete body.
    Read(Bytes),
    /// Too large to hold.
    TooLarge,
    /// It ended early, or its framing is invalid.
    BrokenOff,
    /// It stopped arriving.
    TimedOut,
}

/// Other arriving bodies use all the memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoRoom;

/// The memory left for bodies still arriving, in bytes.
#[derive(Debug)]
pub struct Room(AtomicUsize);

impl Default for Room {
    fn default() -> Self {
        Self(AtomicUsize::new(ROOM))
    }
}

/// The memory that one body uses; it is freed on drop.
struct Taken<'r> {
    room: &'r Room,
    bytes: usize,
}

impl Taken<'_> {
    /// Reserves more memory.
    fn more(&mut self, bytes: usize) -> Result<(), NoRoom> {
        let is_small = self.bytes + bytes <= BODY_LIMIT;
        let reserved = if is_small { 0 } else { RESERVED };
        let less = |left: usize| left.checked_sub(bytes).filter(|left| *left >= reserved);
        let room = &self.room.0;
        room.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less)
            .map_err(|_| NoRoom)?;
        self.bytes += bytes;
        Ok(())
    }

    fn give_back(&mut self) {
        let bytes = std::mem::take(&mut self.bytes);
        if bytes > 0 {
            self.room.0.fetch_add(bytes, Ordering::Relaxed);
        }
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        self.give_back();
    }
}

/// The result of `reading`, or `None` if it takes too long. Usually the body arrived with the head
/// and is there on the second poll, so a timer is only set up after that.
pub(super) async fn in_time<T>(time: Duration, reading: impl Future<Output = T>) -> Option<T> {
    let mut reading = pin!(reading);
    let mut was_polled = false;
    let soon = poll_fn(|context| match reading.as_mut().poll(context) {
        Poll::Ready(read) => Poll::Ready(Some(read)),
        Poll::Pending if was_polled => Poll::Ready(None),
        Poll::Pending => {
            was_polled = true;
            context.waker().wake_by_ref();
            Poll::Pending
        }
    });
    match soon.await {
        Some(read) => Some(read),
        None => tokio::time::timeout(time, reading).await.ok(),
    }
}

/// Reads a body to its end, even if it is not kept.
pub(super) async fn read(incoming: Incoming, room: &Room) -> Result<Body, NoRoom> {
    let mut limited = Limited::new(incoming, DISCARDED);
    let mut held = Bytes::new();
    let mut taken = Taken { room, bytes: 0 };
    let mut given_up = None;
    while let Some(frame) = limited.frame().await {
        let Ok(frame) = frame else {
            return Ok(Body::BrokenOff);
        };
        let Ok(data) = frame.into_data() else {
            continue;
        };
        if given_up.is_some() {
            continue;
        }
        if held.len() + data.len() > HELD {
            given_up = Some(Ok(Body::TooLarge));
        } else if held.is_empty() && limited.is_end_stream() {
            // Usually it came in one piece: nothing to copy or to wait for.
            return Ok(Body::Read(without_mark(data)));
        } else if taken.more(data.len()).is_err() {
            given_up = Some(Err(NoRoom));
        }
        if given_up.is_some() {
            held = Bytes::new();
            taken.give_back();
            continue;
        }
        held = if held.is_empty() {
            data
        } else {
            let mut more = BytesMut::from(held);
            more.extend_from_slice(&data);
            more.freeze()
        };
    }
    given_up.unwrap_or_else(|| Ok(Body::Read(without_mark(held))))
}

/// Removes a leading byte-order mark, which carries no meaning (RFC 8259, section 8.1) and would be
/// taken for part of the first name.
fn without_mark(body: Bytes) -> Bytes {
    if body.starts_with(b"\xef\xbb\xbf") {
        body.slice(3..)
    } else {
        body
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_bodies_leave_room_for_those_that_the_api_reads() {
        let room = Room::default();
        let nothing = || Taken {
            room: &room,
            bytes: 0,
        };
        let mut large: Vec<Taken<'_>> = Vec::new();
        loop {
            let mut one = nothing();
            if one.more(HELD).is_err() {
                break;
            }
            large.push(one);
        }
        assert_eq!(large.len(), (ROOM - RESERVED) / HELD);
        let mut small: Vec<Taken<'_>> = Vec::new();
        loop {
            let mut one = nothing();
            if one.more(BODY_LIMIT).is_err() {
                break;
            }
            assert_eq!(one.more(1), Err(NoRoom));
            small.push(one);
        }
        assert_eq!(small.len(), RESERVED / BODY_LIMIT);
        drop(large);
        assert_eq!(nothing().more(BODY_LIMIT), Ok(()));
        drop(small);
        assert_eq!(room.0.load(Ordering::Relaxed), ROOM);
    }
}
