//! A store as JSON that people can read, and back.

use crate::store::file::File;
use crate::store::record::{FORMAT, Key, Table, WRITER, Write, Writer};
use crate::store::rows::Rows as _;
use anyhow::{Context as _, anyhow, bail, ensure};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io;

/// Writes a store to `out`: the tables by name, each a list of rows with `key` and `value`, one row
/// a line.
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

/// Writes what [`export`] wrote into a new store. Only the shape of it is looked at here; whether
/// a server can begin with it shows when it is restored.
pub fn import(text: &str, file: &mut File) -> anyhow::Result<usize> {
    ensure!(
        file.writer()?.is_none(),
        "{}: has something in it already; name a new file",
        file.path().display()
    );
    let tables: BTreeMap<String, Vec<Row<'_>>> = serde_json::from_str(text)
        .map_err(|error| anyhow!("not what `data export` writes: {error}"))?;
    let mut writes = Vec::new();
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
            let value = value.get().as_bytes().to_vec();
            writes.push(Write::Put(table, key, value));
        }
    }
    ensure!(
        wrote.is_some(),
        "server: no row `{WRITER}`: not what `data export` writes"
    );
    file.write(&writes)?;
    Ok(writes.len())
}

fn writer_of(value: &RawValue) -> anyhow::Result<Writer> {
    let found: Value = serde_json::from_str(value.get())?;
    let format = found["format"].as_u64().unwrap_or_default();
    if format > FORMAT.into() {
        let version = found["version"].as_str().unwrap_or_default();
        bail!(
            "exported by flexiti-mock {version} in format {format}; this one reads format {FORMAT}"
        );
    }
    serde_json::from_value(found).context("server: `writer`")
}
