//! TLS on the listener: reads or generates certificates, and reloads them when they change.

mod certificate;
pub mod client;
mod files;
pub mod handshake;
mod provider;
mod self_signed;

use crate::config::{Settings, TlsSettings};
use crate::files::{LOOK, Watched};
use crate::pipeline::Service;
use crate::server::tls::files::Files;
use crate::server::tls::provider::provider;
use crate::server::tls::self_signed::CaFile;
use crate::telemetry::metrics::{Metrics, Reloaded};
use anyhow::Context as _;
use rustls::ServerConfig;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The protocol names for ALPN (RFC 7301), in order of preference.
pub const HTTP2: &[u8] = b"h2";
const HTTP1: &[u8] = b"http/1.1";

/// The TLS configuration of the listener.
#[derive(Debug)]
pub struct Tls {
    current: Mutex<Arc<ServerConfig>>,
    source: Source,
}

#[derive(Debug)]
enum Source {
    /// With the state of the files before they were read, so that no later change is missed.
    Files(Files, Watched),
    SelfSigned(CaFile),
}

impl Tls {
    /// Prepares TLS as the settings say. An error names the flag and the file.
    pub fn start(settings: &Settings) -> anyhow::Result<Option<Arc<Self>>> {
        let Some(wanted) = &settings.tls else {
            return Ok(None);
        };
        let (config, source) = match wanted {
            TlsSettings::Files { certificate, key } => {
                let files = Files::new(certificate, key);
                let watched = Watched::new(files.paths());
                (config(files.read()?)?, Source::Files(files, watched))
            }
            TlsSettings::SelfSigned { ca_file } => {
                let made = self_signed::make(&self_signed::names(settings))
                    .context("--tls-self-signed: cannot make a certificate")?;
                let ca_file = CaFile::write(ca_file.as_deref(), &made.ca)?;
                (config(made.certified)?, Source::SelfSigned(ca_file))
            }
        };
        Ok(Some(Arc::new(Self {
            current: Mutex::new(Arc::new(config)),
            source,
        })))
    }

    fn current(&self) -> MutexGuard<'_, Arc<ServerConfig>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The configuration for the next connection.
    fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.current())
    }

    /// The certificate of the CA generated at the start.
    pub fn ca_file(&self) -> Option<&Path> {
        match &self.source {
            Source::SelfSigned(ca_file) => Some(ca_file.path()),
            Source::Files(..) => None,
        }
    }

    /// Whether the certificate comes from files that may change.
    pub fn is_from_files(&self) -> bool {
        matches!(self.source, Source::Files(..))
    }

    /// Reloads the files. An error is logged and leaves the certificate unchanged.
    pub fn reload(&self, metrics: &Metrics) {
        let Source::Files(files, _) = &self.source else {
            return;
        };
        match files.read().and_then(config) {
            Ok(config) => {
                *self.current() = Arc::new(config);
                metrics.reloaded(Reloaded::Certificate, true);
                tracing::info!("certificate reloaded");
            }
            Err(error) => {
                metrics.reloaded(Reloaded::Certificate, false);
                tracing::error!(
                    "reload failed, and the previous certificate stays in use: {error:#}"
                );
            }
        }
    }

    /// Reloads the files whenever they change; never returns. A disk that does not respond blocks
    /// nothing else.
    pub async fn watch(self: Arc<Self>, service: Arc<Service>) {
        let Source::Files(_, watched) = &self.source else {
            return;
        };
        let mut watched = watched.clone();
        loop {
            tokio::time::sleep(LOOK).await;
            let (tls, service) = (Arc::clone(&self), Arc::clone(&service));
            let look = move || {
                if watched.have_changed() {
                    tls.reload(&service.metrics);
                }
                watched
            };
            let Ok(seen) = tokio::task::spawn_blocking(look).await else {
                return;
            };
            watched = seen;
        }
    }
}

fn config(certified: CertifiedKey) -> anyhow::Result<ServerConfig> {
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .context("TLS")?
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(certified)));
    config.alpn_protocols = vec![HTTP2.to_vec(), HTTP1.to_vec()];
    Ok(config)
}
