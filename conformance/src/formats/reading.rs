//! Checks shared by the readers of stored reports.

use super::event::FORMAT_VERSION;
use serde_json::Value;

/// Parses a report's text as JSON; an error gives the position.
pub fn parsed(text: &str) -> Result<Value, String> {
    serde_json::from_str(text).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        format!("line {line}, column {column}: this is not JSON: {error}")
    })
}

/// Rejects the report of another format version; `command` writes a current one.
pub fn check_version(version: &Value, command: &str) -> Result<(), String> {
    if *version == FORMAT_VERSION {
        return Ok(());
    }
    Err(format!(
        "format_version: {version}; this program reads version {FORMAT_VERSION}: use the release \
         that wrote the report, or run `{command} --report json=FILE` again"
    ))
}

/// Rejects an invalid seed.
pub fn check_seed(report: &Value) -> Result<(), String> {
    match report.get("seed").filter(|seed| !seed.is_u64()) {
        Some(seed) => Err(format!(
            "seed: {seed} is not a seed; expected a whole number from 0 to {}",
            u64::MAX
        )),
        None => Ok(()),
    }
}
