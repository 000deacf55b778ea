//! The programs that the pages use, and a server for them.

use super::root;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The folder of the built programs. Cargo builds this crate's own program for its tests; the mock
/// is beside it if the workspace was built.
pub(super) fn folder() -> PathBuf {
    let runner = Path::new(env!("CARGO_BIN_EXE_flexiti-conformance"));
    let folder = runner.parent().unwrap().to_path_buf();
    for program in ["flexiti-mock", "examples/shop"] {
        assert!(
            folder.join(program).exists(),
            "{program} is not built: run `cargo build -p flexiti-mock --bins --example shop`"
        );
    }
    folder
}

/// A program, without the environment of whoever runs the tests.
pub(super) fn program(name: &str) -> Command {
    let mut command = Command::new(folder().join(name));
    command.env_clear();
    command
}

/// `PATH` with the programs in front, including the demo shop.
pub(super) fn path() -> String {
    let folder = folder();
    let rest = std::env::var("PATH").unwrap_or_default();
    format!("{0}:{0}/examples:{rest}", folder.display())
}

/// A temporary folder that looks like the repository's root, to run commands in.
pub(super) fn workshop() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in ["conformance", "docs", "fixtures", "mock-server", "schemas"] {
        std::os::unix::fs::symlink(root().join(name), folder.path().join(name)).unwrap();
    }
    folder
}

/// A port that is free now.
pub(super) fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// A mock that ends with the test.
pub(super) struct Server {
    process: Child,
    /// Holds its ready file.
    _folder: tempfile::TempDir,
    /// The port it listens on.
    pub(super) port: u16,
}

impl Server {
    /// Starts the program on a free port.
    pub(super) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let ready = folder.path().join("ready.json");
        let process = program("flexiti-mock")
            .args(["--listen", "127.0.0.1:0", "--ready-file"])
            .arg(&ready)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let deadline = Instant::now() + Duration::from_secs(10);
        while !ready.exists() {
            assert!(Instant::now() < deadline, "the mock did not start");
            std::thread::sleep(Duration::from_millis(5));
        }
        let ready = std::fs::read_to_string(ready).unwrap();
        let ready: serde_json::Value = serde_json::from_str(&ready).unwrap();
        let url = ready["admin_url"].as_str().unwrap();
        let port = url.trim_start_matches("http://127.0.0.1:");
        let port = port.split('/').next().unwrap().parse().unwrap();
        Self {
            process,
            _folder: folder,
            port,
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
