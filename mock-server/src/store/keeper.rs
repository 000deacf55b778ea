//! Keeps what has changed: one thread writes the changes of all requests that wait together.

use crate::store::file::File;
use crate::store::record::Write;
use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::watch;

/// How long after a failure the store is tried again.
const PAUSE: Duration = Duration::from_millis(500);

/// Keeps what has changed in a store.
#[derive(Debug)]
pub struct Keeper {
    shared: Arc<Shared>,
    writing: Mutex<Option<JoinHandle<()>>>,
    place: String,
}

#[derive(Debug)]
struct Shared {
    asked: Mutex<Asked>,
    wake: Condvar,
    done: watch::Sender<Done>,
}

/// What is asked of the thread that writes.
#[derive(Debug, Default)]
struct Asked {
    /// How many have asked.
    count: u64,
    /// What is to be written in addition to the recorded changes.
    also: Vec<Write>,
    is_over: bool,
}

/// What it has done.
#[derive(Debug, Default, Clone)]
struct Done {
    /// For how many all is kept.
    count: u64,
    batches: u64,
    failed: Option<Lost>,
}

/// What is to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// What has changed since.
    Changes,
    /// All that there is: the file is gone.
    All,
}

/// The store cannot be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lost(pub Arc<str>);

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the store cannot be used: {}", self.0)
    }
}

impl Shared {
    fn asked(&self) -> MutexGuard<'_, Asked> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Keeper {
    /// Writes to `file` what `take` gives: what has changed since it was last called, or all that
    /// there is.
    pub fn start(
        file: File,
        take: impl FnMut(Wanted) -> Vec<Write> + Send + 'static,
    ) -> anyhow::Result<Self> {
        let shared = Arc::new(Shared {
            asked: Mutex::default(),
            wake: Condvar::new(),
            done: watch::Sender::new(Done::default()),
        });
        let place = file.path().display().to_string();
        let writer = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name("store".to_owned());
        let writing = thread.spawn(move || run(&writer, file, take))?;
        Ok(Self {
            shared,
            writing: Mutex::new(Some(writing)),
            place,
        })
    }

    /// Waits until all that has changed so far is kept.
    pub async fn keep(&self) -> Result<(), Lost> {
        let mut done = self.shared.done.subscribe();
        let ticket = {
            let mut asked = self.shared.asked();
            asked.count += 1;
            asked.count
        };
        self.shared.wake.notify_one();
        let settled = |done: &Done| done.count >= ticket || done.failed.is_some();
        match done.wait_for(settled).await {
            Ok(done) if done.count >= ticket => Ok(()),
            Ok(done) => Err(done.failed.clone().unwrap_or_else(gone)),
            Err(_) => Err(gone()),
        }
    }

    /// Queues a write, in addition to the recorded changes.
    pub fn also(&self, write: Write) {
        let mut asked = self.shared.asked();
        asked.also.push(write);
        asked.count += 1;
        drop(asked);
        self.shared.wake.notify_one();
    }

    /// Why nothing can be kept at the moment, if that is so.
    pub fn lost(&self) -> Option<Lost> {
        self.shared.done.borrow().failed.clone()
    }

    /// Where the store is.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// How often it has been written.
    pub fn batches(&self) -> u64 {
        self.shared.done.borrow().batches
    }

    /// Writes what is left, and gives the store up.
    pub fn close(&self) {
        self.shared.asked().is_over = true;
        self.shared.wake.notify_one();
        let writing = self.writing.lock();
        let writing = writing.unwrap_or_else(PoisonError::into_inner).take();
        if let Some(writing) = writing {
            // A panic in there has been printed already.
            let _ = writing.join();
        }
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.close();
    }
}

fn gone() -> Lost {
    Lost("the server ends".into())
}

fn run(shared: &Shared, mut file: File, mut take: impl FnMut(Wanted) -> Vec<Write>) {
    let mut writes = Vec::new();
    let mut failed = None;
    loop {
        let mut asked = shared.asked();
        let done = shared.done.borrow().count;
        while asked.count == done && !asked.is_over && failed.is_none() {
            asked = shared
                .wake
                .wait(asked)
                .unwrap_or_else(PoisonError::into_inner);
        }
        if failed.is_some() && !asked.is_over {
            let waited = shared.wake.wait_timeout_while(asked, PAUSE, |a| !a.is_over);
            asked = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        let (count, is_over) = (asked.count, asked.is_over);
        // Whoever makes room on a disk may delete it; what is in memory makes a whole store again.
        let is_gone = file.is_gone();
        if is_gone {
            writes.clear();
        }
        writes.append(&mut asked.also);
        drop(asked);
        let written = if is_gone {
            writes.append(&mut take(Wanted::All));
            file.write_anew(&writes)
        } else {
            writes.append(&mut take(Wanted::Changes));
            if writes.is_empty() && failed.is_none() {
                Ok(())
            } else {
                file.write(&writes)
            }
        };
        match written {
            Ok(()) => {
                if failed.take().is_some() {
                    tracing::info!("the store can be written again");
                }
                shared.done.send_modify(|done| {
                    done.count = count;
                    done.batches += u64::from(!writes.is_empty());
                    done.failed = None;
                });
                writes.clear();
            }
            Err(error) => {
                let why = Lost(format!("{error:#}").into());
                if failed.as_ref() != Some(&why) {
                    tracing::error!("{why}");
                }
                failed = Some(why);
                let failed = failed.clone();
                shared.done.send_modify(|done| done.failed = failed);
            }
        }
        if is_over {
            return;
        }
    }
}
