//! Output for people. A closed pipe (`| head`) is not an error, and failures to write to standard
//! error are ignored.

use std::fmt::Arguments;
use std::io::{ErrorKind, Write as _, stderr, stdout};

/// Writes a text to standard output. A failed write, such as on a full disk, exits with code 2.
pub fn text(text: Arguments<'_>) {
    let mut out = stdout().lock();
    let written = out.write_fmt(text).and_then(|()| out.flush());
    if let Err(error) = written
        && error.kind() != ErrorKind::BrokenPipe
    {
        trouble(format_args!(
            "flexiti-conformance: standard output: {error}\n"
        ));
        std::process::exit(super::exit_code::USAGE.into());
    }
}

/// Writes a text to standard error.
pub fn trouble(text: Arguments<'_>) {
    let _ = stderr().lock().write_fmt(text);
}

/// Prints a line to standard output.
macro_rules! say {
    ($($word:tt)*) => {
        $crate::cli::say::text(format_args!("{}\n", format_args!($($word)*)))
    };
}

/// Prints a line to standard error.
macro_rules! complain {
    ($($word:tt)*) => {
        $crate::cli::say::trouble(format_args!("{}\n", format_args!($($word)*)))
    };
}

pub(crate) use {complain, say};
