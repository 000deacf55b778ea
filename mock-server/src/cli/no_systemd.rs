//! Stubs for platforms without systemd.

use std::net::TcpListener;

/// Always `None`: no socket is passed.
#[expect(clippy::unnecessary_wraps, reason = "as where there is one")]
pub fn listener() -> anyhow::Result<Option<TcpListener>> {
    Ok(None)
}

/// Does nothing.
pub fn ready() {}

/// Does nothing.
pub fn reloading() {}

/// Does nothing.
pub fn stopping() {}
