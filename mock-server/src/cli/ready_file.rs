//! The ready file, which signals that the port is bound.

use crate::app::App;
use crate::files::{check_place, write_whole};
use crate::http::route::ADMIN;
use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

/// The maximum size of a ready file, in bytes.
const LONGEST: u64 = 64 * 1024;

/// The ready file. It is removed when the server stops, unless another server has replaced it.
pub struct ReadyFile {
    path: Option<PathBuf>,
    content: Option<String>,
}

impl ReadyFile {
    /// Removes the ready file of an earlier server. Anything else at its path is an error: it is
    /// not ours to replace.
    pub fn prepare(path: Option<PathBuf>) -> anyhow::Result<Self> {
        if let Some(path) = &path
            && check_place("--ready-file", path)?
        {
            let name = || format!("--ready-file: {}", path.display());
            ensure!(
                is_left(path).with_context(name)?,
                "{}: already exists and is not a ready file; name another file",
                name()
            );
            fs::remove_file(path).with_context(name)?;
        }
        let content = None;
        Ok(Self { path, content })
    }

    /// Writes the file atomically.
    pub fn write(&mut self, app: &App, ca_file: Option<&Path>) -> anyhow::Result<()> {
        let Some(path) = &self.path else {
            return Ok(());
        };
        let mut content = json!({
            "base_url": app.base_url(),
            // The admin API answers to loopback names, and a proxy in front may not forward to it.
            "admin_url": format!("{}{}", app.local_origin, ADMIN),
            "listen_url": app.local_origin,
            "pid": std::process::id(),
        });
        if let Some(ca_file) = ca_file {
            content["ca_file"] = ca_file.to_string_lossy().into();
        }
        let content = format!("{content}\n");
        write_whole(path, content.as_bytes())
            .with_context(|| format!("--ready-file: {}", path.display()))?;
        self.content = Some(content);
        Ok(())
    }
}

/// Whether a file is empty or an earlier server's ready file.
fn is_left(path: &Path) -> io::Result<bool> {
    let mut text = Vec::new();
    File::open(path)?.take(LONGEST).read_to_end(&mut text)?;
    let found: Option<Value> = serde_json::from_slice(&text).ok();
    let has = |key: &str| found.as_ref().is_some_and(|it| it.get(key).is_some());
    Ok(text.trim_ascii().is_empty() || has("base_url") && has("pid"))
}

impl Drop for ReadyFile {
    fn drop(&mut self) {
        if let (Some(path), Some(content)) = (&self.path, &self.content)
            && fs::read_to_string(path).is_ok_and(|found| found == *content)
        {
            let _ = fs::remove_file(path);
        }
    }
}
