//! The file that says that the port is bound.

use crate::app::App;
use crate::http::route::ADMIN;
use anyhow::{Context as _, ensure};
use serde_json::json;
use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

/// The file that says that the port is bound. It goes when the server does, unless it is another
/// server's by then.
pub struct ReadyFile {
    path: Option<PathBuf>,
    content: Option<String>,
}

impl ReadyFile {
    /// Takes away what an earlier server left. What is no plain file stays, and is refused: a
    /// device or a link is not ours to replace.
    pub fn prepare(path: Option<PathBuf>) -> anyhow::Result<Self> {
        if let Some(path) = &path
            && check_place("--ready-file", path)?
        {
            fs::remove_file(path).with_context(|| format!("--ready-file: {}", path.display()))?;
        }
        let content = None;
        Ok(Self { path, content })
    }

    /// Writes it beside its place and moves it there whole.
    pub fn write(&mut self, app: &App) -> anyhow::Result<()> {
        let Some(path) = &self.path else {
            return Ok(());
        };
        let content = json!({
            "base_url": app.base_url(),
            // The admin API answers under loopback names; what stands in front may not lead there.
            "admin_url": format!("{}{}", app.local_origin, ADMIN),
            "listen_url": app.local_origin,
            "pid": std::process::id(),
        });
        let content = format!("{content}\n");
        write_whole(path, content.as_bytes())
            .with_context(|| format!("--ready-file: {}", path.display()))?;
        self.content = Some(content);
        Ok(())
    }
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

/// Whether a plain file is where a flag wants one. What is no plain file is refused: a device or a
/// link is not ours to replace.
pub fn check_place(flag: &str, path: &Path) -> anyhow::Result<bool> {
    let place = || format!("{flag}: {}", path.display());
    match fs::symlink_metadata(path) {
        Ok(found) => {
            ensure!(
                found.is_file(),
                "{}: is not a plain file; name one, or a path where nothing is",
                place()
            );
            Ok(true)
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let folder = path.parent().filter(|it| !it.as_os_str().is_empty());
            if let Some(folder) = folder {
                ensure!(
                    folder.is_dir(),
                    "{}: there is no folder {}",
                    place(),
                    folder.display()
                );
            }
            Ok(false)
        }
        Err(error) => Err(error).with_context(place),
    }
}

/// Writes a file beside its place, and moves it there whole.
pub fn write_whole(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".{}", std::process::id()));
    // What a process with this id left is gone with it.
    let _ = fs::remove_file(&beside);
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&beside)?;
    file.write_all(content)?;
    drop(file);
    fs::rename(&beside, path).inspect_err(|_| {
        let _ = fs::remove_file(&beside);
    })
}
