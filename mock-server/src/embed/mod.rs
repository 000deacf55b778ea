//! The server inside a Rust test: [`Mock`], and the admin API as methods.

pub mod admin;
pub mod environment;
#[doc(hidden)]
pub mod internals;
mod mock;

pub use mock::Mock;
