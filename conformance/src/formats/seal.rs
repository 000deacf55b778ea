//! A digest that detects changes to a JSON report.

use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;

/// The member that holds the digest.
pub const DIGEST: &str = "sha256";

/// Whether a report is unchanged since it was written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Seal {
    /// There is no digest.
    #[default]
    Missing,
    /// It is unchanged.
    Whole,
    /// It was changed.
    Broken,
}

impl Seal {
    /// Checks the seal of a report.
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

    /// Rejects a report that was changed since it was written.
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

/// Adds its digest to a report.
pub fn add_seal(report: &mut Value) {
    let digest = digest(report);
    if let Some(members) = report.as_object_mut() {
        members.insert(DIGEST.to_owned(), digest.into());
    }
}

/// The digest of a report. It ignores white space and member order, which formatters change, and
/// the server's address, which changes no verdict.
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
