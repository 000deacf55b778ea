//! What happens in the server, for whoever watches. A request only leaves word that something
//! happened; a thread of its own writes each event once, and all watchers get the same bytes.

use bytes::Bytes;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use tokio::sync::broadcast::{self, Receiver};

/// How many changes may wait to be told; when there are more, watchers hear that they missed some.
const CHANGES: usize = 1_024;
/// How many batches a watcher may be behind before it is told that it missed something.
const BATCHES: usize = 64;

/// What the admin API changed: the data of a `change` event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Change {
    /// What is to be asked for anew.
    pub what: What,
    /// Client id; absent if it concerns all merchants.
    pub client_id: Option<String>,
}

/// What can be changed.
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

/// Events in their wire form, those of one moment together.
#[derive(Debug, Default)]
pub struct Batch {
    /// The text of all of them.
    pub text: Bytes,
    /// Which part of it is which event.
    pub told: Vec<Told>,
    /// The server stops: nothing comes after it.
    pub closing: bool,
}

/// One event of a batch.
#[derive(Debug)]
pub struct Told {
    /// The exchange that it is about.
    pub id: Option<u64>,
    /// Whom it concerns; everybody if absent.
    pub client_id: Option<Arc<str>>,
    /// Exchanges are counted from one again.
    pub resets: bool,
    /// Its part of the text.
    pub text: Range<usize>,
}

/// What a watcher wants to see.
#[derive(Debug)]
pub struct Watch {
    /// Whose exchanges and changes; everybody's if absent.
    pub client_id: Option<String>,
    /// The exchanges after the one with this id.
    pub after: u64,
    /// Where what happens is told.
    pub news: Receiver<Arc<Batch>>,
}

/// Word of what happened, and the watchers.
#[derive(Debug)]
pub struct Events {
    pending: Mutex<Pending>,
    more: Condvar,
    /// Spares most requests the lock.
    recorded: AtomicBool,
    batches: broadcast::Sender<Arc<Batch>>,
    watchers: usize,
}

/// What happened since it was last asked.
#[derive(Debug, Default)]
pub struct Pending {
    /// What was changed.
    pub changes: Vec<Change>,
    /// There were more changes than could be kept.
    pub missed: bool,
    /// The server stops.
    pub closing: bool,
    /// Somebody has taken it on to tell.
    is_told: bool,
}

impl Events {
    /// No events, and room for so many watchers.
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

    /// Whatever is told from now on, unless there are too many watchers already.
    pub fn watch(&self) -> Option<Receiver<Arc<Batch>>> {
        let _one_at_a_time = self.pending();
        (self.batches.receiver_count() < self.watchers).then(|| self.batches.subscribe())
    }

    /// How many may watch.
    pub fn most_watchers(&self) -> usize {
        self.watchers
    }

    /// The journal has a new exchange.
    pub fn recorded(&self) {
        if self.batches.receiver_count() > 0 && !self.recorded.swap(true, Ordering::AcqRel) {
            // With the lock, so that whoever is about to wait does not miss it.
            let _pending = self.pending();
            self.more.notify_all();
        }
    }

    /// The admin API changed something.
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

    /// The server stops.
    pub fn close(&self) {
        self.pending().closing = true;
        self.more.notify_all();
    }

    /// Whether the server stops.
    pub fn is_closing(&self) -> bool {
        self.pending().closing
    }

    /// Whether the caller is the first, who is to tell what happens.
    pub fn is_first_to_tell(&self) -> bool {
        !std::mem::replace(&mut self.pending().is_told, true)
    }

    /// Waits until something happened, and takes it.
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

    /// Tells all watchers.
    pub fn tell(&self, batch: Batch) {
        // Nobody listens any more: nothing to say.
        let _ = self.batches.send(Arc::new(batch));
    }
}
