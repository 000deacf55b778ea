//! Error messages on standard error.

use crate::redact::Redactor;
use std::io::Write as _;

/// Prints a message to standard error. A closed standard error is ignored.
pub fn complain(why: &str) {
    // A URL of the configuration may contain a password.
    let why = Redactor::default().text(why);
    let _ = writeln!(std::io::stderr(), "flexiti-mock: {why}");
}
