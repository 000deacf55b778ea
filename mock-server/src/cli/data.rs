//! The files of `--data`: checked, exported, imported.

use crate::cli::args::Data;
use crate::dialects::{Dialects, compile};
use crate::files::{check_place, write_whole};
use crate::store::{self, File};
use anyhow::Context as _;
use flexiti_contract::Contract;
use std::io::{Read as _, Write as _};
use std::path::Path;

/// Runs the sub-command.
pub fn run(command: &Data) -> anyhow::Result<()> {
    match command {
        Data::Check { file } => {
            let text = examine(&File::existing(file)?, file)?;
            let _ = writeln!(std::io::stdout(), "{text}");
        }
        Data::Export { file, out } => {
            let kept = File::existing(file)?;
            match out {
                Some(out) => {
                    check_place("--out", out)?;
                    let mut text = Vec::new();
                    store::export(&kept, &mut text)?;
                    write_whole(out, &text).with_context(|| format!("--out: {}", out.display()))?;
                }
                None => store::export(&kept, &mut std::io::stdout().lock())?,
            }
        }
        Data::Import { file, json } => {
            let text = read(json).with_context(|| json.display().to_string())?;
            let existed = file.exists();
            let mut kept = File::open(file)?;
            let imported = store::import(&text, &mut kept)
                .with_context(|| json.display().to_string())
                .and_then(|_| examine(&kept, file));
            match imported {
                Ok(text) => {
                    let _ = writeln!(std::io::stdout(), "{text}");
                }
                Err(error) => {
                    drop(kept);
                    if !existed {
                        // Half a store is none; what was imported is still there.
                        let _ = std::fs::remove_file(file);
                    }
                    return Err(error);
                }
            }
        }
    }
    Ok(())
}

fn read(json: &Path) -> anyhow::Result<String> {
    if json.as_os_str() == "-" {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text)?;
        return Ok(text);
    }
    Ok(std::fs::read_to_string(json)?)
}

/// Whether a server can begin with it: what is in it, in a line.
fn examine(kept: &File, file: &Path) -> anyhow::Result<String> {
    let name = file.display();
    let dialects = Dialects::new(compile(Contract::shipped(), "documented")?);
    let Some(found) = store::examine(kept, &dialects).with_context(|| name.to_string())? else {
        return Ok(format!("{name}: empty; no server has written it"));
    };
    let store::Contents {
        writer,
        merchants,
        orders,
        tokens,
        exchanges,
    } = found;
    Ok(format!(
        "{name}: whole; written by flexiti-mock {} in format {}; merchants {merchants}, \
         orders {orders}, tokens {tokens}, exchanges {exchanges}",
        writer.version, writer.format
    ))
}
