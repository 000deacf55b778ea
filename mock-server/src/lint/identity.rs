//! Compares secrets without their text.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

/// A token or a secret, of which only equality is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Identity(u64);

impl Identity {
    /// The identity of a text, or of its redacted form.
    pub fn of(text: &str) -> Self {
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        Self(hasher.finish())
    }
}
