//! Transcripts: the exchanges of a mock with its upstream. Each line is a JSON object: first a
//! header, then one exchange each, as described by `meta/transcript.schema.json`. The alternative
//! is an HTTP archive (HAR 1.2) of the same exchanges.

mod exchange;
mod har;

pub use exchange::{Answer, FORMAT, Header, Recorded, Request, VERSION};
pub use har::{HAR_END, archive_entry, archive_start};

/// Maximum size of a file that is read, in bytes.
pub const LARGEST: u64 = 512 * 1024 * 1024;

/// Whether the name is that of an HTTP archive.
pub fn is_archive(name: &str) -> bool {
    let end = name.len().saturating_sub(4);
    name.get(end..)
        .is_some_and(|end| end.eq_ignore_ascii_case(".har"))
}

/// Reads the exchanges of a file in either format. An incomplete last line, as left by a killed
/// server, is skipped. An error gives the position.
pub fn read(text: &str) -> Result<Vec<Recorded>, String> {
    let start = text.trim_ascii_start();
    if start.starts_with("{\"log\"") || serde_json::from_str::<har::Archive>(start).is_ok() {
        return har::read(start);
    }
    check_header(text)?;
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    let lines = whole.lines().enumerate().skip(1);
    let lines = lines.filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(at, line)| {
            serde_json::from_str(line).map_err(|error| format!("line {}: {error}", at + 1))
        })
        .collect()
}

/// Checks that the first line is the header of a transcript that this program can read.
pub fn check_header(text: &str) -> Result<(), String> {
    let foreign = || {
        format!(
            "is not a transcript: its first line does not say {{\"format\":\"{FORMAT}\",…}}, and it is no HTTP archive"
        )
    };
    let first = text.lines().next().unwrap_or_default();
    let value: serde_json::Value = serde_json::from_str(first).map_err(|_| foreign())?;
    if value["format"] != FORMAT {
        return Err(foreign());
    }
    match value["version"].as_u64() {
        Some(version) if version == u64::from(VERSION) => Ok(()),
        Some(version) => Err(format!(
            "is a transcript of version {version}; this program reads version {VERSION}"
        )),
        None => Err("the first line has no version".to_owned()),
    }
}
