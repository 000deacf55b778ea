//! Persistence of the server's state.
//!
//! The server answers from memory. Changes are written to the store in batches, and an answer is
//! sent only when everything that it depends on is stored.

mod apply;
mod database;
mod dump;
mod file;
mod keeper;
mod kind;
#[cfg(test)]
mod laws;
mod record;
mod redis_url;
mod restore;
mod rows;
mod shared;
mod shared_rows;
mod turn_log;
mod turns;

pub use apply::apply;
pub use database::is_store;
pub use dump::{Imported, export};
pub use file::File;
pub use keeper::{FileMemory, Keeper, Lost, Wanted};
pub use kind::{Entry, Store};
pub use record::{FORMAT, Key, Table, WRITER, Write, Writer};
pub use record::{journal_writes, put, writes};
pub use restore::{Contents, Restored, examine, restore};
pub use rows::Rows;
pub use shared::{Entered, SharedStore};
pub use turn_log::Turn;
pub use turns::{Memory, Turns};
