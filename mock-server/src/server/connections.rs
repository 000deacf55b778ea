//! Limits the number of connections. Above the limit, the one that is idle for longest makes room,
//! so that neither idle nor slow clients keep others out.

use rustc_hash::FxHashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use tokio::sync::Notify;

/// All connections of a server.
#[derive(Debug)]
pub struct Connections {
    open: Mutex<Open>,
    most: usize,
    most_of_a_peer: Option<usize>,
    since: Instant,
}

#[derive(Debug, Default)]
struct Open {
    by_number: FxHashMap<u64, Arc<Activity>>,
    /// How many of them have been asked to close.
    closing: usize,
    peers: FxHashMap<IpAddr, usize>,
    next: u64,
}

/// The activity of a connection.
#[derive(Debug, Default)]
struct Activity {
    /// When it was accepted or last got an answer, in milliseconds since the start.
    last: AtomicU64,
    /// The number of requests being answered.
    busy: AtomicUsize,
    is_closing: AtomicBool,
    close: Notify,
}

/// A connection's slot, which is released on drop.
#[derive(Debug)]
pub struct Place {
    all: Arc<Connections>,
    number: u64,
    peer: IpAddr,
    activity: Arc<Activity>,
}

/// Why there is no slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Full {
    /// Every connection is answering a request.
    Busy,
    /// The peer has reached its limit.
    Peer,
}

impl Full {
    /// The reason, as a sentence for the client.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Busy => "every connection is busy (--max-connections); try again",
            Self::Peer => "this address has too many connections (--max-connections-per-peer)",
        }
    }
}

impl Connections {
    /// Limits the number of connections, in all and for each address.
    pub fn new(most: usize, most_of_a_peer: Option<usize>) -> Self {
        Self {
            open: Mutex::default(),
            most,
            most_of_a_peer,
            since: Instant::now(),
        }
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> u64 {
        u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// A slot for a connection from `peer`; may close an idle connection to make room.
    pub fn admit(self: &Arc<Self>, peer: IpAddr) -> Result<Place, Full> {
        let mut open = self.open();
        let of_peer = open.peers.get(&peer).copied().unwrap_or(0);
        if self.most_of_a_peer.is_some_and(|most| of_peer >= most) {
            return Err(Full::Peer);
        }
        if open.by_number.len() - open.closing >= self.most {
            let idle = open.by_number.values().filter(|one| {
                one.busy.load(Ordering::Relaxed) == 0 && !one.is_closing.load(Ordering::Relaxed)
            });
            let idlest = idle.min_by_key(|one| one.last.load(Ordering::Relaxed));
            let Some(idlest) = idlest else {
                return Err(Full::Busy);
            };
            idlest.is_closing.store(true, Ordering::Relaxed);
            idlest.close.notify_one();
            open.closing += 1;
        }
        let number = open.next;
        open.next += 1;
        let activity = Arc::new(Activity::default());
        activity.last.store(self.now(), Ordering::Relaxed);
        open.by_number.insert(number, Arc::clone(&activity));
        open.peers.insert(peer, of_peer + 1);
        Ok(Place {
            all: Arc::clone(self),
            number,
            peer,
            activity,
        })
    }
}

impl Place {
    /// The address of the peer.
    pub fn peer(&self) -> IpAddr {
        self.peer
    }

    fn busy(&self, is_busy: bool) {
        let busy = &self.activity.busy;
        if is_busy {
            busy.fetch_add(1, Ordering::Relaxed);
        } else {
            self.activity.last.store(self.all.now(), Ordering::Relaxed);
            busy.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// Waits until the connection has to make room.
    pub async fn closed(&self) {
        self.activity.close.notified().await;
    }
}

/// Marks a request as being answered: until this is dropped, its connection is not closed to make
/// room.
#[derive(Debug)]
pub struct Busy(Arc<Place>);

impl Busy {
    /// Marks a complete request as being answered.
    pub fn new(place: Arc<Place>) -> Self {
        place.busy(true);
        Self(place)
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.busy(false);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.all.open();
        if let Some(activity) = open.by_number.remove(&self.number)
            && activity.is_closing.load(Ordering::Relaxed)
        {
            open.closing -= 1;
        }
        if let Some(count) = open.peers.get_mut(&self.peer) {
            *count -= 1;
            if *count == 0 {
                open.peers.remove(&self.peer);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    #[test]
    fn the_idlest_makes_room_and_the_busy_stay() {
        let peer = IpAddr::from(Ipv4Addr::LOCALHOST);
        let all = Arc::new(Connections::new(2, None));
        let one = all.admit(peer).unwrap();
        let two = all.admit(peer).unwrap();
        one.busy(true);
        let three = all.admit(peer).unwrap();
        let closing = |place: &Place| place.activity.is_closing.load(Ordering::Relaxed);
        assert!(!closing(&one) && closing(&two) && !closing(&three));
        three.busy(true);
        assert_eq!(all.admit(peer).unwrap_err(), Full::Busy);
        drop(two);
        assert_eq!(all.admit(peer).unwrap_err(), Full::Busy);
        drop(one);
        drop(all.admit(peer).unwrap());
        drop(three);
        assert!(all.open().by_number.is_empty() && all.open().peers.is_empty());
        assert_eq!(all.open().closing, 0);
    }

    #[test]
    fn one_address_may_have_so_many() {
        let all = Arc::new(Connections::new(10, Some(1)));
        let one = all.admit(Ipv4Addr::LOCALHOST.into()).unwrap();
        let again = all.admit(Ipv4Addr::LOCALHOST.into());
        assert_eq!(again.unwrap_err(), Full::Peer);
        assert!(all.admit(Ipv4Addr::UNSPECIFIED.into()).is_ok());
        drop(one);
        assert!(all.admit(Ipv4Addr::LOCALHOST.into()).is_ok());
    }
}
