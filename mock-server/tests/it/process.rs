//! The program as a process of its own: started, asked, and stopped by signals.

use serde_json::Value;
use std::fs::File;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long a start may take before the test fails.
const START: Duration = Duration::from_secs(20);
/// How long the program may take to stop once it was told to.
const STOP: Duration = Duration::from_secs(2);

/// The program, with nothing of this environment but what it needs to run.
pub fn program() -> Command {
    // Where the tests themselves run under nohup, the program would inherit that SIGHUP is ignored.
    let mut command = Command::new("env");
    command.args(["--default-signal=HUP", env!("CARGO_BIN_EXE_flexiti-mock")]);
    command.env_clear();
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.stdin(Stdio::null());
    command
}

/// Runs the program to its end.
pub fn run(arguments: &[&str]) -> Output {
    program().args(arguments).output().unwrap()
}

pub fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

pub fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// Asks again and again until there is an answer, or too much time has passed.
pub fn wait_for<T>(what: &str, time: Duration, ask: impl FnMut() -> Option<T>) -> T {
    try_for(time, ask).unwrap_or_else(|| panic!("{what}: not within {time:?}"))
}

fn try_for<T>(time: Duration, mut ask: impl FnMut() -> Option<T>) -> Option<T> {
    let deadline = Instant::now() + time;
    loop {
        if let Some(answer) = ask() {
            return Some(answer);
        }
        if Instant::now() > deadline {
            return None;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A server that runs until it is stopped, or until the test ends.
pub struct Running {
    child: Child,
    folder: TempDir,
    /// What the ready file says.
    pub ready: Value,
}

impl Running {
    /// Starts the program on a free port.
    pub fn start(arguments: &[&str]) -> Self {
        let mut command = program();
        command.args(["--listen", "127.0.0.1:0"]).args(arguments);
        Self::spawn(command)
    }

    /// Starts `command`, which says where to listen; it may name a ready file of its own.
    pub fn spawn(command: Command) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = |name| Stdio::from(File::create(folder.path().join(name)).unwrap());
        let (out, err) = (file("stdout"), file("stderr"));
        Self::in_folder(command, folder, out, err)
    }

    /// The same with outputs of the test's own.
    pub fn with_output(command: Command, out: Stdio, err: Stdio) -> Self {
        Self::in_folder(command, tempfile::tempdir().unwrap(), out, err)
    }

    fn in_folder(mut command: Command, folder: TempDir, out: Stdio, err: Stdio) -> Self {
        let mut own = command.get_args().skip_while(|arg| *arg != "--ready-file");
        let own = own.nth(1).map(PathBuf::from);
        let path = own.unwrap_or_else(|| folder.path().join("ready.json"));
        let left = std::fs::read_to_string(&path).ok();
        command
            .env("FLEXITI_MOCK_READY_FILE", &path)
            .stdout(out)
            .stderr(err);
        let mut running = Self {
            child: command.spawn().unwrap(),
            folder,
            ready: Value::Null,
        };
        running.ready = try_for(START, || {
            // Whoever sees the file must see all of it.
            let text = std::fs::read_to_string(&path).ok();
            let text = text.filter(|text| Some(text) != left.as_ref())?;
            Some(serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text:?}")))
        })
        .unwrap_or_else(|| panic!("not ready"));
        running
    }

    /// What the server has written to its standard output.
    pub fn stdout(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("stdout")).unwrap()
    }

    /// The same, once it is there: it follows the ready file.
    pub fn banner(&self) -> String {
        wait_for("the banner", START, || {
            let text = self.stdout();
            text.ends_with('\n').then_some(text)
        })
    }

    /// The pipe to its standard error.
    pub fn take_stderr(&mut self) -> ChildStderr {
        self.child.stderr.take().expect("a pipe")
    }

    /// What the server has written to its standard error.
    pub fn stderr(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("stderr")).unwrap()
    }

    pub fn ready_file(&self) -> PathBuf {
        self.folder.path().join("ready.json")
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A URL of the ready file.
    pub fn url(&self, key: &str) -> String {
        self.ready[key].as_str().expect("a URL").to_owned()
    }

    pub fn address(&self) -> SocketAddr {
        let url = self.url("listen_url");
        let (_, rest) = url.split_once("://").unwrap();
        rest.split('/').next().unwrap().parse().unwrap()
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal by its name.
    pub fn signal(&self, name: &str) {
        let pid = self.pid();
        // The shell's own `kill`: not every machine has it as a program.
        let kill = format!("kill -{name} {pid}");
        let sent = Command::new("sh").args(["-c", &kill]).status().unwrap();
        assert!(sent.success(), "{kill}");
    }

    /// Waits until the server has ended by itself.
    pub fn ended(&mut self) -> ExitStatus {
        let child = &mut self.child;
        wait_for("the end", STOP, || child.try_wait().unwrap())
    }

    /// Stops the server and gives all that it wrote to its standard error.
    pub fn stopped(mut self) -> String {
        self.signal("TERM");
        assert!(self.ended().success());
        self.stderr()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It has ended already unless a test failed or had no reason to stop it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
