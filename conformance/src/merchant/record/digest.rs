//! Digests in a record.

use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;

/// A digest of these parts, as sixteen hexadecimal digits.
pub fn digest(parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    let mut hexadecimal = String::new();
    for byte in &hash.finalize()[..8] {
        let _ = write!(hexadecimal, "{byte:02x}");
    }
    hexadecimal
}
