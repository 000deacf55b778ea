//! The API reference.
