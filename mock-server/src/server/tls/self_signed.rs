//! A CA and a certificate for local use, generated at the start. The CA's key signs one certificate
//! and is discarded, so that trusting the CA is safe.

use crate::config::Settings;
use crate::files::{check_place, write_whole};
use crate::server::tls::provider::provider;
use anyhow::Context as _;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, date_time_ymd,
};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::sign::CertifiedKey;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use url::Url;

/// The validity in days. Browsers reject certificates that are valid for more than 398 days.
const DAYS: i64 = 365;

/// The generated certificates.
pub struct Made {
    /// The CA certificate, as PEM.
    pub ca: String,
    /// The server's certificate and key.
    pub certified: CertifiedKey,
}

/// The host names and addresses under which clients reach the server.
pub fn names(settings: &Settings) -> Vec<String> {
    let mut names = ["localhost", "127.0.0.1", "::1"]
        .map(str::to_owned)
        .to_vec();
    let ip = settings.listen.ip();
    if !ip.is_unspecified() {
        names.push(ip.to_string());
    }
    let public = settings.public_base_url.as_deref();
    let public = public.and_then(|url| Url::parse(url).ok());
    if let Some(host) = public.as_ref().and_then(Url::host_str) {
        names.push(host.trim_matches(['[', ']']).to_owned());
    }
    let mut seen = std::collections::HashSet::new();
    names.retain(|name| seen.insert(name.clone()));
    names
}

/// Generates a CA and a certificate for these names.
pub fn make(names: &[String]) -> anyhow::Result<Made> {
    let ca_key = KeyPair::generate()?;
    let mut ca = params("flexiti-mock, made at its start", Vec::new())?;
    ca.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    ca.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let ca_certificate = ca.self_signed(&ca_key)?;
    let issuer = Issuer::new(ca, ca_key);
    let key = KeyPair::generate()?;
    let mut own = params("flexiti-mock", names.to_vec())?;
    own.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    own.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    // Python 3.13 requires this extension.
    own.use_authority_key_identifier_extension = true;
    let certificate = own.signed_by(&key, &issuer)?;
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let key = provider().key_provider.load_private_key(key)?;
    Ok(Made {
        ca: ca_certificate.pem(),
        certified: CertifiedKey::new(vec![certificate.der().clone()], key),
    })
}

fn params(name: &str, names: Vec<String>) -> anyhow::Result<CertificateParams> {
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    let today = jiff::Zoned::now()
        .with_time_zone(jiff::tz::TimeZone::UTC)
        .date();
    let day = |days: i64| {
        let day = today.saturating_add(jiff::Span::new().days(days));
        let number = |number: i8| u8::try_from(number).unwrap_or(1);
        date_time_ymd(day.year().into(), number(day.month()), number(day.day()))
    };
    // A client's clock may be behind.
    params.not_before = day(-1);
    params.not_after = day(DAYS);
    Ok(params)
}

/// The file with the CA certificate; it is removed when the server stops.
#[derive(Debug)]
pub struct CaFile {
    path: PathBuf,
    content: String,
}

impl CaFile {
    /// Writes the file to a path, or to a new file in the temporary folder.
    pub fn write(path: Option<&Path>, content: &str) -> anyhow::Result<Self> {
        let path = match path {
            Some(path) => {
                check_place("--tls-ca-file", path)?;
                std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
            }
            None => unused(),
        };
        write_whole(&path, content.as_bytes())
            .with_context(|| format!("--tls-ca-file {}", path.display()))?;
        Ok(Self {
            path,
            content: content.to_owned(),
        })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for CaFile {
    fn drop(&mut self) {
        // By now, it may be another server's.
        if fs::read_to_string(&self.path).is_ok_and(|found| found == self.content) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// A path in the temporary folder that no other server on this machine uses.
fn unused() -> PathBuf {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let next = NEXT.fetch_add(1, Ordering::Relaxed);
    let name = format!("flexiti-mock-ca-{}-{next}.pem", std::process::id());
    std::env::temp_dir().join(name)
}
