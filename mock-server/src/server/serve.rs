//! The accept loop and the shutdown.

pub use crate::server::answer::{Handle, Plain};

use crate::pipeline::Service;
use crate::server::answer::Serving;
use crate::server::connections::{Connections, Full};
use crate::server::default_responses;
use crate::server::tls::Tls;
use crate::server::workers::Workers;
use crate::upstream::Upstream;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

/// Serves `service` on `listener`, through `handle`, until `shutdown` completes.
pub async fn run(
    listener: TcpListener,
    service: Arc<Service>,
    tls: Option<Arc<Tls>>,
    upstream: Option<Arc<Upstream>>,
    handle: Arc<impl Handle>,
    shutdown: impl Future<Output = ()>,
) {
    let limits = service.app.limits.clone();
    let connections = Connections::new(limits.connections, limits.connections_per_peer);
    let connections = Arc::new(connections);
    let serving = Arc::new(Serving {
        service: Arc::clone(&service),
        handle,
        aside: Arc::new(Semaphore::new(limits.threads.max(2))),
        tls: tls.clone(),
        upstream,
    });
    if let Some(tls) = tls.clone() {
        tokio::spawn(tls.watch(Arc::clone(&service)));
    }
    let workers = Workers::new(serving, limits.threads.saturating_sub(1));
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut shutdown => break,
        };
        match accepted {
            Ok((stream, peer)) => {
                let _ = stream.set_nodelay(true);
                match connections.admit(peer.ip()) {
                    Ok(place) => workers.take(stream, place),
                    Err(full) => refuse(&service, stream, full, tls.is_some()),
                }
            }
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
    service.app.events.close();
    workers.drain().await;
}

/// Tells a client why it is refused, unless that would take time.
fn refuse(service: &Service, stream: TcpStream, full: Full, is_secured: bool) {
    service.metrics.refused_connection();
    if !is_secured {
        let answer = default_responses::answer(503, full.reason());
        let _ = stream.try_write(&answer);
    }
    let _ = socket2::SockRef::from(&stream).shutdown(std::net::Shutdown::Write);
    tokio::spawn(async move {
        // If closed at once, the answer could be lost, because the client may still be sending.
        tokio::time::sleep(Duration::from_millis(20)).await;
        drop(stream);
    });
}
