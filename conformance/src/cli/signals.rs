//! Ctrl-C and SIGTERM. When judging a server, the first signal ends the run after the current
//! request, the second at once. When certifying a shop, a signal stops the shop along with the run.

#[cfg(unix)]
use signal_hook::consts::SIGHUP;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

/// Signals that end the program and the processes it started. Windows handles a closed terminal
/// differently.
#[cfg(unix)]
const ENDS: &[i32] = &[SIGHUP, SIGINT, SIGTERM];
#[cfg(not(unix))]
const ENDS: &[i32] = &[SIGINT, SIGTERM];
/// Exit code after Ctrl-C (128 + SIGINT).
const KILLED: i32 = 130;

/// Returns a flag that is set when the run has to end.
pub fn watch() -> anyhow::Result<Arc<AtomicBool>> {
    let interrupted = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        flag::register_conditional_shutdown(signal, KILLED, Arc::clone(&interrupted))?;
        flag::register(signal, Arc::clone(&interrupted))?;
    }
    Ok(interrupted)
}

/// Calls `end` before a signal ends the program, so that no child process outlives it.
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
                // The shell's convention.
                std::process::exit(128 + signal);
            }
        }
    });
    Ok(())
}
