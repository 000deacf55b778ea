//! `data`: checks, exports and imports the files of `--data`.

use crate::cli::args::Data;
use crate::dialects::{Dialects, compile};
use crate::files::{check_place, write_private};
use crate::store::{self, File, Imported, Rows, is_store};
use anyhow::{Context as _, ensure};
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
                    let name = || format!("--out: {}", out.display());
                    ensure!(
                        !check_place("--out", out)? || !is_store(out).unwrap_or_default(),
                        "{}: is a store, and would be lost; name another file",
                        name()
                    );
                    let mut text = Vec::new();
                    store::export(&kept, &mut text)?;
                    write_private(out, &text).with_context(name)?;
                }
                None => store::export(&kept, &mut std::io::stdout().lock())?,
            }
        }
        Data::Import { file, json } => {
            let name = || json.display().to_string();
            let text = read(json).with_context(name)?;
            let imported = Imported::read(&text).with_context(name)?;
            // Check before anything is written, so that no partial store is left.
            let text = examine(&imported, file).with_context(name)?;
            let existed = file.exists();
            let written = File::open(file).and_then(|mut kept| imported.write(&mut kept));
            if written.is_err() && !existed {
                let _ = std::fs::remove_file(file);
            }
            written?;
            let _ = writeln!(std::io::stdout(), "{text}");
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

/// Checks whether a server can start with a file; summarizes its contents in a line.
fn examine(kept: &dyn Rows, file: &Path) -> anyhow::Result<String> {
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
        writer.version.escape_debug(),
        writer.format
    ))
}
