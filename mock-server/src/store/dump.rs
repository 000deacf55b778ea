//! A store as readable JSON, and back.

use crate::store::file::File;
use crate::store::record::{FORMAT, Key, Table, WRITER, Write, Writer};
use crate::store::rows::{Rows, place};
use anyhow::{Context as _, anyhow, bail, ensure};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io;

/// Writes a store to `out`: the tables by name, each a list of rows with `key` and `value`, one row
/// per line.
pub fn export(file: &File, out: &mut dyn io::Write) -> anyhow::Result<()> {
    ensure!(
        file.writer()?.is_some(),
        "{}: empty; no server has written it",
        file.path().display()
    );
    writeln!(out, "{{")?;
    for (at, table) in Table::ALL.into_iter().enumerate() {
        let comma = if at == 0 { "" } else { ",\n" };
        write!(out, "{comma}\"{}\": [", table.name())?;
        let mut is_first = true;
        file.each(table, &mut |key, value| {
            let value = std::str::from_utf8(value)?;
            let comma = if is_first { "" } else { "," };
            is_first = false;
            let key = json!(key);
            write!(out, "{comma}\n{{\"key\":{key},\"value\":{value}}}")?;
            Ok(())
        })?;
        write!(out, "{}]", if is_first { "" } else { "\n" })?;
    }
    writeln!(out, "\n}}")?;
    Ok(())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row<'a> {
    key: Key,
    #[serde(borrow)]
    value: &'a RawValue,
}

/// The parsed output of [`export`].
#[derive(Debug)]
pub struct Imported<'a>(BTreeMap<Table, BTreeMap<Key, &'a RawValue>>);

impl<'a> Imported<'a> {
    /// Checks only the format; whether a server can start with it shows when it is restored.
    pub fn read(text: &'a str) -> anyhow::Result<Self> {
        let tables: BTreeMap<String, Vec<Row<'_>>> = serde_json::from_str(text)
            .map_err(|error| anyhow!("not what `data export` writes: {error}"))?;
        let mut found = BTreeMap::<_, BTreeMap<_, _>>::new();
        let mut wrote = None;
        for (name, rows) in tables {
            let known = |table: &Table| table.name() == name;
            let table = Table::ALL.into_iter().find(known);
            let table = table.ok_or_else(|| {
                let names = Table::ALL.map(Table::name).join(", ");
                anyhow!("no table `{name}`; there are {names}")
            })?;
            for Row { key, value } in rows {
                if table == Table::Server && key.0 == WRITER {
                    wrote = Some(writer_of(value)?);
                }
                found.entry(table).or_default().insert(key, value);
            }
        }
        ensure!(
            wrote.is_some(),
            "server: no row `{WRITER}`: not what `data export` writes"
        );
        Ok(Self(found))
    }

    /// Writes everything into a new store, or nothing.
    pub fn write(&self, file: &mut File) -> anyhow::Result<()> {
        ensure!(
            file.writer()?.is_none(),
            "{}: has something in it already; name a new file",
            file.path().display()
        );
        let rows = |(table, rows): (&Table, &BTreeMap<Key, &RawValue>)| {
            let put = |(key, value): (&Key, &&RawValue)| {
                Write::Put(*table, key.clone(), value.get().as_bytes().to_vec())
            };
            rows.iter().map(put).collect::<Vec<_>>()
        };
        file.write(&self.0.iter().flat_map(rows).collect::<Vec<_>>())
    }
}

impl Rows for Imported<'_> {
    fn each(
        &self,
        table: Table,
        see: &mut dyn FnMut(Key, &[u8]) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        for (key, value) in self.0.get(&table).into_iter().flatten() {
            see(key.clone(), value.get().as_bytes()).with_context(|| place(table, key))?;
        }
        Ok(())
    }
}

fn writer_of(value: &RawValue) -> anyhow::Result<Writer> {
    let found: Value = serde_json::from_str(value.get())?;
    let format = found["format"].as_u64().unwrap_or_default();
    if format == 0 || format > FORMAT.into() {
        let version = found["version"].as_str().unwrap_or_default();
        let version = version.escape_debug();
        bail!(
            "exported by flexiti-mock {version} in format {format}; this one reads format {FORMAT}"
        );
    }
    serde_json::from_value(found).context("server: `writer`")
}
