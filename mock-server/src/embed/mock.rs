//! A server that runs as long as its handle lives.

use crate::app::App;
use crate::config::Settings;
use crate::dialects::compile;
use crate::embed::admin::Admin;
use crate::http::route::{ADMIN, BASE};
use crate::pipeline::Service;
use crate::sabotage::Sabotaged;
use crate::server::runtime::{Bound, bind, runtime};
use crate::server::serve::{self, Handle, Plain};
use crate::server::tls::Tls;
use anyhow::ensure;
use flexiti_contract::{Contract, Dialect, Rulebook};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use tokio::sync::oneshot;

/// A running server on a thread of its own. Dropping it stops it.
#[derive(Debug)]
pub struct Mock {
    address: SocketAddr,
    pub(super) service: Arc<Service>,
    tls: Option<Arc<Tls>>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Mock {
    /// Starts a server, which is listening once this returns.
    pub fn start(settings: &Settings) -> anyhow::Result<Self> {
        Self::with_rulebook(settings, compile(Contract::shipped(), &settings.dialect)?)
    }

    /// Starts a server with `rulebook` instead of the settings' dialect, for dialects that are in
    /// no file.
    pub fn with_rulebook(settings: &Settings, rulebook: Arc<Rulebook>) -> anyhow::Result<Self> {
        Self::serve(settings, rulebook, Plain)
    }

    /// Starts a server that breaks the clause `clause` of the contract in `dialect` and keeps all
    /// others, for `flexiti-conformance self-test`.
    pub fn sabotaged(settings: &Settings, dialect: Dialect, clause: &str) -> anyhow::Result<Self> {
        let (rulebook, saboteur) = Sabotaged::new(Contract::shipped(), dialect, clause)?;
        Self::serve(settings, rulebook, saboteur)
    }

    /// Starts a server with the [bug](crate::bugs) called `name`; an unknown name is an error.
    pub fn with_bug(settings: &Settings, dialect: Dialect, name: &str) -> anyhow::Result<Self> {
        let (rulebook, saboteur) = Sabotaged::with_bug(Contract::shipped(), dialect, name)?;
        Self::serve(settings, rulebook, saboteur)
    }

    fn serve(
        settings: &Settings,
        rulebook: Arc<Rulebook>,
        handle: impl Handle,
    ) -> anyhow::Result<Self> {
        // Calls that bypass HTTP would not wait for the server's turn.
        ensure!(
            settings.store.is_none(),
            "a server inside a test cannot share a store: start the program"
        );
        let Bound {
            listener,
            service,
            tls,
            upstream,
        } = bind(settings, rulebook)?;
        let address = listener.local_addr()?;
        let (stop, stopped) = oneshot::channel();
        let runtime = runtime()?;
        let served = Arc::clone(&service);
        let secured = tls.clone();
        let thread = std::thread::Builder::new()
            .name("flexiti-mock".to_owned())
            .spawn(move || {
                runtime.block_on(async {
                    // The listener is non-blocking, which is all that this requires.
                    if let Ok(listener) = tokio::net::TcpListener::from_std(listener) {
                        // Dropping the sender stops the server as well.
                        let stopped = async { drop(stopped.await) };
                        let handle = Arc::new(handle);
                        serve::run(listener, served, secured, upstream, handle, stopped).await;
                    }
                });
                // A pending name lookup could delay the end for a long time.
                runtime.shutdown_background();
            })?;
        Ok(Self {
            address,
            service,
            tls,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// The base URL that merchants configure.
    pub fn base_url(&self) -> String {
        format!("{}{BASE}", self.app().local_origin)
    }

    /// The base URL under which customers' browsers reach the server: [`Settings::public_base_url`]
    /// if set, otherwise [`Self::base_url`].
    pub fn public_base_url(&self) -> String {
        self.app().base_url()
    }

    /// The URL of the admin API.
    pub fn admin_url(&self) -> String {
        format!("{}{ADMIN}", self.app().local_origin)
    }

    /// The address it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The CA certificate for clients to trust, if the settings ask for one.
    pub fn ca_file(&self) -> Option<&Path> {
        self.tls.as_ref()?.ca_file()
    }

    pub(crate) fn app(&self) -> &App {
        &self.service.app
    }

    /// Runs `act` between two requests, at one fixed time of the machine's clock, in milliseconds
    /// since the Unix epoch. Without [`Settings::in_turn`], requests may run at the same time.
    pub fn in_turn<T>(&self, act: impl FnOnce(Admin<'_>, i64) -> T) -> T {
        let _turn = self.service.turn();
        let now = (self.app().now)();
        act(self.admin().at(now), now)
    }

    /// The server's admin API.
    pub fn admin(&self) -> Admin<'_> {
        Admin::new(&self.service)
    }
}

impl Drop for Mock {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // The receiver is gone only if the thread has already ended.
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            // A panic in there has already been printed.
            let _ = thread.join();
        }
        self.app().close();
    }
}
