//! The server inside a Rust test: [`Mock`], and the admin API as methods.

pub mod admin;
pub mod environment;
#[doc(hidden)]
pub mod internals;
mod mock;
pub mod offline;
pub mod recording;

pub use mock::Mock;
