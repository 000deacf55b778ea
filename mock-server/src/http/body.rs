//! The body of a request, read whole. What bodies that are still arriving hold is bounded, for one
//! and for all together: clients that send slowly, or never end, take no more than that.

use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::{Body as _, Incoming};
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::time::Duration;

/// The largest body the API reads (clause `http.body.size`).
pub const BODY_LIMIT: usize = 64 * 1024;
/// The largest body that is held in memory; of longer ones the rest is read and thrown away,
/// so that the client gets its answer instead of a reset.
const HELD: usize = 1024 * 1024;
const DISCARDED: usize = 64 * 1024 * 1024;
/// What all bodies that are still arriving hold together.
const ROOM: usize = 64 * 1024 * 1024;
/// How much of that is left to those that the API reads, when larger ones have taken the rest.
const RESERVED: usize = ROOM / 2;

/// The body, or why it could not be read.
#[derive(Debug, Clone)]
pub enum Body {
    /// Read whole.
    Read(Bytes),
    /// Too large to hold.
    TooLarge,
    /// It ended before its end, or was framed wrongly.
    BrokenOff,
    /// It stopped arriving.
    TimedOut,
}

/// Other bodies that are still arriving have taken all the room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoRoom;

/// The room for bodies that are still arriving.
#[derive(Debug)]
pub struct Room(AtomicUsize);

impl Default for Room {
    fn default() -> Self {
        Self(AtomicUsize::new(ROOM))
    }
}

/// What one body has taken of the room; it is free again when this is dropped.
struct Taken<'r> {
    room: &'r Room,
    bytes: usize,
}

impl Taken<'_> {
    /// Takes more.
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

/// What `reading` gives, unless it takes too long. Mostly the body came with the head, and is there
/// when it is looked for the second time: only then is a timer worth its cost.
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

/// Reads a body to its end, whatever is made of it.
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
            // Mostly it came in one piece: nothing is to be kept, or waited for.
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

/// A body without the byte-order mark that it may begin with: it says nothing (RFC 8259, section
/// 8.1), and whoever reads on would take it for a part of the first name.
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
