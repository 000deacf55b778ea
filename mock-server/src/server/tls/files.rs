//! The PEM files of `--tls-cert` and `--tls-key`.

use crate::server::tls::certificate::check;
use crate::server::tls::provider::provider;
use anyhow::{Context as _, anyhow, bail, ensure};
use rustls::pki_types::pem::{Error, PemObject as _, SectionKind};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use rustls::{Error as TlsError, InconsistentKeys};
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// The maximum size of a file in bytes; more than the longest chain needs.
const LARGEST: u64 = 1024 * 1024;

/// The certificate file and the key file.
#[derive(Debug)]
pub struct Files {
    certificate: PathBuf,
    key: PathBuf,
}

impl Files {
    pub fn new(certificate: &Path, key: &Path) -> Self {
        Self {
            certificate: certificate.to_owned(),
            key: key.to_owned(),
        }
    }

    /// The paths of both files.
    pub fn paths(&self) -> Vec<PathBuf> {
        vec![self.certificate.clone(), self.key.clone()]
    }

    /// Reads the chain and its key. An error names the flag and the file, what is wrong and what to
    /// do.
    pub fn read(&self) -> anyhow::Result<CertifiedKey> {
        let certificate_name = || format!("--tls-cert {}", self.certificate.display());
        let key_name = || format!("--tls-key {}", self.key.display());
        let chain = chain(&self.certificate).with_context(certificate_name)?;
        check(&chain).with_context(certificate_name)?;
        let key = key(&self.key).with_context(key_name)?;
        let key = provider().key_provider.load_private_key(key);
        let key = key.map_err(|_| anyhow!("{}: TLS cannot use this key; it takes RSA of 2048 bits or more, ECDSA on P-256 or P-384, and Ed25519", key_name()))?;
        let certified = CertifiedKey::new(chain, key);
        match certified.keys_match() {
            Ok(()) | Err(TlsError::InconsistentKeys(InconsistentKeys::Unknown)) => Ok(certified),
            Err(TlsError::InconsistentKeys(_)) => {
                bail!(
                    "{}: the key does not belong to the certificate in {}, whose first certificate must be the server's own",
                    key_name(),
                    self.certificate.display()
                )
            }
            Err(error) => Err(anyhow!("{}: {error}", certificate_name())),
        }
    }
}

/// A file and its PEM sections.
struct Read {
    bytes: Vec<u8>,
    sections: Vec<(SectionKind, Vec<u8>)>,
}

impl Read {
    fn file(path: &Path) -> anyhow::Result<Self> {
        let mut bytes = Vec::new();
        let file = File::open(path)?;
        file.take(LARGEST + 1).read_to_end(&mut bytes)?;
        ensure!(
            bytes.len() as u64 <= LARGEST,
            "is over 1 MiB: not a PEM file"
        );
        ensure!(
            !has(&bytes, "ENCRYPTED"),
            "encrypted keys are not supported; decrypt it with `openssl pkey -in FILE -out PLAIN`"
        );
        let sections = <(SectionKind, Vec<u8>)>::pem_slice_iter(&bytes);
        let sections = sections
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| anyhow!("is not PEM: {}", in_words(&error)))?;
        Ok(Self { bytes, sections })
    }

    fn has(&self, wanted: impl Fn(SectionKind) -> bool) -> bool {
        self.sections.iter().any(|(kind, _)| wanted(*kind))
    }

    /// Explains why the wanted section is missing, as far as possible.
    fn without(&self, wanted: &str, command: &str) -> anyhow::Error {
        // An ASN.1 sequence, as in a DER certificate or key.
        if self.bytes.starts_with(&[0x30]) {
            return anyhow!(
                "is binary (DER), and PEM is needed; convert it with `openssl {command} -inform der -in FILE -out PEM`"
            );
        }
        let found = match () {
            () if self.bytes.is_empty() => "is empty",
            () if self.has(|kind| kind == SectionKind::Certificate) => "holds a certificate",
            () if self.has(is_key) => "holds a private key",
            () if self.has(|kind| kind == SectionKind::PublicKey) => "holds a public key",
            () if self.has(|kind| kind == SectionKind::Csr) => {
                "holds a request for a certificate, which an authority has to sign first"
            }
            () => "holds nothing in PEM format (`-----BEGIN …-----`)",
        };
        anyhow!("{found}, and no {wanted}; --tls-cert takes the certificate, --tls-key its key")
    }
}

fn is_key(kind: SectionKind) -> bool {
    use SectionKind::{EcPrivateKey, PrivateKey, RsaPrivateKey};
    matches!(kind, PrivateKey | RsaPrivateKey | EcPrivateKey)
}

fn has(bytes: &[u8], text: &str) -> bool {
    memchr::memmem::find(bytes, text.as_bytes()).is_some()
}

/// Describes an error in a PEM file without quoting it, because it may be secret.
fn in_words(error: &Error) -> &'static str {
    match error {
        Error::MissingSectionEnd { .. } => "a section has no `-----END …-----`; it is cut off",
        Error::Base64Decode(_) => "a section is not base64",
        _ => "the first line of a section is broken",
    }
}

fn chain(file: &Path) -> anyhow::Result<Vec<CertificateDer<'static>>> {
    let mut read = Read::file(file)?;
    let chain: Vec<_> = read
        .sections
        .extract_if(.., |(kind, _)| *kind == SectionKind::Certificate)
        .map(|(_, der)| CertificateDer::from(der))
        .collect();
    if chain.is_empty() {
        return Err(read.without("certificate", "x509"));
    }
    Ok(chain)
}

fn key(file: &Path) -> anyhow::Result<PrivateKeyDer<'static>> {
    let mut read = Read::file(file)?;
    let keys: Vec<_> = read
        .sections
        .extract_if(.., |(kind, _)| is_key(*kind))
        .filter_map(|(kind, der)| PrivateKeyDer::from_pem(kind, der))
        .collect();
    ensure!(
        keys.len() < 2,
        "holds {} private keys; leave the one that belongs to the certificate",
        keys.len()
    );
    let key = keys.into_iter().next();
    key.ok_or_else(|| read.without("private key", "pkey"))
}
