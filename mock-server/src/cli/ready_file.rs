//! The file that says that the port is bound.

use crate::app::App;
use crate::files::{check_place, write_whole};
use crate::http::route::ADMIN;
use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

/// A ready file is shorter than this.
const LONGEST: u64 = 64 * 1024;

/// The file that says that the port is bound. It goes when the server does, unless it is another
/// server's by then.
pub struct ReadyFile {
    path: Option<PathBuf>,
    content: Option<String>,
}

impl ReadyFile {
    /// Takes away what an earlier server left. What is no plain file, or holds something else, stays
    /// and is refused: it is not ours to replace.
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

    /// Writes it beside its place and moves it there whole.
    pub fn write(&mut self, app: &App, ca_file: Option<&Path>) -> anyhow::Result<()> {
        let Some(path) = &self.path else {
            return Ok(());
        };
        let mut content = json!({
            "base_url": app.base_url(),
            // The admin API answers under loopback names; what stands in front may not lead there.
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

/// Whether a file is empty, or what a server has written here.
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
