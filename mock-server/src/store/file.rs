//! A store in one file, an embedded database. Only one process can have it open.

use crate::store::record::{FORMAT, Key, Table, WRITER, Write};
use crate::store::rows::{Rows, place};
use anyhow::{Context as _, anyhow, bail, ensure};
use redb::{Database, DatabaseError, ReadableDatabase as _, ReadableTable as _, TableDefinition};
use std::fs::OpenOptions;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// How the files of the database begin.
const MAGIC: &[u8] = b"redb\x1A\x0A\xA9\x0D\x0A";
/// How much of the file the database holds in memory. The server answers from its own memory.
const CACHE: usize = 4 * 1024 * 1024;

type Definition = TableDefinition<'static, (&'static str, u64), &'static [u8]>;

fn definition(table: Table) -> Definition {
    TableDefinition::new(table.name())
}

/// A store in one file.
#[derive(Debug)]
pub struct File {
    path: PathBuf,
    /// None after an error: the database has to be opened anew.
    database: Option<Database>,
}

impl File {
    /// Opens the store in a file, or makes one where there is no file or an empty one. A file that
    /// is no store, is damaged, was written by a newer program or is in use is left as it is.
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        let name = || path.display().to_string();
        let is_new = is_new(path).with_context(name)?;
        if is_new {
            create(path).with_context(name)?;
        }
        let database = database(path)?;
        let mut file = Self {
            path: path.to_owned(),
            database: Some(database),
        };
        if !is_new {
            file.check_format().with_context(name)?;
        }
        Ok(file)
    }

    /// The same for a file that must be there.
    pub fn existing(path: &Path) -> anyhow::Result<Self> {
        let name = || path.display().to_string();
        ensure!(
            !is_new(path).with_context(name)?,
            "{}: no such file, or it is empty",
            name()
        );
        Self::open(path)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn check_format(&mut self) -> anyhow::Result<()> {
        #[derive(serde::Deserialize)]
        struct Format {
            format: u32,
            version: String,
        }
        let mut found: Option<Format> = None;
        self.each(Table::Server, &mut |key, value| {
            if key.0 == WRITER {
                found = Some(serde_json::from_slice(value)?);
            }
            Ok(())
        })?;
        let Some(Format { format, version }) = found else {
            let mut rows = 0_usize;
            for table in Table::ALL {
                self.each(table, &mut |_, _| {
                    rows += 1;
                    Ok(())
                })?;
            }
            let others = self.reading()?.list_tables()?.count();
            ensure!(
                rows == 0 && others == 0,
                "a database, but not one of flexiti-mock: name another file"
            );
            return Ok(());
        };
        if format > FORMAT {
            bail!(
                "written by flexiti-mock {version} in format {format}, and this is {} with format \
                 {FORMAT}: use that version, or name another file",
                env!("CARGO_PKG_VERSION")
            );
        }
        Ok(())
    }

    fn open_database(&self) -> anyhow::Result<&Database> {
        let database = self.database.as_ref();
        database.ok_or_else(|| anyhow!("{}: closed after an error", self.path.display()))
    }

    fn reading(&self) -> anyhow::Result<redb::ReadTransaction> {
        Ok(self.open_database()?.begin_read()?)
    }

    /// Writes all of it or nothing; what was written is on the disk once this returns. After an
    /// error, the next call opens the file anew.
    pub fn write(&mut self, writes: &[Write]) -> anyhow::Result<()> {
        if self.database.is_none() {
            self.database = Some(database(&self.path)?);
        }
        let written = self.open_database().and_then(|open| write(open, writes));
        if written.is_err() {
            self.database = None;
        }
        written.with_context(|| self.path.display().to_string())
    }
}

impl Rows for File {
    fn each(
        &self,
        table: Table,
        see: &mut dyn FnMut(Key, &[u8]) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let rows = match self.reading()?.open_table(definition(table)) {
            Ok(rows) => rows,
            Err(redb::TableError::TableDoesNotExist(_)) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        for row in rows.iter()? {
            let (key, value) = row?;
            let (text, number) = key.value();
            let key = Key(text.to_owned(), number);
            see(key.clone(), value.value()).with_context(|| place(table, &key))?;
        }
        Ok(())
    }
}

fn write(database: &Database, writes: &[Write]) -> anyhow::Result<()> {
    let transaction = database.begin_write()?;
    {
        let mut tables = Vec::new();
        for table in Table::ALL {
            tables.push(transaction.open_table(definition(table))?);
        }
        let at = |table: Table| Table::ALL.iter().position(|other| *other == table);
        for write in writes {
            let (Write::Put(table, ..)
            | Write::Remove(table, ..)
            | Write::RemoveAllOf(table, ..)
            | Write::Clear(table)) = write;
            let Some(rows) = at(*table).and_then(|at| tables.get_mut(at)) else {
                continue;
            };
            match write {
                Write::Put(_, key, value) => {
                    rows.insert((key.0.as_str(), key.1), value.as_slice())?;
                }
                Write::Remove(_, key) => {
                    rows.remove((key.0.as_str(), key.1))?;
                }
                Write::RemoveAllOf(_, text) => {
                    let text = text.as_str();
                    rows.retain_in((text, 0)..=(text, u64::MAX), |_, _| false)?;
                }
                Write::Clear(_) => rows.retain(|_, _| false)?,
            }
        }
    }
    transaction.commit()?;
    Ok(())
}

/// Whether a store can be made in this place.
fn is_new(path: &Path) -> anyhow::Result<bool> {
    let mut file = match std::fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(true),
        Err(error) => return Err(error.into()),
    };
    let is_file = file.metadata()?.is_file();
    ensure!(is_file, "not a plain file; name one, or a new one");
    let mut start = Vec::new();
    file.by_ref()
        .take(MAGIC.len() as u64)
        .read_to_end(&mut start)?;
    ensure!(
        start.is_empty() || start == MAGIC,
        "not a file that flexiti-mock has written: name another one"
    );
    Ok(start.is_empty())
}

/// Makes an empty file that only its owner may read: it will hold secrets.
fn create(path: &Path) -> anyhow::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?;
    Ok(())
}

fn database(path: &Path) -> anyhow::Result<Database> {
    let name = path.display();
    let mut builder = Database::builder();
    builder.set_cache_size(CACHE);
    // A file that something else has changed is refused, instead of being trusted.
    builder.set_check_integrity_on_open(true);
    match builder.create(path) {
        Ok(database) => Ok(database),
        Err(DatabaseError::DatabaseAlreadyOpen) => Err(anyhow!(
            "{name}: another process has it open; stop that one, or name another file"
        )),
        Err(error) => Err(anyhow!(
            "{name}: damaged ({error}): restore a copy, or name another file"
        )),
    }
}
