//! The address of a shared store: its URL, and the CA of its certificate.

use anyhow::{Context as _, anyhow, bail, ensure};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use std::path::Path;

/// Reads a PEM file with at least one certificate.
pub(super) fn authority(file: &Path) -> anyhow::Result<Vec<u8>> {
    let name = file.display();
    let pem = std::fs::read(file).with_context(|| name.to_string())?;
    let has_one = CertificateDer::pem_slice_iter(&pem).next();
    ensure!(
        matches!(has_one, Some(Ok(_))),
        "{name}: no certificate in PEM; give that of the authority"
    );
    Ok(pem)
}

/// A URL without its password.
pub(super) fn without_secrets(url: &str) -> anyhow::Result<String> {
    let mut url = url::Url::parse(url).map_err(|_| anyhow!("not a URL; redis://HOST:PORT/0"))?;
    if !matches!(url.scheme(), "redis" | "rediss") || !url.has_host() {
        bail!("a URL must begin with redis:// or rediss:// and name a host");
    }
    if url.password().is_some() {
        let _ = url.set_password(Some("..."));
    }
    Ok(url.to_string())
}
