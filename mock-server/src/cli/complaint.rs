//! What the program says when it ends with an error.

use crate::redact::Redactor;
use std::io::Write as _;

/// Says on standard error why the program ends. Nobody may be there to read it.
pub fn complain(why: &str) {
    // A URL of a configuration may have a password in it.
    let why = Redactor::default().text(why);
    let _ = writeln!(std::io::stderr(), "flexiti-mock: {why}");
}
