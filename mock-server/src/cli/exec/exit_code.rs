//! Exit codes, as shells and `timeout` give them.

use std::process::ExitStatus;

/// The command succeeded, and what it sent is not right.
pub const FAILED: u8 = 1;
/// The command took too long.
pub const TIMED_OUT: u8 = 124;
/// The command is there, and cannot be run.
pub const CANNOT_RUN: u8 = 126;
/// The command is not there.
pub const NOT_FOUND: u8 = 127;

/// The command's own; 128 and the signal that killed it.
pub fn of(status: ExitStatus) -> u8 {
    #[cfg(unix)]
    {
        use std::os::unix::process::ExitStatusExt as _;
        if let Some(signal) = status.signal() {
            return u8::try_from(128 + signal).unwrap_or(u8::MAX);
        }
    }
    // Elsewhere than on Unix a code may be larger; what is not zero stays so.
    let code = status.code().unwrap_or(i32::from(u8::MAX));
    u8::try_from(code).unwrap_or(u8::MAX)
}
