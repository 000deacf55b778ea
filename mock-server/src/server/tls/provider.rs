//! The cryptography.

use rustls::crypto::CryptoProvider;
use std::sync::Arc;

/// The cryptography, named here: another crate of the same program may bring one of its own.
pub fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}
