//! Binds the port and creates the runtime that drives the sockets.

use crate::config::Settings;
use crate::pipeline::Service;
use crate::server::tls::Tls;
use crate::upstream::{self, Upstream};
use anyhow::{Context as _, anyhow};
use flexiti_contract::Rulebook;
use std::io::ErrorKind;
use std::net::TcpListener;
use std::sync::Arc;

/// A server whose port is bound.
#[derive(Debug)]
pub struct Bound {
    /// Where clients connect.
    pub listener: TcpListener,
    /// Answers their requests.
    pub service: Arc<Service>,
    /// TLS, if connections use it.
    pub tls: Option<Arc<Tls>>,
    /// The upstream, if there is one.
    pub upstream: Option<Arc<Upstream>>,
}

/// Binds the port, so that clients can connect from now on, and prepares the server.
pub fn bind(settings: &Settings, rulebook: Arc<Rulebook>) -> anyhow::Result<Bound> {
    let tls = Tls::start(settings)?;
    let listener = TcpListener::bind(settings.listen).map_err(|error| {
        let remedy = match error.kind() {
            ErrorKind::AddrInUse => {
                "; another program, perhaps another flexiti-mock, has the port: choose one with \
                 --listen, port 0 for a free one"
            }
            _ => "",
        };
        anyhow!("cannot listen on {}: {error}{remedy}", settings.listen)
    })?;
    prepare(settings, rulebook, listener, tls)
}

/// Prepares a server for a listener that the caller has already opened.
pub fn take_over(
    settings: &Settings,
    rulebook: Arc<Rulebook>,
    listener: TcpListener,
) -> anyhow::Result<Bound> {
    let tls = Tls::start(settings)?;
    prepare(settings, rulebook, listener, tls)
}

fn prepare(
    settings: &Settings,
    rulebook: Arc<Rulebook>,
    listener: TcpListener,
    tls: Option<Arc<Tls>>,
) -> anyhow::Result<Bound> {
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    let mut service = Service::new(settings, rulebook, address)?;
    service.traces = upstream::traces(settings, address)?;
    Ok(Bound {
        listener,
        upstream: Upstream::start(settings, &service)?,
        service: Arc::new(service),
        tls,
    })
}

/// A single-threaded runtime, which suffices because handlers never block.
pub fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")
}
