//! Keys for certificates: Ed25519 (RFC 8032).

use anyhow::{Context as _, anyhow, bail, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
pub use ed25519_dalek::SigningKey;
use ed25519_dalek::{Signature, Signer as _, VerifyingKey};
use serde::{Deserialize, Serialize};
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;

/// The only supported algorithm.
pub const ALGORITHM: &str = "Ed25519";

/// A key as stored in a file.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct KeyFile {
    algorithm: String,
    secret_key: String,
    public_key: String,
}

/// Generates a key pair, writes it to a new file readable only by its owner, and returns the public
/// key in base64.
pub fn generate(path: &Path) -> anyhow::Result<String> {
    let mut secret = [0; 32];
    getrandom::fill(&mut secret).map_err(|error| anyhow!("no randomness: {error}"))?;
    let key = SigningKey::from_bytes(&secret);
    let public_key = STANDARD.encode(key.verifying_key().as_bytes());
    let file = KeyFile {
        algorithm: ALGORITHM.to_owned(),
        secret_key: STANDARD.encode(secret),
        public_key: public_key.clone(),
    };
    let text = serde_json::to_string_pretty(&file)?;
    let mut options = OpenOptions::new();
    // Never overwrite a key: older certificates would lose their signer.
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let mut written = options
        .open(path)
        .with_context(|| format!("{}", path.display()))?;
    writeln!(written, "{text}").with_context(|| format!("{}", path.display()))?;
    Ok(public_key)
}

/// Reads a key file.
pub fn read(path: &Path) -> anyhow::Result<SigningKey> {
    let name = path.display();
    let text = std::fs::read_to_string(path).with_context(|| format!("{name}"))?;
    let file: KeyFile = serde_json::from_str(&text)
        // The message must not repeat the file's contents.
        .map_err(|error| {
            anyhow!(
                "{name}: line {}: not a key file of `merchant keygen`",
                error.line()
            )
        })?;
    ensure!(
        file.algorithm == ALGORITHM,
        "{name}: algorithm: must be {ALGORITHM}"
    );
    let secret: [u8; 32] = decoded(&file.secret_key)
        .and_then(|bytes| bytes.try_into().ok())
        .with_context(|| format!("{name}: secret_key: must be 32 bytes in base64"))?;
    Ok(SigningKey::from_bytes(&secret))
}

/// A signature with the key that made it, both in base64.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Signed {
    /// `Ed25519`.
    pub algorithm: String,
    /// The public key.
    pub public_key: String,
    /// The signature.
    pub value: String,
}

/// Signs `bytes`.
pub fn sign(key: &SigningKey, bytes: &[u8]) -> Signed {
    Signed {
        algorithm: ALGORITHM.to_owned(),
        public_key: STANDARD.encode(key.verifying_key().as_bytes()),
        value: STANDARD.encode(key.sign(bytes).to_bytes()),
    }
}

/// Checks a signature of `bytes`; the error says why it is invalid.
pub fn check(signed: &Signed, bytes: &[u8]) -> anyhow::Result<()> {
    if signed.algorithm != ALGORITHM {
        bail!(
            "signature.algorithm: `{}` is not {ALGORITHM}",
            signed.algorithm
        );
    }
    let public: Option<[u8; 32]> = decoded(&signed.public_key).and_then(|b| b.try_into().ok());
    let public = public.context("signature.public_key: must be 32 bytes in base64")?;
    let public = VerifyingKey::from_bytes(&public).context("signature.public_key: not a key")?;
    let value: Option<[u8; 64]> = decoded(&signed.value).and_then(|b| b.try_into().ok());
    let value = value.context("signature.value: must be 64 bytes in base64")?;
    public
        .verify_strict(bytes, &Signature::from_bytes(&value))
        .map_err(|_| anyhow!("the signature does not match the contents: something was changed"))
}

fn decoded(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}
