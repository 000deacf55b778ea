//! A store of either kind.

use crate::store::keeper::{Keeper, Lost};
use crate::store::record::Write;
use crate::store::turns::{Inside, Turns};

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

    /// Queues a write, in addition to the recorded changes.
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
