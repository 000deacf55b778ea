//! Whether two secrets are the same, without their text.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

/// A token or a secret, of which only this is known: whether it is the same as another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Identity(u64);

impl Identity {
    /// That of a text, or of what stands in its place.
    pub fn of(text: &str) -> Self {
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        Self(hasher.finish())
    }
}
