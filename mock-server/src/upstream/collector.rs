//! Sends traces to their collector.

use crate::telemetry::traces::Traces;
use crate::upstream::client::{Came, Client};
use crate::upstream::failure::Failure;
use anyhow::Context as _;
use bytes::Bytes;
use hyper::{Request, Response};
use opentelemetry_http::{HttpClient, HttpError};
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
use url::Url;

/// The timeout for the collector.
const PATIENCE: Duration = Duration::from_secs(10);

/// Sends requests to a collector, from a thread outside of any runtime.
#[derive(Debug)]
struct Collector {
    client: Client,
    runtime: Runtime,
    fails: AtomicBool,
}

impl Collector {
    /// Logs when spans can no longer be delivered, and when they can again.
    fn tell(&self, came: &Result<Came, Failure>) {
        let why = match came {
            Err(failure) => failure.why.clone(),
            Ok(came) if !came.status.is_success() => format!("it answers {}", came.status),
            Ok(_) => String::new(),
        };
        let collector = self.client.origin();
        let failed = self.fails.swap(!why.is_empty(), Ordering::Relaxed);
        if why.is_empty() && failed {
            tracing::info!(collector, "traces are delivered again");
        } else if !why.is_empty() && !failed {
            tracing::warn!(collector, why, "traces are lost");
        }
    }
}

impl HttpClient for Collector {
    fn send_bytes<'c, 'f>(
        &'c self,
        request: Request<Bytes>,
    ) -> Pin<Box<dyn Future<Output = Result<Response<Bytes>, HttpError>> + Send + 'f>>
    where
        'c: 'f,
        Self: 'f,
    {
        let (parts, body) = request.into_parts();
        let target = parts
            .uri
            .path_and_query()
            .map_or("/", |target| target.as_str());
        let sent = self.client.send(parts.method, target, parts.headers, body);
        let came = self.runtime.block_on(sent);
        self.tell(&came);
        Box::pin(async move {
            let came = came.map_err(|failure| failure.why)?;
            let mut response = Response::new(came.body);
            *response.status_mut() = came.status;
            *response.headers_mut() = came.headers;
            Ok(response)
        })
    }
}

/// Sends spans to a collector, which must not be the server that listens on `own`.
pub fn traces(collector: &Url, own: SocketAddr) -> anyhow::Result<Traces> {
    let runtime = Builder::new_current_thread().enable_all().build();
    let client = Collector {
        client: Client::of(collector.clone(), PATIENCE, own)?,
        runtime: runtime.context("cannot start the runtime for traces")?,
        fails: AtomicBool::new(false),
    };
    Traces::start(collector, client).context("cannot send traces")
}
