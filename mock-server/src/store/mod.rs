//! What the server remembers, kept where it outlives the process.
//!
//! The server answers from memory. What has changed is written to the store in batches, and an
//! answer leaves only when all that it depends on has been kept.

mod applied;
mod database;
mod dump;
mod file;
mod keeper;
mod kind;
#[cfg(test)]
mod laws;
mod record;
mod restored;
mod rows;
mod shared;
mod turn;
mod turns;

pub use applied::apply;
pub use database::is_store;
pub use dump::{Imported, export};
pub use file::File;
pub use keeper::{FileMemory, Keeper, Lost, Wanted};
pub use kind::{Entry, Store};
pub use record::{FORMAT, Key, Table, WRITER, Write, Writer};
pub use record::{journal_writes, put, writes};
pub use restored::{Contents, Restored, examine, restore};
pub use rows::Rows;
pub use shared::{Entered, SharedStore};
pub use turn::Turn;
pub use turns::{Memory, Turns};
