//! The signals to pass on to the command.

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

/// Incoming signals.
#[derive(Debug)]
pub struct Signals {
    come: UnboundedReceiver<Signal>,
    /// Kept, so that the channel stays open even if nothing listens.
    _sender: UnboundedSender<Signal>,
}

impl Signals {
    /// Starts to listen. Call it within a runtime.
    pub fn listen() -> io::Result<Self> {
        let (sender, come) = unbounded_channel();
        listen(&sender)?;
        Ok(Self {
            come,
            _sender: sender,
        })
    }

    /// Waits for the next signal; there may never be one.
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
        // If the process was started with `nohup`, SIGHUP stays ignored, for the command as well.
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

/// Whether this process was started with a signal ignored; false if the system does not tell.
#[cfg(unix)]
pub fn is_ignored(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let set = status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))
        .and_then(|set| u64::from_str_radix(set.trim(), 16).ok());
    set.is_some_and(|set| set >> (signal - 1) & 1 == 1)
}

/// On a console, Ctrl-C reaches the command directly; this process only has to survive it.
#[cfg(not(unix))]
fn listen(_: &UnboundedSender<Signal>) -> io::Result<()> {
    tokio::spawn(async { while tokio::signal::ctrl_c().await.is_ok() {} });
    Ok(())
}
