//! A store of either kind.

use crate::store::keeper::{Answering, Keeper, Lost};
use crate::store::record::Write;
use crate::store::turns::{InTurn, Turns};

/// The store of a server.
#[derive(Debug)]
pub enum Store {
    /// In its own file.
    File(Keeper),
    /// Shared with other servers.
    Shared(Turns),
}

/// A request being answered.
#[derive(Debug)]
pub struct Entry(Inside);

#[derive(Debug)]
enum Inside {
    File(Answering),
    Shared(InTurn),
}

impl Store {
    /// Waits until a request may be answered.
    pub async fn enter(&self) -> Result<Entry, Lost> {
        match self {
            Self::File(keeper) => Ok(Entry(Inside::File(keeper.enter()?))),
            Self::Shared(turns) => Ok(Entry(Inside::Shared(turns.enter().await?))),
        }
    }

    /// Waits until everything that the answer depends on is stored.
    pub async fn keep(&self, entry: Entry) -> Result<(), Lost> {
        match (self, entry.0) {
            (Self::File(keeper), Inside::File(inside)) => keeper.keep(inside).await,
            (Self::Shared(turns), Inside::Shared(inside)) => turns.keep(inside).await,
            // An entry is always returned to the store that it came from.
            (Self::File(_), Inside::Shared(_)) | (Self::Shared(_), Inside::File(_)) => Ok(()),
        }
    }

    /// Queues a write, in addition to the recorded changes.
    pub fn also(&self, write: Write) {
        match self {
            Self::File(keeper) => keeper.also(write),
            Self::Shared(turns) => turns.also(write),
        }
    }

    /// Why nothing can be stored at the moment; `None` if it can.
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

    /// The number of writes so far.
    pub fn batches(&self) -> u64 {
        match self {
            Self::File(keeper) => keeper.batches(),
            Self::Shared(turns) => turns.batches(),
        }
    }

    /// Stores what is left and closes the store.
    pub fn close(&self) {
        match self {
            Self::File(keeper) => keeper.close(),
            Self::Shared(turns) => turns.close(),
        }
    }
}
