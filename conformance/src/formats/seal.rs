//! The digest of a JSON report, which says whether the report is as it was written.

use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;

/// The member with the digest.
pub const DIGEST: &str = "sha256";

/// Whether a report is as it was written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Seal {
    /// It carries no digest.
    #[default]
    Missing,
    /// It is.
    Whole,
    /// It is not.
    Broken,
}

impl Seal {
    /// Reads the seal of a report.
    pub fn of(report: &Value) -> Self {
        let Some(said) = report.get(DIGEST) else {
            return Self::Missing;
        };
        let mut rest = report.clone();
        if let Some(members) = rest.as_object_mut() {
            members.shift_remove(DIGEST);
        }
        if *said == digest(&rest) {
            Self::Whole
        } else {
            Self::Broken
        }
    }

    /// Refuses a report that was changed since it was written.
    pub fn check(self) -> Result<(), String> {
        if self == Self::Broken {
            return Err(format!(
                "{DIGEST}: the report is not as it was written; take the original, or remove \
                 the member `{DIGEST}` to use what it says now"
            ));
        }
        Ok(())
    }
}

/// Adds the digest of a report to it.
pub fn add_seal(report: &mut Value) {
    let digest = digest(report);
    if let Some(members) = report.as_object_mut() {
        members.insert(DIGEST.to_owned(), digest.into());
    }
}

/// A digest of what a report says. White space and the order of members do not count, for
/// formatters change them, nor does where the server was: another port changes no verdict.
fn digest(report: &Value) -> String {
    let mut sorted = report.clone();
    if let Some(members) = sorted.as_object_mut() {
        members.shift_remove("target");
    }
    sorted.sort_all_objects();
    let mut hex = String::new();
    for byte in Sha256::digest(sorted.to_string()) {
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}
