//! What the server remembers, kept where it outlives the process.
//!
//! The server answers from memory. What has changed is written to the store in batches, and an
//! answer leaves only when all that it depends on has been kept.

mod applied;
mod dump;
mod file;
mod keeper;
#[cfg(test)]
mod laws;
mod record;
mod restored;
mod shared;
mod turns;

pub use applied::apply;
pub use dump::{export, import};
pub use file::File;
pub use keeper::{Keeper, Lost};
pub use record::{FORMAT, Key, Table, WRITER, Write, Writer};
pub use record::{journal_writes, put, writes};
pub use restored::{Contents, Restored, examine, restore};
pub use shared::{Entered, Shared, Turn};
pub use turns::{Inside, Memory, Turns};

/// A store whose rows can be read.
pub trait Rows {
    /// Shows `see` each row of a table, in the order of the keys; an error of `see` ends it, with
    /// the place of the row.
    fn each(
        &self,
        table: Table,
        see: &mut dyn FnMut(Key, &[u8]) -> anyhow::Result<()>,
    ) -> anyhow::Result<()>;

    /// What wrote it; nothing where nothing has been written yet.
    fn writer(&self) -> anyhow::Result<Option<Writer>> {
        let mut found = None;
        self.each(Table::Server, &mut |key, value| {
            if key.0 == WRITER {
                found = Some(serde_json::from_slice(value)?);
            }
            Ok(())
        })?;
        Ok(found)
    }
}

/// A row's key for people.
fn place(table: Table, key: &Key) -> String {
    match key {
        Key(text, number) if text.is_empty() => format!("{}: {number}", table.name()),
        Key(text, 0) => format!("{}: `{text}`", table.name()),
        Key(text, number) => format!("{}: `{text}`, {number}", table.name()),
    }
}

/// What keeps what a server remembers.
#[derive(Debug)]
pub enum Store {
    /// In a file of its own.
    File(Keeper),
    /// Together with other servers.
    Shared(Turns),
}

/// A request that is being answered.
#[derive(Debug)]
pub struct Entry(Option<Inside>);

impl Store {
    /// Waits until a request may be answered.
    pub async fn enter(&self) -> Result<Entry, Lost> {
        match self {
            Self::File(keeper) => match keeper.lost() {
                Some(lost) => Err(lost),
                None => Ok(Entry(None)),
            },
            Self::Shared(turns) => Ok(Entry(Some(turns.enter().await?))),
        }
    }

    /// Waits until all that the answer depends on is kept.
    pub async fn keep(&self, entry: Entry) -> Result<(), Lost> {
        match (self, entry.0) {
            (Self::File(keeper), _) => keeper.keep().await,
            (Self::Shared(turns), Some(inside)) => turns.keep(inside).await,
            (Self::Shared(_), None) => Ok(()),
        }
    }

    /// Has something written beside what changes.
    pub fn also(&self, write: Write) {
        match self {
            Self::File(keeper) => keeper.also(write),
            Self::Shared(turns) => turns.also(write),
        }
    }

    /// Why nothing can be kept at the moment, if that is so.
    pub fn lost(&self) -> Option<Lost> {
        match self {
            Self::File(keeper) => keeper.lost(),
            Self::Shared(turns) => turns.lost(),
        }
    }

    /// Where it is.
    pub fn place(&self) -> &str {
        match self {
            Self::File(keeper) => keeper.place(),
            Self::Shared(turns) => turns.place(),
        }
    }

    /// How often it was written.
    pub fn batches(&self) -> u64 {
        match self {
            Self::File(keeper) => keeper.batches(),
            Self::Shared(turns) => turns.batches(),
        }
    }

    /// Keeps what is left, and gives it up.
    pub fn close(&self) {
        match self {
            Self::File(keeper) => keeper.close(),
            Self::Shared(turns) => turns.close(),
        }
    }
}
