//! Rows of a store, wherever they are.

use crate::store::record::{Key, Table, WRITER, Writer};

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
pub(super) fn place(table: Table, key: &Key) -> String {
    match key {
        Key(text, number) if text.is_empty() => format!("{}: {number}", table.name()),
        Key(text, 0) => format!("{}: `{text}`", table.name()),
        Key(text, number) => format!("{}: `{text}`, {number}", table.name()),
    }
}
