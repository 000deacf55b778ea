//! Where there is no service manager that hands sockets over, or listens.

use std::net::TcpListener;

/// None is handed over.
#[expect(clippy::unnecessary_wraps, reason = "as where there is one")]
pub fn listener() -> anyhow::Result<Option<TcpListener>> {
    Ok(None)
}

/// Nobody listens.
pub fn ready() {}

/// Nobody listens.
pub fn reloading() {}

/// Nobody listens.
pub fn stopping() {}
