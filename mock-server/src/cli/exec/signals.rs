//! The signals that are passed on to the command.

use std::io;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// A signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    HangUp,
    Interrupt,
    Quit,
    Terminate,
    User1,
    User2,
}

/// The signals that come in.
#[derive(Debug)]
pub struct Signals {
    come: UnboundedReceiver<Signal>,
    /// Without any sender, waiting for the next one would end at once.
    _sender: UnboundedSender<Signal>,
}

impl Signals {
    /// Listens from now on; within a runtime.
    pub fn listen() -> io::Result<Self> {
        let (sender, come) = unbounded_channel();
        listen(&sender)?;
        Ok(Self {
            come,
            _sender: sender,
        })
    }

    /// The next one; there may never be one.
    pub async fn next(&mut self) -> Signal {
        match self.come.recv().await {
            Some(signal) => signal,
            None => std::future::pending().await,
        }
    }
}

#[cfg(unix)]
fn listen(sender: &UnboundedSender<Signal>) -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    for (kind, name) in [
        (SignalKind::hangup(), Signal::HangUp),
        (SignalKind::interrupt(), Signal::Interrupt),
        (SignalKind::quit(), Signal::Quit),
        (SignalKind::terminate(), Signal::Terminate),
        (SignalKind::user_defined1(), Signal::User1),
        (SignalKind::user_defined2(), Signal::User2),
    ] {
        // What `nohup` has switched off stays off, for the command as well.
        if name == Signal::HangUp && is_ignored(kind.as_raw_value()) {
            continue;
        }
        let mut come = signal(kind)?;
        let sender = sender.clone();
        tokio::spawn(async move {
            while come.recv().await.is_some() {
                let _ = sender.send(name);
            }
        });
    }
    Ok(())
}

/// Whether this process was started to ignore a signal; no where the system does not tell.
#[cfg(unix)]
pub fn is_ignored(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let set = status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))
        .and_then(|set| u64::from_str_radix(set.trim(), 16).ok());
    set.is_some_and(|set| set >> (signal - 1) & 1 == 1)
}

/// On a console, Ctrl-C reaches the command by itself: it is only to be outlived.
#[cfg(not(unix))]
fn listen(_: &UnboundedSender<Signal>) -> io::Result<()> {
    tokio::spawn(async { while tokio::signal::ctrl_c().await.is_ok() {} });
    Ok(())
}
