//! The threads that answer, each with a runtime of its own. A connection stays with the thread
//! that had the fewest when it came: nothing moves between processors but the merchants' state.

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

/// How long answers under way may take once the server was told to stop, if nothing else is said.
const DRAIN_TIME: Duration = Duration::from_millis(500);

/// The connections of one thread.
pub struct Worker {
    /// Each connection has a receiver as long as it lives.
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

    /// Lets answers under way come to their end, for a while.
    async fn drain(self, time: Duration) {
        let _ = self.stop.send(());
        let _ = tokio::time::timeout(time.max(DRAIN_TIME), self.stop.closed()).await;
    }
}

/// Another thread.
struct Mate {
    streams: UnboundedSender<(TcpStream, Place)>,
    load: Arc<AtomicUsize>,
    thread: JoinHandle<()>,
}

/// All threads; the first is the one that accepts.
pub struct Crew<H> {
    own: Worker,
    mates: Vec<Mate>,
    serving: Arc<Serving<H>>,
}

impl<H: Handle> Crew<H> {
    /// So many threads beside the caller's. One that cannot be started is done without.
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

    /// Gives a connection to the thread that has the fewest.
    pub fn take(&self, stream: tokio::net::TcpStream, place: Place) {
        let own = self.own.load.load(Ordering::Relaxed);
        let load = |mate: &&Mate| mate.load.load(Ordering::Relaxed);
        let fewest = self.mates.iter().min_by_key(load);
        if let Some(mate) = fewest.filter(|mate| load(mate) < own)
            && !mate.thread.is_finished()
        {
            // Counted from now on, so that the next one goes elsewhere.
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

    /// Lets answers under way come to their end, for a while, on all threads at once.
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
            // A panic in there has been logged already.
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
