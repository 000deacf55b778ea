//! A server that runs as long as the value that stands for it.

use crate::app::{App, compile};
use crate::config::Settings;
use crate::route::{ADMIN, BASE};
use crate::serve;
use crate::steer::Admin;
use anyhow::Context as _;
use flexiti_contract::{Contract, Rulebook};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;
use tokio::sync::oneshot;

/// A running server on a thread of its own. Dropping it stops it.
#[derive(Debug)]
pub struct Mock {
    address: SocketAddr,
    app: Arc<App>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Mock {
    /// Starts a server; it listens once this returns.
    pub fn start(settings: &Settings) -> anyhow::Result<Self> {
        Self::with_rulebook(settings, compile(Contract::shipped(), &settings.dialect)?)
    }

    /// Starts a server that keeps `rulebook` in place of the settings' dialect: a dialect that
    /// is in no file, or one with a clause taken away.
    pub fn with_rulebook(settings: &Settings, rulebook: Arc<Rulebook>) -> anyhow::Result<Self> {
        let (listener, app) = bind(settings, rulebook)?;
        let address = listener.local_addr()?;
        let (stop, stopped) = oneshot::channel();
        let runtime = runtime()?;
        let served = Arc::clone(&app);
        let thread = std::thread::Builder::new()
            .name("flexiti-mock".to_owned())
            .spawn(move || {
                runtime.block_on(async {
                    // The listener is non-blocking, which is all that this asks for.
                    if let Ok(listener) = tokio::net::TcpListener::from_std(listener) {
                        // A sender that was dropped stops the server as well.
                        serve::run(listener, served, async { drop(stopped.await) }).await;
                    }
                });
            })?;
        Ok(Self {
            address,
            app,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// The base URL that merchants configure.
    pub fn base_url(&self) -> String {
        format!("http://{}{BASE}", self.address)
    }

    /// Where the admin API is.
    pub fn admin_url(&self) -> String {
        format!("http://{}{ADMIN}", self.address)
    }

    /// The address it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Steers it, as its admin API does.
    pub fn admin(&self) -> Admin<'_> {
        Admin::new(&self.app)
    }

    /// The server itself, apart from its sockets.
    pub fn app(&self) -> &App {
        &self.app
    }
}

impl Drop for Mock {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // The receiver is gone only if the thread ended by itself.
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            // A panic in there has been printed already.
            let _ = thread.join();
        }
    }
}

/// Takes the port, so that clients may connect from now on, and prepares the server.
pub fn bind(
    settings: &Settings,
    rulebook: Arc<Rulebook>,
) -> anyhow::Result<(TcpListener, Arc<App>)> {
    let listener = TcpListener::bind(settings.listen)
        .with_context(|| format!("cannot listen on {}", settings.listen))?;
    listener.set_nonblocking(true)?;
    let app = App::new(settings, rulebook, listener.local_addr()?)?;
    Ok((listener, Arc::new(app)))
}

/// One thread is enough: handlers never wait.
pub fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")
}
