//! Transcripts: the exchanges that a mock had with another server, in its place. One JSON object a
//! line: first what the file is, then one exchange each, as `meta/transcript.schema.json` says; or
//! an HTTP archive (HAR 1.2) of the same exchanges.

mod exchange;
mod har;

pub use exchange::{Answer, FORMAT, Header, Recorded, Request, VERSION};
pub use har::{HAR_END, archive_entry, archive_start};

/// The largest file that is read.
pub const LARGEST: u64 = 512 * 1024 * 1024;

/// Whether a file of this name holds an HTTP archive.
pub fn is_archive(name: &str) -> bool {
    let end = name.len().saturating_sub(4);
    name.get(end..)
        .is_some_and(|end| end.eq_ignore_ascii_case(".har"))
}

/// The exchanges of a file, whichever of the two formats it has. What a server was writing when it
/// was killed, an incomplete last line, is left out. The error says where the mistake is.
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

/// Whether the first line says that the file is a transcript that this program reads.
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
