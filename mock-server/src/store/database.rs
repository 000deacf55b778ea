//! The database that a store in one file is: opened, and made whole or not at all.

use crate::files::{identity, identity_of};
use anyhow::{Context as _, anyhow, bail, ensure};
use redb::{Database, DatabaseError, StorageError};
use std::fs::{self, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Read as _};
use std::path::{Path, PathBuf};

/// How the files of the database begin.
const MAGIC: &[u8] = b"redb\x1A\x0A\xA9\x0D\x0A";
/// How much of the file the database holds in memory. The server answers from its own memory.
const CACHE: usize = 4 * 1024 * 1024;

/// Whether there is a store in this place; if not, one can be made there.
pub fn is_store(path: &Path) -> anyhow::Result<bool> {
    // A pipe is not opened: that would wait for whoever writes to it.
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
    // A file that something else has changed is refused, instead of being trusted.
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

/// Whether an error is about what is in the file, rather than about the disk, the system or rights.
fn is_damage(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::InvalidData | ErrorKind::UnexpectedEof | ErrorKind::InvalidInput
    )
}

/// Makes a database with what `begin` writes, and puts it whole in a place where there is no file or
/// an empty one; nothing if it is another process's by now. Only its owner may read it: it will
/// hold secrets.
pub(super) fn make(
    path: &Path,
    begin: &dyn Fn(&Database) -> anyhow::Result<()>,
) -> anyhow::Result<Option<Database>> {
    let name = || path.display().to_string();
    let Some(held) = Held::take(path)? else {
        return Ok(None);
    };
    // Where there is a link, the file that it leads to is made.
    let place = fs::canonicalize(path).with_context(name)?;
    let made = beside(path, &place, begin);
    match made {
        Ok(Some(database)) => {
            held.filled();
            Ok(Some(database))
        }
        // A folder that takes no more files, or a file that was mounted by itself.
        Ok(None) => {
            held.filled();
            let database = opened(path, builder().create(path))?;
            begin(&database)?;
            Ok(Some(database))
        }
        Err(error) => Err(error),
    }
}

/// Makes the file beside its place and moves it there; nothing where that cannot be done.
fn beside(
    path: &Path,
    place: &Path,
    begin: &dyn Fn(&Database) -> anyhow::Result<()>,
) -> anyhow::Result<Option<Database>> {
    let mut beside = place.as_os_str().to_owned();
    beside.push(".new");
    let beside = PathBuf::from(beside);
    // Whoever left it there was killed: the place is held by this process.
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
        // So that the name is on the disk, too; some systems know no such thing.
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

/// A place with an empty file that only this process fills.
struct Held<'p> {
    path: &'p Path,
    file: fs::File,
    /// Whether the empty file was made for that.
    is_new: bool,
}

impl<'p> Held<'p> {
    /// Nothing if another process has filled it meanwhile.
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
            // Where files cannot be locked, the database says so or does without.
            Ok(()) | Err(TryLockError::Error(_)) => {}
            Err(TryLockError::WouldBlock) => bail!(in_use(path)),
        }
        let is_free = file.metadata().with_context(name)?.len() == 0
            && identity_of(&file).ok() == identity(path).ok();
        Ok(is_free.then_some(Self { path, file, is_new }))
    }

    /// It is no longer empty, or is about to be filled.
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
        // What somebody left who was killed on the way.
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
