//! Reloading files: on SIGHUP, and with `--watch` when they change.

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

/// What a server reloads.
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

    /// Whether there are files that may change.
    pub fn has_files(&self) -> bool {
        let is_secured = self.tls.as_ref().is_some_and(|tls| tls.is_from_files());
        is_secured || !self.sources.files(&self.service.app).is_empty()
    }

    /// Reloads everything.
    pub async fn run(&self) {
        systemd::reloading();
        self.read(true).await;
        systemd::ready();
    }

    async fn read(&self, certificate: bool) {
        let app = &self.service.app;
        // With a shared store, the changes to merchants are written within a turn.
        let entry = match app.enter().await {
            Ok(entry) => entry,
            Err(lost) => {
                tracing::error!("nothing was reloaded: {lost}");
                return;
            }
        };
        let all = self.clone();
        // Compiling a dialect takes long, so do not block the runtime.
        let read = tokio::task::spawn_blocking(move || {
            all.sources.reload(&all.service);
            if let Some(tls) = all.tls.filter(|_| certificate) {
                tls.reload(&all.service.metrics);
            }
        });
        // A panic in there has already been logged.
        let _ = read.await;
        if let Err(lost) = app.keep(entry).await {
            tracing::error!("the reloaded files could not be stored: {lost}");
        }
    }

    /// Reloads the configuration and the dialects whenever they change; never returns. The
    /// certificate's files are watched separately.
    pub fn watch(self) -> impl Future<Output = ()> + Send {
        let files = move |reload: &Self| Watched::new(reload.sources.files(&reload.service.app));
        let mut watched = files(&self);
        async move {
            loop {
                tokio::time::sleep(LOOK).await;
                if watched.have_changed() {
                    self.read(false).await;
                    // It may name other dialects now.
                    let named = files(&self);
                    if !named.is_of_the_same(&watched) {
                        watched = named;
                    }
                }
            }
        }
    }
}

/// SIGHUP: the terminal was closed, or files are to be reloaded. Windows has no SIGHUP; there,
/// `--watch` reloads files.
#[derive(Debug)]
pub struct HangUp {
    #[cfg(unix)]
    signal: Option<Signal>,
    had_terminal: bool,
}

impl HangUp {
    /// Starts to listen. Call it within a runtime.
    #[cfg(unix)]
    pub fn listen() -> io::Result<Self> {
        let kind = SignalKind::hangup();
        // If the process was started with `nohup`, the signal stays ignored.
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

    /// Does nothing: there is no SIGHUP on this platform.
    #[cfg(not(unix))]
    #[expect(clippy::unnecessary_wraps, reason = "as where there is one")]
    pub fn listen() -> io::Result<Self> {
        Ok(Self {
            had_terminal: false,
        })
    }

    /// Waits for the next signal.
    pub async fn next(&mut self) {
        #[cfg(unix)]
        if let Some(signal) = &mut self.signal {
            signal.recv().await;
            return;
        }
        pending::<()>().await;
    }

    /// Whether the signal came because the terminal was closed in which the server was started.
    pub fn is_the_end(&self) -> bool {
        self.had_terminal && !has_terminal()
    }
}

/// Whether this process has a controlling terminal.
fn has_terminal() -> bool {
    File::open("/dev/tty").is_ok()
}
