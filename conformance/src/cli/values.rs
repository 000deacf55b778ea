//! Values of flags.

use std::hash::{BuildHasher as _, RandomState};

/// A random seed, for when none was given.
pub fn drawn_seed() -> u64 {
    RandomState::new().hash_one(0) >> 32
}

/// A seed.
pub fn seed(text: &str) -> Result<u64, String> {
    let seed = text.parse();
    seed.map_err(|_| "expected a whole number, 0 or more".to_owned())
}
