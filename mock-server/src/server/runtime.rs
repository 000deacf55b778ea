//! The port, and the runtime that drives the sockets.

use crate::config::Settings;
use crate::pipeline::Service;
use anyhow::Context as _;
use flexiti_contract::Rulebook;
use std::net::TcpListener;
use std::sync::Arc;

/// Takes the port, so that clients may connect from now on, and prepares the server.
pub fn bind(
    settings: &Settings,
    rulebook: Arc<Rulebook>,
) -> anyhow::Result<(TcpListener, Arc<Service>)> {
    let listener = TcpListener::bind(settings.listen)
        .with_context(|| format!("cannot listen on {}", settings.listen))?;
    listener.set_nonblocking(true)?;
    let service = Service::new(settings, rulebook, listener.local_addr()?)?;
    Ok((listener, Arc::new(service)))
}

/// The runtime of one thread: handlers never wait.
pub fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")
}
