//! What reading a stored report checks first, whoever was judged.

use super::event::FORMAT_VERSION;
use serde_json::Value;

/// A report's text as JSON; an error names the place in it.
pub fn parsed(text: &str) -> Result<Value, String> {
    serde_json::from_str(text).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        format!("line {line}, column {column}: this is not JSON: {error}")
    })
}

/// Refuses the version of another release; `command` writes such reports.
pub fn check_version(version: &Value, command: &str) -> Result<(), String> {
    if *version == FORMAT_VERSION {
        return Ok(());
    }
    Err(format!(
        "format_version: {version}; this program reads version {FORMAT_VERSION}: use the release \
         that wrote the report, or run `{command} --report json=FILE` again"
    ))
}

/// Refuses a seed that is none.
pub fn check_seed(report: &Value) -> Result<(), String> {
    match report.get("seed").filter(|seed| !seed.is_u64()) {
        Some(seed) => Err(format!(
            "seed: {seed} is not a seed; expected a whole number from 0 to {}",
            u64::MAX
        )),
        None => Ok(()),
    }
}
