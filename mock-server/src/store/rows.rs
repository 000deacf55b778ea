//! Read access to the rows of a store.

use crate::store::record::{Key, Table, WRITER, Writer};

/// A store whose rows can be read.
pub trait Rows {
    /// Calls `see` for each row of a table, in the order of keys. An error stops it, and gets the
    /// row's key as context.
    fn each(
        &self,
        table: Table,
        see: &mut dyn FnMut(Key, &[u8]) -> anyhow::Result<()>,
    ) -> anyhow::Result<()>;

    /// What wrote the store; `None` if nothing has been written yet.
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

/// Formats a row's key for people.
pub(super) fn place(table: Table, key: &Key) -> String {
    match key {
        Key(text, number) if text.is_empty() => format!("{}: {number}", table.name()),
        Key(text, 0) => format!("{}: `{text}`", table.name()),
        Key(text, number) => format!("{}: `{text}`, {number}", table.name()),
    }
}
