//! The merchant's programs, each started in its own process group and stopped with all its
//! children.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How much of a program's output is read.
const OUTPUT: u64 = 64 * 1024;
/// Polling interval for a program.
const LOOK: Duration = Duration::from_millis(10);

/// The running groups, by the process id of their first program; `None` once no more may start.
static RUNNING: Mutex<Option<BTreeSet<u32>>> = Mutex::new(Some(BTreeSet::new()));

/// Stops all programs with their children, and prevents more from starting, as the runner is about
/// to exit.
pub fn end_all() {
    let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
    for id in running.take().unwrap_or_default() {
        kill(id);
    }
}

#[cfg(unix)]
fn kill(id: u32) {
    let group = i32::try_from(id).ok();
    if let Some(group) = group.and_then(rustix::process::Pid::from_raw) {
        // Children may be alive after the program itself has exited; or all are gone.
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
}

#[cfg(not(unix))]
fn kill(id: u32) {
    // Windows has no process groups, but can kill a process tree.
    let id = id.to_string();
    let mut end = Command::new("taskkill");
    let quiet = end.stdout(Stdio::null()).stderr(Stdio::null());
    let _ = quiet.args(["/F", "/T", "/PID", &id]).status();
}

/// A running program with its children. Stopped on drop.
#[derive(Debug)]
pub struct Group {
    child: Child,
    log: File,
}

impl Group {
    /// Starts a program, with its output in a file.
    pub fn start(command: &mut Command) -> std::io::Result<Self> {
        let log = tempfile::tempfile()?;
        command.stdout(log.try_clone()?).stderr(log.try_clone()?);
        Self::spawn(command, log)
    }

    /// Starts a program that shares the runner's output.
    pub fn start_aloud(command: &mut Command) -> std::io::Result<Self> {
        Self::spawn(command, tempfile::tempfile()?)
    }

    fn spawn(command: &mut Command, log: File) -> std::io::Result<Self> {
        command.stdin(Stdio::null());
        #[cfg(unix)]
        {
            use std::os::unix::process::CommandExt as _;
            command.process_group(0);
        }
        let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(running) = running.as_mut() else {
            return Err(std::io::ErrorKind::Interrupted.into());
        };
        let child = command.spawn()?;
        running.insert(child.id());
        Ok(Self { child, log })
    }

    /// The exit status, if the program has exited.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// The end of the program's output, at most this many bytes.
    pub fn said(&mut self, tail: u64) -> String {
        let length = self.log.metadata().map_or(0, |data| data.len());
        let mut bytes = Vec::new();
        let read = self
            .log
            .seek(SeekFrom::Start(length.saturating_sub(tail)))
            .and_then(|_| (&self.log).take(tail).read_to_end(&mut bytes));
        match read {
            Ok(_) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(_) => String::new(),
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let id = self.child.id();
        let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(running) = running.as_mut() {
            running.remove(&id);
        }
        drop(running);
        kill(id);
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs a program to completion and returns its output; the error says what went wrong.
pub fn output(command: &mut Command, limit: Duration) -> Result<String, String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let started = Group::start(command);
    let mut group = started.map_err(|error| format!("`{name}` cannot be started: {error}"))?;
    let deadline = Instant::now() + limit;
    loop {
        match group.ended() {
            Some(status) if status.success() => return Ok(group.said(OUTPUT)),
            Some(status) => {
                let said = group.said(500);
                return Err(format!("`{name}` ended with {status}: {}", said.trim_end()));
            }
            None if Instant::now() > deadline => {
                let seconds = limit.as_secs();
                return Err(format!("`{name}` did not end within {seconds} seconds"));
            }
            None => std::thread::sleep(LOOK),
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn shell(line: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", line]);
        command
    }

    #[test]
    fn a_program_ends_with_its_children() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("alive");
        let line = format!("(sleep 0.4; touch {}) & wait", file.display());
        let group = Group::start(&mut shell(&line)).unwrap();
        drop(group);
        std::thread::sleep(Duration::from_millis(700));
        assert!(!file.exists());
    }

    #[test]
    fn what_a_program_says_is_given_and_what_is_wrong_with_it_named() {
        let limit = Duration::from_secs(5);
        assert_eq!(output(&mut shell("echo paid"), limit).unwrap(), "paid\n");
        let error = output(&mut shell("echo no database; exit 3"), limit).unwrap_err();
        assert!(
            error.contains("exit status: 3") && error.contains("no database"),
            "{error}"
        );
        let error = output(&mut shell("sleep 9"), Duration::from_millis(50)).unwrap_err();
        assert!(error.contains("did not end"), "{error}");
        assert!(
            output(&mut Command::new("/nowhere"), limit)
                .unwrap_err()
                .contains("cannot be started")
        );
    }
}
