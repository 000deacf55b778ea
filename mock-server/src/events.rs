//! Events for watchers. A request only signals that something happened; a separate thread formats
//! each event once, and all watchers get the same bytes.

use bytes::Bytes;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use tokio::sync::broadcast::{self, Receiver};

/// How many changes may be pending; beyond that, watchers are told that they missed some.
const CHANGES: usize = 1_024;
/// How many batches a watcher may lag behind before it is told that it missed some.
const BATCHES: usize = 64;

/// What the admin API changed: the data of a `change` event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Change {
    /// What to fetch again.
    pub what: What,
    /// Client id; absent if it concerns all merchants.
    pub client_id: Option<String>,
}

/// What can change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum What {
    Merchants,
    Orders,
    Faults,
    Clock,
    Dialect,
    Reset,
}

/// Events in wire format, batched.
#[derive(Debug, Default)]
pub struct Batch {
    /// The text of all events.
    pub text: Bytes,
    /// The events, each with its part of the text.
    pub told: Vec<Told>,
    /// The server is stopping: this is the last batch.
    pub closing: bool,
}

/// One event of a batch.
#[derive(Debug)]
pub struct Told {
    /// The exchange that the event is about.
    pub id: Option<u64>,
    /// The merchant that it concerns; all if absent.
    pub client_id: Option<Arc<str>>,
    /// The ids of exchanges start at one again.
    pub resets: bool,
    /// Its part of the text.
    pub text: Range<usize>,
}

/// What a watcher subscribes to.
#[derive(Debug)]
pub struct Watch {
    /// The merchant whose exchanges and changes it gets; all merchants if absent.
    pub client_id: Option<String>,
    /// Only exchanges after the one with this id.
    pub after: u64,
    /// Receives the events.
    pub news: Receiver<Arc<Batch>>,
}

/// Pending events and their watchers.
#[derive(Debug)]
pub struct Events {
    pending: Mutex<Pending>,
    more: Condvar,
    /// Set if an exchange is pending, so that most requests need not take the lock.
    recorded: AtomicBool,
    batches: broadcast::Sender<Arc<Batch>>,
    watchers: usize,
}

/// What happened since the last call of [`Events::next`].
#[derive(Debug, Default)]
pub struct Pending {
    /// The pending changes.
    pub changes: Vec<Change>,
    /// There were more changes than could be kept.
    pub missed: bool,
    /// The server is stopping.
    pub closing: bool,
    /// A thread delivers events already.
    is_told: bool,
}

impl Events {
    /// No events yet, and at most this many watchers.
    pub fn new(watchers: usize) -> Self {
        Self {
            pending: Mutex::default(),
            more: Condvar::new(),
            recorded: AtomicBool::new(false),
            batches: broadcast::Sender::new(BATCHES),
            watchers,
        }
    }

    fn pending(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Subscribes to events from now on; `None` if there are too many watchers.
    pub fn watch(&self) -> Option<Receiver<Arc<Batch>>> {
        let _one_at_a_time = self.pending();
        (self.batches.receiver_count() < self.watchers).then(|| self.batches.subscribe())
    }

    /// The maximum number of watchers.
    pub fn most_watchers(&self) -> usize {
        self.watchers
    }

    /// Signals that the journal has a new exchange.
    pub fn recorded(&self) {
        if self.batches.receiver_count() > 0 && !self.recorded.swap(true, Ordering::AcqRel) {
            // Take the lock, so that a thread about to wait does not miss the signal.
            let _pending = self.pending();
            self.more.notify_all();
        }
    }

    /// Records a change made by the admin API.
    pub fn changed(&self, change: Change) {
        if self.batches.receiver_count() == 0 {
            return;
        }
        let mut pending = self.pending();
        if pending.changes.len() < CHANGES {
            pending.changes.push(change);
        } else {
            pending.missed = true;
        }
        self.more.notify_all();
    }

    /// Signals that the server is stopping.
    pub fn close(&self) {
        self.pending().closing = true;
        self.more.notify_all();
    }

    /// Whether the server is stopping.
    pub fn is_closing(&self) -> bool {
        self.pending().closing
    }

    /// Whether the caller is the first, and therefore has to deliver the events.
    pub fn is_first_to_tell(&self) -> bool {
        !std::mem::replace(&mut self.pending().is_told, true)
    }

    /// Waits until something happens, and takes it.
    pub fn next(&self) -> Pending {
        let mut pending = self.pending();
        loop {
            let recorded = self.recorded.swap(false, Ordering::AcqRel);
            if recorded || pending.closing || pending.missed || !pending.changes.is_empty() {
                return Pending {
                    changes: std::mem::take(&mut pending.changes),
                    missed: std::mem::take(&mut pending.missed),
                    closing: pending.closing,
                    is_told: true,
                };
            }
            let woken = self.more.wait(pending);
            pending = woken.unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Sends a batch to all watchers.
    pub fn tell(&self, batch: Batch) {
        // An error means that there are no watchers.
        let _ = self.batches.send(Arc::new(batch));
    }
}
