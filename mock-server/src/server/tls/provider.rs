//! The cryptography provider.

use rustls::crypto::CryptoProvider;
use std::sync::Arc;

/// The provider, given explicitly because another crate in the program may install its own.
pub fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}
