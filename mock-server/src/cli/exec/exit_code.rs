//! Exit codes, with the values that shells and `timeout` use.

use std::process::ExitStatus;

/// The command succeeded, but its requests did not pass.
pub const FAILED: u8 = 1;
/// The command exceeded its time limit.
pub const TIMED_OUT: u8 = 124;
/// The command exists but cannot be run.
pub const CANNOT_RUN: u8 = 126;
/// The command does not exist.
pub const NOT_FOUND: u8 = 127;

/// The command's own exit code, or 128 plus the number of the signal that killed it.
pub fn of(status: ExitStatus) -> u8 {
    #[cfg(unix)]
    {
        use std::os::unix::process::ExitStatusExt as _;
        if let Some(signal) = status.signal() {
            return u8::try_from(128 + signal).unwrap_or(u8::MAX);
        }
    }
    // On other platforms a code may be larger; keep it nonzero.
    let code = status.code().unwrap_or(i32::from(u8::MAX));
    u8::try_from(code).unwrap_or(u8::MAX)
}
