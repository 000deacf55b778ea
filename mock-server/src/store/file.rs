//! A store in one file, an embedded database. Only one process can open it.

use crate::files::{Identity, identity, keep_private};
use crate::store::database::{database, is_store, make};
use crate::store::record::{FORMAT, Key, Table, WRITER, Write};
use crate::store::rows::{Rows, place};
use anyhow::{Context as _, anyhow, bail, ensure};
use redb::{Database, ReadableDatabase as _, ReadableTable as _, TableDefinition};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

type Definition = TableDefinition<'static, (&'static str, u64), &'static [u8]>;

fn definition(table: Table) -> Definition {
    TableDefinition::new(table.name())
}

/// A store in one file.
#[derive(Debug)]
pub struct File {
    path: PathBuf,
    /// `None` after an error: the database has to be reopened.
    database: Option<Database>,
    /// The identity of the opened file; another one may be at its path by now.
    identity: Option<Identity>,
    /// The row about the store's writer, as last written.
    writer: Option<Write>,
}

impl File {
    /// Opens the store in a file, or creates one if the file is missing or empty. A file that is
    /// not a store, is damaged, was written by a newer program or is in use is left unchanged.
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        let name = || path.display().to_string();
        if !is_store(path).with_context(name)?
            && let Some(database) = make(path, &|_| Ok(()))?
        {
            return Ok(Self::new(path, database));
        }
        let file = Self::new(path, database(path)?);
        file.check_format().with_context(name)?;
        if let Err(error) = keep_private(path) {
            tracing::warn!("{}: cannot restrict the file to its owner: {error}", name());
        }
        Ok(file)
    }

    /// Opens an existing store.
    pub fn existing(path: &Path) -> anyhow::Result<Self> {
        let name = || path.display().to_string();
        ensure!(
            is_store(path).with_context(name)?,
            "{}: no such file, or it is empty",
            name()
        );
        Self::open(path)
    }

    fn new(path: &Path, database: Database) -> Self {
        Self {
            path: path.to_owned(),
            database: Some(database),
            identity: identity(path).ok(),
            writer: None,
        }
    }

    /// The path of the file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn check_format(&self) -> anyhow::Result<()> {
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
        if format == 0 || format > FORMAT {
            bail!(
                "written by flexiti-mock {} in format {format}, and this is {} with format \
                 {FORMAT}: use that version, or name another file",
                version.escape_debug(),
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

    /// Writes all rows or none; they are on the disk once this returns. After an error, the next
    /// call reopens the file.
    pub fn write(&mut self, writes: &[Write]) -> anyhow::Result<()> {
        self.remember_writer(writes);
        let written = self.try_write(writes);
        if written.is_err() {
            self.database = None;
        }
        written.with_context(|| self.path.display().to_string())
    }

    fn try_write(&mut self, writes: &[Write]) -> anyhow::Result<()> {
        self.open_again()?;
        write(self.open_database()?, writes)
    }

    /// Reopens the file, if an earlier error requires it.
    pub fn open_again(&mut self) -> anyhow::Result<()> {
        ensure!(
            identity(&self.path)? == *self.identity.get_or_insert(identity(&self.path)?),
            "another file has been put in its place: put the right one back, or start the server \
             anew with the one that is there"
        );
        if self.database.is_none() {
            self.database = Some(database(&self.path)?);
        }
        Ok(())
    }

    /// The row about the store's writer, as this process last wrote it.
    pub fn remembered_writer(&self) -> Option<Write> {
        self.writer.clone()
    }

    /// Whether the file was deleted after it was opened.
    pub fn is_gone(&self) -> bool {
        identity(&self.path).is_err_and(|error| error.kind() == ErrorKind::NotFound)
    }

    /// Creates a new store with all these rows in place of a deleted file.
    pub fn write_anew(&mut self, writes: &[Write]) -> anyhow::Result<()> {
        self.database = None;
        self.remember_writer(writes);
        let mut all: Vec<Write> = self.writer.iter().cloned().collect();
        all.extend_from_slice(writes);
        let made = make(&self.path, &|database| write(database, &all))?;
        let made = made.ok_or_else(|| {
            anyhow!(
                "{}: another process has created a file in its place",
                self.path.display()
            )
        })?;
        self.identity = identity(&self.path).ok();
        self.database = Some(made);
        Ok(())
    }

    fn remember_writer(&mut self, writes: &[Write]) {
        let says =
            |write: &&Write| matches!(write, Write::Put(Table::Server, key, _) if key.0 == WRITER);
        if let Some(newest) = writes.iter().rfind(says) {
            self.writer = Some(newest.clone());
        }
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
