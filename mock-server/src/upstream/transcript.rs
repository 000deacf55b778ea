//! The transcript. Each exchange is on the disk before its answer is sent, so that a killed server
//! has lost nothing that it answered.

use crate::files::{check_place, keep_private};
use anyhow::{Context as _, anyhow, bail, ensure};
use flexiti_contract::transcript::{
    self, HAR_END, Header, LARGEST, Recorded, archive_entry, archive_start, is_archive,
};
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// A file that exchanges are appended to.
#[derive(Debug)]
pub struct Transcript {
    file: Mutex<Appended>,
    archive: bool,
}

#[derive(Debug)]
struct Appended {
    file: File,
    /// The end of the complete part.
    end: u64,
    /// For an archive, whether it already contains an exchange.
    goes_on: bool,
}

impl Transcript {
    /// Opens or creates a transcript. A file that is not a transcript is refused and left
    /// unchanged; an incomplete last line of a transcript is removed.
    pub fn open(path: &Path, now: &str) -> anyhow::Result<Self> {
        let name = || format!("--transcript: {}", path.display());
        check_place("--transcript", path)?;
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        // Restrict the permissions, because it contains customer data.
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path).with_context(name)?;
        if let Err(error) = keep_private(path) {
            tracing::warn!("{}: cannot restrict the file to its owner: {error}", name());
        }
        only_one(&file).with_context(name)?;
        let text = read(&mut file).with_context(name)?;
        let archive = is_archive(&path.to_string_lossy());
        if text.is_empty() {
            return Self::begin(file, archive, now).with_context(name);
        }
        let whole = whole(&text, archive);
        let whole = whole.map_err(|why| anyhow!("{}: {why}; name another file", name()))?;
        let mut appended = Appended {
            file,
            end: u64::try_from(whole.end)?,
            goes_on: whole.has_exchanges,
        };
        if whole.is_torn {
            tracing::warn!(
                "--transcript: {}: the last exchange is incomplete and was removed",
                path.display()
            );
            appended.file.set_len(appended.end).with_context(name)?;
            appended
                .append("", if archive { HAR_END } else { "" })
                .with_context(name)?;
        }
        Ok(Self {
            file: Mutex::new(appended),
            archive,
        })
    }

    fn begin(file: File, archive: bool, now: &str) -> anyhow::Result<Self> {
        let first = if archive {
            archive_start(now)
        } else {
            format!("{}\n", serde_json::to_string(&Header::new())?)
        };
        let mut appended = Appended {
            file,
            end: 0,
            goes_on: false,
        };
        let end = if archive { HAR_END } else { "" };
        appended.append(&first, end)?;
        Ok(Self {
            file: Mutex::new(appended),
            archive,
        })
    }

    /// Appends an exchange, which is on the disk once this returns. A partial write is undone.
    pub fn append(&self, recorded: &Recorded) -> io::Result<()> {
        let mut appended = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        if self.archive {
            let comma = if appended.goes_on { "," } else { "" };
            let entry = format!("{comma}\n{}", archive_entry(recorded));
            appended.append(&entry, HAR_END)?;
        } else {
            let line = serde_json::to_string(recorded).map_err(io::Error::other)?;
            appended.append(&format!("{line}\n"), "")?;
        }
        appended.goes_on = true;
        Ok(())
    }
}

impl Appended {
    /// Replaces the end of the file by `new` and `end`, in one write.
    fn append(&mut self, new: &str, end: &str) -> io::Result<()> {
        let text = format!("{new}{end}");
        if self.end + text.len() as u64 > LARGEST {
            let mib = LARGEST / 1024 / 1024;
            let why = format!("over {mib} MiB, it could not be read again; name another file");
            return Err(io::Error::new(ErrorKind::FileTooLarge, why));
        }
        let written = (|| {
            self.file.seek(SeekFrom::Start(self.end))?;
            self.file.write_all(text.as_bytes())?;
            self.file.sync_data()
        })();
        if let Err(error) = written {
            let _ = self.file.set_len(self.end);
            let _ = self.file.seek(SeekFrom::Start(self.end));
            let _ = self.file.write_all(end.as_bytes());
            return Err(error);
        }
        self.end += new.len() as u64;
        Ok(())
    }
}

/// The complete part of a file.
struct Whole {
    /// Where the exchanges end.
    end: usize,
    has_exchanges: bool,
    /// More followed, which is incomplete.
    is_torn: bool,
}

