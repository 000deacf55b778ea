//! The database behind a store in a file: opened, or created atomically.

use crate::files::{identity, identity_of};
use anyhow::{Context as _, anyhow, bail, ensure};
use redb::{Database, DatabaseError, StorageError};
use std::fs::{self, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Read as _};
use std::path::{Path, PathBuf};

/// The magic bytes at the start of a database file.
const MAGIC: &[u8] = b"redb\x1A\x0A\xA9\x0D\x0A";
/// The size of the database's cache, in bytes. It is small, because the server answers from its own
/// memory.
const CACHE: usize = 4 * 1024 * 1024;

/// Whether there is a store at `path`; if not, one can be created there.
pub fn is_store(path: &Path) -> anyhow::Result<bool> {
    // Do not open a pipe: that would block until somebody writes to it.
    match fs::metadata(path) {
        Ok(found) => ensure!(found.is_file(), "not a plain file; name one, or a new one"),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error.into()),
    }
    let mut start = Vec::new();
    fs::File::open(path)?
        .take(MAGIC.len() as u64)
        .read_to_end(&mut start)?;
    ensure!(
        start.is_empty() || start == MAGIC,
        "not a file that flexiti-mock has written: name another one"
    );
    Ok(!start.is_empty())
}

/// Opens the database in a file.
pub(super) fn database(path: &Path) -> anyhow::Result<Database> {
    opened(path, builder().open(path))
}

fn builder() -> redb::Builder {
    let mut builder = Database::builder();
    builder.set_cache_size(CACHE);
    // Refuse a file that another program has changed.
    builder.set_check_integrity_on_open(true);
    builder
}

fn opened(path: &Path, opened: Result<Database, DatabaseError>) -> anyhow::Result<Database> {
    let name = path.display();
    opened.map_err(|error| match error {
        DatabaseError::DatabaseAlreadyOpen | DatabaseError::LockProtocolMismatch => in_use(path),
        DatabaseError::Storage(StorageError::Io(error)) if !is_damage(&error) => {
            anyhow!("{name}: cannot be opened for reading and writing: {error}")
        }
        error => anyhow!("{name}: damaged ({error}): restore a copy, or name another file"),
    })
}

fn in_use(path: &Path) -> anyhow::Error {
    let name = path.display();
    anyhow!("{name}: another process has it open; stop that one, or name another file")
}

/// Whether an error is due to the file's contents, rather than the disk, the system or permissions.
fn is_damage(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::InvalidData | ErrorKind::UnexpectedEof | ErrorKind::InvalidInput
    )
}

/// Creates a database with what `begin` writes, and moves it to a path where there is no file or an
/// empty one; `None` if another process has used the path meanwhile. Only the owner can read the
/// file, because it will hold secrets.
pub(super) fn make(
    path: &Path,
    begin: &dyn Fn(&Database) -> anyhow::Result<()>,
) -> anyhow::Result<Option<Database>> {
    let name = || path.display().to_string();
    let Some(held) = Held::take(path)? else {
        return Ok(None);
    };
    // If the path is a link, create the file that it points to.
    let place = fs::canonicalize(path).with_context(name)?;
    let made = beside(path, &place, begin);
    match made {
        Ok(Some(database)) => {
            held.filled();
            Ok(Some(database))
        }
        // The folder accepts no more files, or the file itself is a mount point.
        Ok(None) => {
            held.filled();
            let database = opened(path, builder().create(path))?;
            begin(&database)?;
            Ok(Some(database))
        }
        Err(error) => Err(error),
    }
}

/// Creates the file beside its final path and renames it; `None` if that is impossible.
fn beside(
    path: &Path,
    place: &Path,
    begin: &dyn Fn(&Database) -> anyhow::Result<()>,
) -> anyhow::Result<Option<Database>> {
    let mut beside = place.as_os_str().to_owned();
    beside.push(".new");
    let beside = PathBuf::from(beside);
    // A leftover of a process that was killed: this process holds the path now.
    let _ = fs::remove_file(&beside);
    if private().create_new(true).open(&beside).is_err() {
        return Ok(None);
    }
    let made = opened(path, builder().create(&beside))
        .and_then(|database| begin(&database).map(|()| database))
        .with_context(|| path.display().to_string());
    let made = made.map(|database| fs::rename(&beside, place).ok().map(|()| database));
    if !matches!(made, Ok(Some(_))) {
        let _ = fs::remove_file(&beside);
    }
    if let Some(folder) = place.parent() {
        // Sync the folder as well, so that the name is on the disk; not every system supports it.
        let _ = fs::File::open(folder).and_then(|folder| folder.sync_all());
    }
    made
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// A path with an empty file that only this process fills.
struct Held<'p> {
    path: &'p Path,
    file: fs::File,
    /// Whether the empty file was created for that purpose.
    is_new: bool,
}

impl<'p> Held<'p> {
    /// Locks the path; `None` if another process has filled the file meanwhile.
    fn take(path: &'p Path) -> anyhow::Result<Option<Self>> {
        let name = || path.display().to_string();
        let (file, is_new) = match private().create_new(true).open(path) {
            Ok(file) => (file, true),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                let file = private().create(true).truncate(false).open(path);
                (file.with_context(name)?, false)
            }
            Err(error) => return Err(error).with_context(name),
        };
        match file.try_lock() {
            // If files cannot be locked, the database reports it or does without.
            Ok(()) | Err(TryLockError::Error(_)) => {}
            Err(TryLockError::WouldBlock) => bail!(in_use(path)),
        }
        let is_free = file.metadata().with_context(name)?.len() == 0
            && identity_of(&file).ok() == identity(path).ok();
        Ok(is_free.then_some(Self { path, file, is_new }))
    }

    /// Keeps the file on drop, because it has been filled or is about to be.
    fn filled(mut self) {
        self.is_new = false;
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        if self.is_new {
            let _ = fs::remove_file(self.path);
        }
        let _ = self.file.unlock();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_is_in_its_place_only_once_it_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.db");
        // The leftover of a process that was killed halfway.
        let half = folder.path().join("store.db.new");
        fs::write(&path, "").unwrap();
        fs::write(&half, [0; 5_000]).unwrap();
        let begin = |_: &Database| {
            assert_eq!(fs::metadata(&path)?.len(), 0);
            assert!(format!("{:#}", make(&path, &|_| Ok(())).unwrap_err()).contains("another"));
            Ok(())
        };
        drop(make(&path, &begin).unwrap().expect("nobody else makes one"));
        assert!(is_store(&path).unwrap() && !half.exists());
        assert!(make(&path, &|_| Ok(())).unwrap().is_none());
    }

    #[test]
    fn one_that_cannot_be_begun_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.db");
        let error = make(&path, &|_| bail!("no room")).unwrap_err();
        assert!(format!("{error:#}").contains("no room"));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn only_what_is_in_a_file_can_be_damaged() {
        let say = |error| {
            opened(Path::new("a.db"), Err(error))
                .unwrap_err()
                .to_string()
        };
        let io = |kind: ErrorKind| DatabaseError::Storage(StorageError::Io(kind.into()));
        for kind in [
            ErrorKind::ReadOnlyFilesystem,
            ErrorKind::PermissionDenied,
            ErrorKind::StorageFull,
        ] {
            let line = say(io(kind));
            assert!(
                !line.contains("damaged") && line.contains("a.db: cannot be opened"),
                "{line}"
            );
        }
        assert!(say(io(ErrorKind::UnexpectedEof)).contains("damaged"));
        let corrupted = StorageError::Corrupted("a page".to_owned());
        assert!(say(DatabaseError::Storage(corrupted)).contains("damaged"));
    }
}
