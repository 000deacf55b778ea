//! Files named by flags: writing them atomically, never replacing anything but a plain file, and
//! noticing when they change.

use anyhow::{Context as _, ensure};
use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// Whether a plain file exists at `path`. Anything else there, such as a device or a link, is an
/// error: it is not ours to replace.
pub fn check_place(flag: &str, path: &Path) -> anyhow::Result<bool> {
    let place = || format!("{flag}: {}", path.display());
    match fs::symlink_metadata(path) {
        Ok(found) => {
            ensure!(
                found.is_file(),
                "{}: is not a plain file; name one, or a path where nothing is",
                place()
            );
            Ok(true)
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let folder = path.parent().filter(|it| !it.as_os_str().is_empty());
            if let Some(folder) = folder {
                ensure!(
                    folder.is_dir(),
                    "{}: there is no folder {}",
                    place(),
                    folder.display()
                );
            }
            Ok(false)
        }
        Err(error) => Err(error).with_context(place),
    }
}

/// Writes a temporary file beside `path` and renames it, so that the file appears whole.
pub fn write_whole(path: &Path, content: &[u8]) -> io::Result<()> {
    replace(path, content, OpenOptions::new())
}

/// Like [`write_whole`], for secrets and customer data: only the owner can read the file, even if
/// others could read the one that it replaces.
pub fn write_private(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    #[cfg(not(unix))]
    let _ = &mut options;
    replace(path, content, options)
}

fn replace(path: &Path, content: &[u8], mut options: OpenOptions) -> io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".{}", std::process::id()));
    // A leftover of an earlier process with the same id.
    let _ = fs::remove_file(&beside);
    let mut file = options.write(true).create_new(true).open(&beside)?;
    file.write_all(content)
        .and_then(|()| fs::rename(&beside, path))
        .inspect_err(|_| {
            let _ = fs::remove_file(&beside);
        })
}

/// Removes all permissions except the owner's.
#[cfg(unix)]
pub fn keep_private(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = fs::metadata(path)?.permissions().mode();
    if mode & 0o700 == mode & 0o777 {
        return Ok(());
    }
    fs::set_permissions(path, fs::Permissions::from_mode(mode & 0o700))
}

/// Removes all permissions except the owner's; does nothing on this platform.
#[cfg(not(unix))]
pub fn keep_private(_: &Path) -> io::Result<()> {
    Ok(())
}

/// Tells files apart that are at the same path at different times.
pub type Identity = (u64, u64);

/// The identity of the file at `path`; links are followed.
pub fn identity(path: &Path) -> io::Result<Identity> {
    fs::metadata(path).map(|found| (device(&found), number(&found)))
}

/// The identity of an open file.
pub fn identity_of(file: &fs::File) -> io::Result<Identity> {
    let found = file.metadata()?;
    Ok((device(&found), number(&found)))
}

/// How often watched files are checked.
pub const LOOK: Duration = Duration::from_millis(400);

/// Files that may change.
#[derive(Debug, Clone)]
pub struct Watched {
    paths: Vec<PathBuf>,
    used: Vec<State>,
    seen: Vec<State>,
}

/// Modification time, length and inode; `None` if the file is missing.
type State = Option<(SystemTime, u64, u64)>;

impl Watched {
    /// Watches these files, starting from their current state.
    pub fn new(paths: Vec<PathBuf>) -> Self {
        let now = states(&paths);
        Self {
            paths,
            used: now.clone(),
            seen: now,
        }
    }

    /// Whether both watch the same paths.
    pub fn is_of_the_same(&self, others: &Self) -> bool {
        self.paths == others.paths
    }

    /// Whether a file has changed since the last `true`. A change is reported once two checks in a
    /// row see the same state, because several files are seldom replaced at the same moment.
    pub fn have_changed(&mut self) -> bool {
        let now = states(&self.paths);
        let have = now != self.used && now == self.seen;
        if have {
            self.used.clone_from(&now);
        }
        self.seen = now;
        have
    }
}

/// Follows links: Kubernetes mounts secrets as links and switches them.
fn states(paths: &[PathBuf]) -> Vec<State> {
    let state = |path: &PathBuf| {
        let found = fs::metadata(path).ok()?;
        Some((found.modified().ok()?, found.len(), number(&found)))
    };
    paths.iter().map(state).collect()
}

#[cfg(unix)]
fn number(file: &fs::Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(file)
}

#[cfg(not(unix))]
fn number(_: &fs::Metadata) -> u64 {
    0
}

#[cfg(unix)]
fn device(file: &fs::Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::dev(file)
}

#[cfg(not(unix))]
fn device(_: &fs::Metadata) -> u64 {
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_told_once_when_it_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let mut watched = Watched::new(vec![path.clone(), folder.path().join("none")]);
        assert!(!watched.have_changed());
        fs::write(&path, "half").unwrap();
        assert!(!watched.have_changed(), "it may go on");
        fs::write(&path, "and the rest").unwrap();
        assert!(!watched.have_changed(), "it went on");
        assert!(watched.have_changed());
        assert!(!watched.have_changed());
        fs::remove_file(&path).unwrap();
        assert_eq!(
            [watched.have_changed(), watched.have_changed()],
            [false, true]
        );
    }
}
