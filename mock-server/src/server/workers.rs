//! The worker threads, each with its own runtime. A new connection goes to the thread with the
//! fewest and stays there, so that only the shared state moves between processors.

use crate::server::answer::{Handle, Serving};
use crate::server::connection::connection;
use crate::server::connections::Place;
use crate::server::runtime::runtime;
use std::io;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::watch;

/// The minimum time that pending answers get after the server was told to stop.
const DRAIN_TIME: Duration = Duration::from_millis(500);

/// The connections of one thread.
pub struct Worker {
    /// Each connection holds a receiver while it lives.
    stop: watch::Sender<()>,
    load: Arc<AtomicUsize>,
}

impl Worker {
    fn new(load: Arc<AtomicUsize>) -> Self {
        Self {
            stop: watch::Sender::new(()),
            load,
        }
    }

    /// Serves a connection on this thread.
    fn take<H: Handle>(
        &self,
        serving: Arc<Serving<H>>,
        stream: tokio::net::TcpStream,
        place: Place,
    ) {
        let load = Arc::clone(&self.load);
        load.fetch_add(1, Ordering::Relaxed);
        let served = connection(serving, stream, place, self.stop.subscribe());
        tokio::spawn(async move {
            served.await;
            load.fetch_sub(1, Ordering::Relaxed);
        });
    }

    /// Lets pending answers finish, for a limited time.
    async fn drain(self, time: Duration) {
        let _ = self.stop.send(());
        let _ = tokio::time::timeout(time.max(DRAIN_TIME), self.stop.closed()).await;
    }
}

/// Another worker thread.
struct Mate {
    streams: UnboundedSender<(TcpStream, Place)>,
    load: Arc<AtomicUsize>,
    thread: JoinHandle<()>,
}

/// All worker threads; the first is the one that accepts connections.
pub struct Workers<H> {
    own: Worker,
    mates: Vec<Mate>,
    serving: Arc<Serving<H>>,
}

impl<H: Handle> Workers<H> {
    /// Starts `beside` threads in addition to the caller's. A thread that cannot be started is
    /// skipped.
    pub fn new(serving: Arc<Serving<H>>, beside: usize) -> Self {
        let mut mates = Vec::new();
        for _ in 0..beside {
            let (streams, come) = unbounded_channel();
            let load = Arc::new(AtomicUsize::new(0));
            let (worker, serving) = (Worker::new(Arc::clone(&load)), Arc::clone(&serving));
            let thread = std::thread::Builder::new().name("flexiti-mock".to_owned());
            match thread.spawn(move || work(worker, &serving, come)) {
                Ok(thread) => mates.push(Mate {
                    streams,
                    load,
                    thread,
                }),
                Err(error) => {
                    tracing::warn!(%error, "cannot start a thread");
                    break;
                }
            }
        }
        Self {
            own: Worker::new(Arc::default()),
            mates,
            serving,
        }
    }

    /// Gives a connection to the thread with the fewest.
    pub fn take(&self, stream: tokio::net::TcpStream, place: Place) {
        let own = self.own.load.load(Ordering::Relaxed);
        let load = |mate: &&Mate| mate.load.load(Ordering::Relaxed);
        let running = self.mates.iter().filter(|mate| !mate.thread.is_finished());
        if let Some(mate) = running.min_by_key(load).filter(|mate| load(mate) < own) {
            // Count it right away, so that the next one goes to another thread.
            mate.load.fetch_add(1, Ordering::Relaxed);
            let sent = stream
                .into_std()
                .map(|stream| mate.streams.send((stream, place)));
            if !matches!(sent, Ok(Ok(()))) {
                mate.load.fetch_sub(1, Ordering::Relaxed);
            }
        } else {
            self.own.take(Arc::clone(&self.serving), stream, place);
        }
    }

    /// Lets pending answers finish on all threads at once, for a limited time.
    pub async fn drain(self) {
        let threads: Vec<JoinHandle<()>> = self
            .mates
            .into_iter()
            .map(|mate| {
                drop(mate.streams);
                mate.thread
            })
            .collect();
        self.own
            .drain(self.serving.service.app.limits.drain_time)
            .await;
        for thread in threads {
            // A panic in there has already been logged.
            let _ = thread.join();
        }
    }
}

fn work<H: Handle>(
    worker: Worker,
    serving: &Arc<Serving<H>>,
    mut come: UnboundedReceiver<(TcpStream, Place)>,
) {
    let runtime = match runtime() {
        Ok(runtime) => runtime,
        Err(error) => {
            tracing::error!("{error:#}");
            return;
        }
    };
    runtime.block_on(async {
        while let Some((stream, place)) = come.recv().await {
            let stream: io::Result<_> = tokio::net::TcpStream::from_std(stream);
            if let Ok(stream) = stream {
                worker.take(Arc::clone(serving), stream, place);
            }
            worker.load.fetch_sub(1, Ordering::Relaxed);
        }
        worker.drain(serving.service.app.limits.drain_time).await;
    });
    runtime.shutdown_background();
}
