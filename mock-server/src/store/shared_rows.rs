//! The rows of a shared store, read from Redis hashes.

use crate::store::record::{Key, Table};
use crate::store::rows::{Rows, place};
use crate::store::shared::{PREFIX, SharedStore};
use anyhow::Context as _;
use std::collections::HashMap;

/// The number of rows to read before the turn is extended.
const ROWS: usize = 4_096;

impl Rows for SharedStore {
    fn each(
        &self,
        table: Table,
        see: &mut dyn FnMut(Key, &[u8]) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let name = format!("{PREFIX}{}", table.name());
        let all = |name: &str| {
            self.ask(|connection| {
                redis::cmd("HGETALL")
                    .arg(name)
                    .query::<HashMap<String, Vec<u8>>>(connection)
            })
        };
        let mut rows: Vec<(Key, Vec<u8>)> = Vec::new();
        let number = |field: &str| field.parse::<u64>().with_context(|| name.clone());
        match table {
            Table::Faults | Table::Customers => {
                let owners: Vec<String> = self.ask(|connection| {
                    let of = format!("{name}:of");
                    redis::cmd("SMEMBERS").arg(of).query(connection)
                })?;
                for of in owners {
                    for (field, value) in all(&format!("{name}:row:{of}"))? {
                        rows.push((Key(of.clone(), number(&field)?), value));
                    }
                }
            }
            Table::Orders | Table::Exchanges => {
                for (field, value) in all(&name)? {
                    rows.push((Key::number(number(&field)?), value));
                }
            }
            _ => rows.extend(
                all(&name)?
                    .into_iter()
                    .map(|(field, value)| (Key::text(field), value)),
            ),
        }
        rows.sort_by(|(one, _), (other, _)| one.cmp(other));
        for (at, (key, value)) in rows.into_iter().enumerate() {
            if at % ROWS == ROWS - 1 {
                self.stay()?;
            }
            see(key.clone(), &value).with_context(|| place(table, &key))?;
        }
        Ok(())
    }
}
