//! Ctrl-C and SIGTERM: where a server is judged, the first one ends the run after the current
//! request, the second at once; where a shop is certified, the shop ends with the run.

#[cfg(unix)]
use signal_hook::consts::SIGHUP;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

/// What ends the program, and with it those that it started. Windows closes a terminal otherwise.
#[cfg(unix)]
const ENDS: &[i32] = &[SIGHUP, SIGINT, SIGTERM];
#[cfg(not(unix))]
const ENDS: &[i32] = &[SIGINT, SIGTERM];
/// What a shell calls the end by Ctrl-C.
const KILLED: i32 = 130;

/// A flag that is set when the run has to end.
pub fn watch() -> anyhow::Result<Arc<AtomicBool>> {
    let interrupted = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        flag::register_conditional_shutdown(signal, KILLED, Arc::clone(&interrupted))?;
        flag::register(signal, Arc::clone(&interrupted))?;
    }
    Ok(interrupted)
}

/// Calls `end` before a signal ends the program: programs that it started do not outlive it.
pub fn before_the_end(end: fn()) -> anyhow::Result<()> {
    let caught = Arc::new(AtomicUsize::new(0));
    for &signal in ENDS {
        let number = usize::try_from(signal)?;
        flag::register_usize(signal, Arc::clone(&caught), number)?;
    }
    std::thread::spawn(move || {
        loop {
            std::thread::sleep(Duration::from_millis(20));
            let signal = i32::try_from(caught.load(Ordering::Relaxed)).unwrap_or(SIGTERM);
            if signal != 0 {
                end();
                // As a shell tells it.
                std::process::exit(128 + signal);
            }
        }
    });
    Ok(())
}
