//! The signals that stop the server: SIGTERM and SIGINT; on Windows Ctrl-C, closing the console,
//! and the end of the session.

use std::io;

#[cfg(unix)]
mod signals {
    use std::io;
    use tokio::signal::unix::{Signal, SignalKind, signal};

    #[derive(Debug)]
    pub struct Signals(Signal, Signal);

    impl Signals {
        pub fn listen() -> io::Result<Self> {
            let interrupt = signal(SignalKind::interrupt())?;
            Ok(Self(signal(SignalKind::terminate())?, interrupt))
        }

        pub async fn next(&mut self) {
            tokio::select! {
                _ = self.0.recv() => {}
                _ = self.1.recv() => {}
            }
        }
    }
}

#[cfg(not(unix))]
mod signals {
    use std::io;
    use tokio::signal::windows::{
        CtrlBreak, CtrlC, CtrlClose, CtrlShutdown, ctrl_break, ctrl_c, ctrl_close, ctrl_shutdown,
    };

    #[derive(Debug)]
    pub struct Signals(CtrlC, CtrlBreak, CtrlClose, CtrlShutdown);

    impl Signals {
        pub fn listen() -> io::Result<Self> {
            Ok(Self(
                ctrl_c()?,
                ctrl_break()?,
                ctrl_close()?,
                ctrl_shutdown()?,
            ))
        }

        pub async fn next(&mut self) {
            tokio::select! {
                _ = self.0.recv() => {}
                _ = self.1.recv() => {}
                _ = self.2.recv() => {}
                _ = self.3.recv() => {}
            }
        }
    }
}

/// The signals that stop the server.
#[derive(Debug)]
pub struct End(signals::Signals);

impl End {
    /// Starts to listen. Call it within a runtime.
    pub fn listen() -> io::Result<Self> {
        signals::Signals::listen().map(Self)
    }

    /// Waits for the next signal.
    pub async fn next(&mut self) {
        self.0.next().await;
    }
}
