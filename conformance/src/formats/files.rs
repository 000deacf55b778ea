//! Where reports go. A file is written beside its destination and renamed when the run is over, so
//! that a failed run never destroys an older report.

use anyhow::{Context as _, bail};
use std::fs::OpenOptions;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// The destinations of a run's reports.
#[derive(Debug, Default)]
pub struct Places {
    taken: Vec<Place>,
    files: Vec<(NamedTempFile, PathBuf)>,
}

#[derive(Debug, PartialEq, Eq)]
enum Place {
    StandardOutput,
    File(PathBuf),
}

impl Places {
    /// Opens a destination; `None` is standard output. An error names the problem.
    pub fn open(&mut self, file: Option<&Path>) -> anyhow::Result<Box<dyn Write>> {
        let Some(file) = file else {
            self.take(Place::StandardOutput, "standard output")?;
            return Ok(Box::new(std::io::stdout()));
        };
        let name = file.display().to_string();
        let place = resolved(file).with_context(|| format!("--report: {name}"))?;
        self.take(Place::File(place.clone()), &name)?;
        let opened = self.file(&place);
        opened.with_context(|| format!("--report: {name}: cannot be written"))
    }

    /// Opens a file that other programs write to as well, for appending.
    pub fn append(&mut self, file: &Path) -> anyhow::Result<Box<dyn Write>> {
        let name = file.display().to_string();
        let place = resolved(file).with_context(|| format!("--report: {name}"))?;
        self.take(Place::File(place.clone()), &name)?;
        let opened = OpenOptions::new().append(true).create(true).open(&place);
        let opened = opened.with_context(|| format!("--report: {name}: cannot be written"))?;
        Ok(Box::new(BufWriter::new(opened)))
    }

    fn take(&mut self, place: Place, name: &str) -> anyhow::Result<()> {
        if self.taken.contains(&place) {
            bail!("--report: two reports go to {name}; give each of them a file of its own");
        }
        self.taken.push(place);
        Ok(())
    }

    fn file(&mut self, place: &Path) -> anyhow::Result<Box<dyn Write>> {
        let present = std::fs::metadata(place).ok();
        match &present {
            Some(found) if found.is_dir() => bail!("it is a folder"),
            // A device or a pipe cannot be replaced.
            Some(found) if !found.is_file() => {
                return Ok(Box::new(OpenOptions::new().write(true).open(place)?));
            }
            // Renaming would replace even a read-only file, so make sure that it is writable.
            Some(_) => drop(OpenOptions::new().append(true).open(place)?),
            None => {}
        }
        let folder = place.parent().unwrap_or(Path::new("."));
        let written = temporary(folder)?;
        let out = BufWriter::new(written.reopen()?);
        self.files.push((written, place.to_owned()));
        Ok(Box::new(out))
    }

    /// Moves the files to their destinations. Everything must have been written and flushed.
    pub fn keep(self) -> anyhow::Result<()> {
        for (file, place) in self.files {
            let kept = file.persist(&place).map_err(|error| error.error);
            kept.with_context(|| format!("--report: {}", place.display()))?;
        }
        Ok(())
    }
}

/// The path after following links, whether or not the file exists.
fn resolved(file: &Path) -> anyhow::Result<PathBuf> {
    if let Ok(place) = file.canonicalize() {
        return Ok(place);
    }
    let Some(name) = file.file_name() else {
        bail!("expected the path of a file");
    };
    let folder = match file.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let found = folder.canonicalize();
    let found = found.with_context(|| format!("the folder {} cannot be used", folder.display()))?;
    Ok(found.join(name))
}

/// A temporary file with the permissions of a newly created file.
fn temporary(folder: &Path) -> std::io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".flexiti-report-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_older_file_stays_until_the_new_one_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("report.json");
        std::fs::write(&file, "old").unwrap();
        let read = || std::fs::read_to_string(&file).unwrap();
        let abandoned = &mut Places::default();
        abandoned
            .open(Some(&file))
            .unwrap()
            .write_all(b"half")
            .unwrap();
        assert_eq!(read(), "old");
        let mut places = Places::default();
        let mut out = places.open(Some(&file)).unwrap();
        out.write_all(b"new").unwrap();
        out.flush().unwrap();
        assert_eq!(read(), "old");
        places.keep().unwrap();
        assert_eq!(read(), "new");
    }

    #[test]
    fn nothing_is_left_of_a_run_that_came_to_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("report.json");
        drop(Places::default().open(Some(&file)).unwrap());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn two_reports_never_share_a_place() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("report");
        let again = folder.path().join(".").join("report");
        let mut places = Places::default();
        places.open(Some(&file)).map(drop).unwrap();
        places.open(None).map(drop).unwrap();
        for second in [Some(&*again), None] {
            let error = places.open(second).map(drop).unwrap_err().to_string();
            assert!(error.contains("two reports go to"), "{error}");
        }
    }

    #[test]
    fn a_place_that_cannot_be_written_is_named() {
        let folder = tempfile::tempdir().unwrap();
        for (path, why) in [
            (folder.path().to_owned(), "it is a folder"),
            (
                folder.path().join("missing/report"),
                "missing cannot be used",
            ),
            (PathBuf::from("/"), "it is a folder"),
        ] {
            let error = Places::default().open(Some(&path)).map(drop).unwrap_err();
            let error = format!("{error:#}");
            assert!(
                error.starts_with("--report: ") && error.contains(why),
                "{error}"
            );
        }
    }
}
