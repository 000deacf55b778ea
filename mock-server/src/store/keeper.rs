//! Writes changes to a store: one thread writes the changes of all waiting requests together.
//!
//! If a write fails, its changes are rolled back: the requests that wait for it are refused, and
//! once no request is being answered, memory is restored from the file. Refused requests can
//! therefore be repeated.

use crate::store::file::File;
use crate::store::record::Write;
use crate::store::rows::Rows;
use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::watch;

/// How long to wait until a batch is as large as the last one, because its clients send their next
/// requests one after another. Without this pause, the first of them would occupy the disk and make
/// the others wait. A single client never waits.
const TOGETHER: Duration = Duration::from_micros(200);
/// The pause before the store is tried again after a failure.
const PAUSE: Duration = Duration::from_millis(500);

/// Writes changes to a store.
#[derive(Debug)]
pub struct Keeper {
    queue: Arc<Queue>,
    writing: Mutex<Option<JoinHandle<()>>>,
    place: String,
}

#[derive(Debug)]
struct Queue {
    asked: Mutex<Asked>,
    wake: Condvar,
    done: watch::Sender<Done>,
}

/// What the writing thread is asked to do.
#[derive(Debug, Default)]
struct Asked {
    /// The number of requests to store changes so far.
    count: u64,
    /// Writes in addition to the recorded changes.
    also: Vec<Write>,
    /// The number of requests being answered.
    inside: usize,
    /// Why requests are refused until the store can be written again.
    lost: Option<Lost>,
    is_over: bool,
}

/// A request being answered.
#[derive(Debug)]
pub struct Answering(Arc<Queue>);

impl Drop for Answering {
    fn drop(&mut self) {
        let mut asked = self.0.asked();
        asked.inside -= 1;
        if asked.inside == 0 && asked.lost.is_some() {
            self.0.wake.notify_all();
        }
    }
}

/// The memory of a server that stores it in a file.
pub trait FileMemory: Send + 'static {
    /// The changes since the last call, or everything.
    fn take(&mut self, wanted: Wanted) -> Vec<Write>;
    /// Replaces everything by what is stored.
    fn go_back(&mut self, kept: &dyn Rows) -> anyhow::Result<()>;
}

/// What the writing thread has done.
#[derive(Debug, Default, Clone)]
struct Done {
    /// The number of requests whose changes are stored.
    count: u64,
    batches: u64,
    failed: Option<Lost>,
}

/// What to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// The changes since the last write.
    Changes,
    /// Everything, because the file was deleted.
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

impl Queue {
    fn asked(&self) -> MutexGuard<'_, Asked> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits while `holds` is true, up to `time`.
    fn wait_while<'q>(
        &self,
        asked: MutexGuard<'q, Asked>,
        time: Duration,
        holds: impl Fn(&Asked) -> bool,
    ) -> MutexGuard<'q, Asked> {
        let waited = self.wake.wait_timeout_while(asked, time, |it| holds(it));
        waited.unwrap_or_else(PoisonError::into_inner).0
    }
}

impl Keeper {
    /// Starts to write the changes of `memory` to `file`.
    pub fn start(file: File, memory: impl FileMemory) -> anyhow::Result<Self> {
        let queue = Arc::new(Queue {
            asked: Mutex::default(),
            wake: Condvar::new(),
            done: watch::Sender::new(Done::default()),
        });
        let place = file.path().display().to_string();
        let writing = Writing {
            queue: Arc::clone(&queue),
            file,
            memory,
            also: Vec::new(),
            last: 0,
            failure: None,
        };
        let thread = std::thread::Builder::new().name("store".to_owned());
        let writing = thread.spawn(move || writing.run())?;
        Ok(Self {
            queue,
            writing: Mutex::new(Some(writing)),
            place,
        })
    }

    /// Begins to answer a request.
    pub fn enter(&self) -> Result<Answering, Lost> {
        let mut asked = self.queue.asked();
        if let Some(lost) = &asked.lost {
            return Err(lost.clone());
        }
        asked.inside += 1;
        Ok(Answering(Arc::clone(&self.queue)))
    }

    /// Waits until all changes so far are stored. Until then, the request counts as being answered.
    pub async fn keep(&self, _answering: Answering) -> Result<(), Lost> {
        let mut done = self.queue.done.subscribe();
        let ticket = {
            let mut asked = self.queue.asked();
            asked.count += 1;
            asked.count
        };
        self.queue.wake.notify_one();
        let settled = |done: &Done| done.count >= ticket || done.failed.is_some();
        match done.wait_for(settled).await {
            Ok(done) if done.count >= ticket => Ok(()),
            Ok(done) => Err(done.failed.clone().unwrap_or_else(gone)),
            Err(_) => Err(gone()),
        }
    }

    /// Queues a write, in addition to the recorded changes.
    pub fn also(&self, write: Write) {
        let mut asked = self.queue.asked();
        asked.also.push(write);
        asked.count += 1;
        drop(asked);
        self.queue.wake.notify_one();
    }