fn whole(text: &str, archive: bool) -> Result<Whole, String> {
    if !archive {
        transcript::check_header(text).map_err(|why| {
            if transcript::read(text).is_ok() {
                "is an HTTP archive, and its name does not end in .har".to_owned()
            } else {
                why
            }
        })?;
        let end = text.rfind('\n').map_or(0, |at| at + 1);
        return Ok(Whole {
            end,
            has_exchanges: !transcript::read(text)?.is_empty(),
            is_torn: end < text.len(),
        });
    }
    let start = archive_start("");
    let own = start.split(",\"pages\"").next().unwrap_or_default();
    if !text.starts_with(own) {
        return Err("is not an HTTP archive that this program wrote".to_owned());
    }
    if text.ends_with(HAR_END) {
        return Ok(Whole {
            end: text.len() - HAR_END.len(),
            has_exchanges: !transcript::read(text)?.is_empty(),
            is_torn: false,
        });
    }
    // Each exchange is on its own line.
    let mut lines = text.split_inclusive('\n');
    let mut at = lines.next().unwrap_or_default().len();
    let mut end = at.saturating_sub(1);
    let mut has_exchanges = false;
    for line in lines {
        let entry = line.trim_end().trim_end_matches(',');
        if serde_json::from_str::<serde_json::Value>(entry).is_err() {
            break;
        }
        end = at + entry.len();
        at += line.len();
        has_exchanges = true;
    }
    Ok(Whole {
        end,
        has_exchanges,
        is_torn: true,
    })
}

/// Loads the exchanges of a transcript, to answer from.
pub fn load(path: &Path) -> anyhow::Result<Vec<Recorded>> {
    let name = || format!("--transcript: {}", path.display());
    // Do not open a pipe: that would block until somebody writes to it.
    let found = fs::metadata(path).with_context(name)?;
    ensure!(found.is_file(), "{}: is not a plain file", name());
    let mut file = File::open(path).with_context(name)?;
    let text = read(&mut file).with_context(name)?;
    transcript::read(&text).map_err(|why| anyhow!("{}: {why}", name()))
}

fn read(file: &mut File) -> anyhow::Result<String> {
    let mut text = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut text)?;
    ensure!(
        text.len() as u64 <= LARGEST,
        "is over {} MiB",
        LARGEST / 1024 / 1024
    );
    match String::from_utf8(text) {
        Ok(text) => Ok(text),
        // An incomplete last line may end within a character.
        Err(error) => {
            let valid = error.utf8_error().valid_up_to();
            let bytes = error.into_bytes();
            let is_last = !bytes[valid..].contains(&b'\n');
            if is_last && let Some(end) = bytes[..valid].iter().rposition(|byte| *byte == b'\n') {
                return Ok(String::from_utf8_lossy(&bytes[..=end]).into_owned());
            }
            bail!("is not a transcript: it is not text in UTF-8; name another file")
        }
    }
}

impl Drop for Appended {
    fn drop(&mut self) {
        // A program being started elsewhere in this process may briefly hold a copy of the file
        // descriptor, and with it the lock.
        let _ = self.file.unlock();
    }
}

/// Locks the file, so that only one server at a time writes it.
fn only_one(file: &File) -> anyhow::Result<()> {
    file.try_lock()
        .map_err(|_| anyhow!("another server writes this file; name another one"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_free_for_the_next_server_whoever_has_a_copy_of_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.ndjson");
        let open = || Transcript::open(&path, "2026-01-01T00:00:00Z");
        let first = open().unwrap();
        let copy = first.file.lock().unwrap().file.try_clone().unwrap();
        assert!(open().is_err());
        drop(first);
        drop(open().unwrap());
        drop(copy);
    }

    #[test]
    fn what_could_not_be_read_again_is_not_written() {
        let file = tempfile::tempfile().unwrap();
        let mut appended = Appended {
            file: file.try_clone().unwrap(),
            end: LARGEST - 4,
            goes_on: true,
        };
        let why = appended.append("12345", "").unwrap_err().to_string();
        assert!(why.contains("512 MiB"), "{why}");
        assert_eq!(file.metadata().unwrap().len(), 0);
        appended.append("123\n", "").unwrap();
        assert_eq!(file.metadata().unwrap().len(), LARGEST);
    }
}
