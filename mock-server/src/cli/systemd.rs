//! Notifications to the service manager, and the socket that it may pass (`sd_notify(3)`,
//! `sd_listen_fds(3)`).

use anyhow::{Context as _, bail};
use listenfd::ListenFd;
use std::ffi::OsStr;
use std::io;
use std::net::TcpListener;
use std::os::unix::net::{SocketAddr, UnixDatagram};

/// The listening socket that the service manager passed, if it did.
pub fn listener() -> anyhow::Result<Option<TcpListener>> {
    let mut handed = ListenFd::from_env();
    match handed.len() {
        0 => Ok(None),
        1 => handed
            .take_tcp_listener(0)
            .context("LISTEN_FDS: the socket that was passed is not a listening TCP socket; the socket unit needs ListenStream=ADDRESS:PORT"),
        count => bail!(
            "LISTEN_FDS: {count} sockets were passed, but only one is supported; leave one ListenStream= in the socket unit"
        ),
    }
}

/// Reports that the server is ready; also after a reload.
pub fn ready() {
    notify("READY=1");
}

/// Reports that files are being reloaded.
pub fn reloading() {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    let micros = now.tv_sec * 1_000_000 + now.tv_nsec / 1_000;
    notify(&format!("RELOADING=1\nMONOTONIC_USEC={micros}"));
}

/// Reports that the server is stopping.
pub fn stopping() {
    notify("STOPPING=1");
}

fn notify(state: &str) {
    if let Some(to) = std::env::var_os("NOTIFY_SOCKET")
        && let Err(error) = send(&to, state)
    {
        // A failed notification is no reason to stop serving.
        tracing::debug!(%error, "NOTIFY_SOCKET");
    }
}

fn send(to: &OsStr, state: &str) -> io::Result<()> {
    let socket = UnixDatagram::unbound()?;
    socket.set_nonblocking(true)?;
    socket.send_to_addr(state.as_bytes(), &address(to)?)?;
    Ok(())
}

/// The address of a socket: a path, or an abstract name after `@`.
fn address(to: &OsStr) -> io::Result<SocketAddr> {
    #[cfg(target_os = "linux")]
    if let Some(name) = to.as_encoded_bytes().strip_prefix(b"@") {
        use std::os::linux::net::SocketAddrExt as _;
        return SocketAddr::from_abstract_name(name);
    }
    SocketAddr::from_pathname(to)
}
