//! Files read again: on SIGHUP, and with `--watch` when they change.

#[cfg(unix)]
use crate::cli::exec::signals::is_ignored;
use crate::cli::systemd;
use crate::files::{LOOK, Watched};
use crate::pipeline::Service;
use crate::server::reload::Sources;
use crate::server::tls::Tls;
use std::fs::File;
use std::future::pending;
use std::io;
use std::sync::Arc;
#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};

/// What a server reads again.
#[derive(Debug, Clone)]
pub struct Reload {
    service: Arc<Service>,
    tls: Option<Arc<Tls>>,
    sources: Sources,
}

impl Reload {
    pub fn new(service: &Arc<Service>, tls: Option<&Arc<Tls>>, sources: Sources) -> Self {
        Self {
            service: Arc::clone(service),
            tls: tls.cloned(),
            sources,
        }
    }

    /// Whether there is a file that could have changed.
    pub fn has_files(&self) -> bool {
        let is_secured = self.tls.as_ref().is_some_and(|tls| tls.is_from_files());
        is_secured || !self.sources.files(&self.service.app).is_empty()
    }

    /// Reads everything again.
    pub async fn run(&self) {
        systemd::reloading();
        self.read(true).await;
        systemd::ready();
    }

    async fn read(&self, certificate: bool) {
        let app = &self.service.app;
        // At a store that is shared, what follows for the merchants is written in a turn.
        let entry = match app.enter().await {
            Ok(entry) => entry,
            Err(lost) => {
                tracing::error!("nothing was read again: {lost}");
                return;
            }
        };
        let all = self.clone();
        // Compiling a dialect takes long: others are answered meanwhile.
        let read = tokio::task::spawn_blocking(move || {
            all.sources.reload(&all.service);
            if let Some(tls) = all.tls.filter(|_| certificate) {
                tls.reload(&all.service.metrics);
            }
        });
        // A panic in there has been logged already.
        let _ = read.await;
        if let Err(lost) = app.keep(entry).await {
            tracing::error!("what was read again could not be kept: {lost}");
        }
    }

    /// Reads configuration and dialects again when they change from what they are now; for ever.
    /// The certificate's files are watched anyway.
    pub fn watch(self) -> impl Future<Output = ()> + Send {
        let files = move |reload: &Self| Watched::new(reload.sources.files(&reload.service.app));
        let mut watched = files(&self);
        async move {
            loop {
                tokio::time::sleep(LOOK).await;
                if watched.have_changed() {
                    self.read(false).await;
                    // It may name other dialects than before.
                    let named = files(&self);
                    if !named.is_of_the_same(&watched) {
                        watched = named;
                    }
                }
            }
        }
    }
}

/// SIGHUP: the terminal was closed, or somebody wants files to be read again. On Windows there is
/// none, and `--watch` has them read.
#[derive(Debug)]
pub struct HangUp {
    #[cfg(unix)]
    signal: Option<Signal>,
    had_terminal: bool,
}

impl HangUp {
    /// Listens from now on; within a runtime.
    #[cfg(unix)]
    pub fn listen() -> io::Result<Self> {
        let kind = SignalKind::hangup();
        // What `nohup` has switched off stays off.
        let signal = if is_ignored(kind.as_raw_value()) {
            None
        } else {
            Some(signal(kind)?)
        };
        Ok(Self {
            signal,
            had_terminal: has_terminal(),
        })
    }

    /// There is nothing to listen for.
    #[cfg(not(unix))]
    #[expect(clippy::unnecessary_wraps, reason = "as where there is one")]
    pub fn listen() -> io::Result<Self> {
        Ok(Self {
            had_terminal: false,
        })
    }

    /// Waits for the next one.
    pub async fn next(&mut self) {
        #[cfg(unix)]
        if let Some(signal) = &mut self.signal {
            signal.recv().await;
            return;
        }
        pending::<()>().await;
    }

    /// Whether it came because the terminal was closed that the server was started in.
    pub fn is_the_end(&self) -> bool {
        self.had_terminal && !has_terminal()
    }
}

/// Whether there is a terminal that controls this process.
fn has_terminal() -> bool {
    File::open("/dev/tty").is_ok()
}