    /// Why nothing can be stored at the moment; `None` if it can.
    pub fn lost(&self) -> Option<Lost> {
        self.queue.done.borrow().failed.clone()
    }

    /// Where the store is.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// The number of writes so far.
    pub fn batches(&self) -> u64 {
        self.queue.done.borrow().batches
    }

    /// Writes what is left and closes the store.
    pub fn close(&self) {
        self.queue.asked().is_over = true;
        self.queue.wake.notify_one();
        let writing = self.writing.lock();
        let writing = writing.unwrap_or_else(PoisonError::into_inner).take();
        // That thread itself may drop the last reference to the memory.
        let own = std::thread::current().id();
        if let Some(writing) = writing.filter(|writing| writing.thread().id() != own) {
            // A panic in there has already been printed.
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
    Lost("the server is stopping".into())
}

/// A failed write.
#[derive(Debug)]
struct Failure {
    why: Lost,
    /// Whether memory has been restored from the file.
    is_back: bool,
}

/// The writing thread.
struct Writing<M> {
    queue: Arc<Queue>,
    file: File,
    memory: M,
    /// Writes in addition to the recorded changes.
    also: Vec<Write>,
    /// The number of requests in the last batch.
    last: u64,
    failure: Option<Failure>,
}

impl<M: FileMemory> Writing<M> {
    fn run(mut self) {
        loop {
            let (count, is_over) = self.wait();
            if is_over && self.failure.is_some() {
                // What is left has been refused.
                return;
            }
            match self.attempt() {
                Ok(some) => self.written(count, some),
                Err(error) => self.failed(&error),
            }
            if is_over {
                return;
            }
        }
    }

    /// Waits for something to do; returns the number of requests so far, and whether to stop.
    fn wait(&mut self) -> (u64, bool) {
        let queue = &self.queue;
        let done = queue.done.borrow().count;
        let mut asked = queue.asked();
        match &self.failure {
            None => {
                while asked.count == done && !asked.is_over {
                    let woken = queue.wake.wait(asked);
                    asked = woken.unwrap_or_else(PoisonError::into_inner);
                }
                let is_part = |it: &Asked| !it.is_over && it.count - done < self.last;
                asked = queue.wait_while(asked, TOGETHER, is_part);
            }
            Some(failure) => {
                asked = queue.wait_while(asked, PAUSE, |it| !it.is_over);
                if !failure.is_back {
                    // From then on, nothing changes memory.
                    let is_busy = |it: &Asked| !it.is_over && it.inside > 0;
                    asked = queue.wait_while(asked, Duration::from_secs(3_600), is_busy);
                }
            }
        }
        self.also.append(&mut asked.also);
        (asked.count, asked.is_over)
    }

    /// Writes the changes, or everything to a new file; returns whether there was anything to
    /// write.
    fn attempt(&mut self) -> anyhow::Result<bool> {
        // Somebody may delete the file to make room on the disk; memory holds everything for a new
        // one.
        if self.file.is_gone() {
            let mut writes = self.also.clone();
            writes.append(&mut self.memory.take(Wanted::All));
            self.file.write_anew(&writes)?;
            return Ok(true);
        }
        let mut writes = self.also.clone();
        if let Some(failure) = &mut self.failure {
            if !failure.is_back {
                self.file.open_again()?;
                self.memory.go_back(&self.file)?;
                failure.is_back = true;
            }
            // There may be nothing else to write, and the store has to be tried.
            writes.extend(self.file.remembered_writer());
        }
        let mut changes = self.memory.take(Wanted::Changes);
        if let Some(failure) = &mut self.failure {
            // If there are changes, memory differs from the file until they are written.
            failure.is_back = changes.is_empty();
        }
        writes.append(&mut changes);
        if writes.is_empty() {
            return Ok(false);
        }
        self.file.write(&writes)?;
        Ok(true)
    }

    fn written(&mut self, count: u64, some: bool) {
        self.also.clear();
        if self.failure.take().is_some() {
            tracing::info!("the store can be written again");
            self.queue.asked().lost = None;
        }
        let mut before = 0;
        self.queue.done.send_modify(|done| {
            before = std::mem::replace(&mut done.count, count);
            done.batches += u64::from(some);
            done.failed = None;
        });
        self.last = count - before;
    }

    fn failed(&mut self, error: &anyhow::Error) {
        let why = Lost(format!("{error:#}").into());
        let before = self.failure.take();
        if before.as_ref().is_none_or(|before| before.why != why) {
            tracing::error!("{why}");
        }
        self.failure = Some(Failure {
            why: why.clone(),
            is_back: before.is_some_and(|before| before.is_back),
        });
        self.queue.asked().lost = Some(why.clone());
        self.queue.done.send_modify(|done| done.failed = Some(why));
    }
}
