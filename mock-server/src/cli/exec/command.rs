//! The command: starts it, passes signals on, waits for it, and stops it at the time limit.

use crate::cli::exec::exit_code::{self, CANNOT_RUN, NOT_FOUND, TIMED_OUT};
use crate::cli::exec::family::Family;
use crate::cli::exec::signals::Signals;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{BufRead as _, BufReader, ErrorKind, Read as _};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep, sleep_until};

/// How long a command that was asked to stop may take before it is killed.
const GRACE: Duration = Duration::from_secs(2);
/// The polling interval for processes that are left.
const LOOK: Duration = Duration::from_millis(10);
/// How much of a script's first line is read, in bytes.
const FIRST_LINE: u64 = 512;

/// A command to run.
pub struct Run<'a> {
    /// The program and its arguments.
    pub line: &'a [OsString],
    /// Its environment variables, in addition to those of this process.
    pub environment: Vec<(&'static str, OsString)>,
    /// The time limit.
    pub limit: Option<Duration>,
}

/// How a command ended.
pub struct Ended {
    /// Its exit code.
    pub code: u8,
    /// The time limit, if it was exceeded.
    pub late: Option<Duration>,
}

/// Why a command could not be started.
pub struct NotStarted {
    /// The reason, in words.
    pub why: String,
    /// The matching exit code.
    pub code: u8,
}

impl Run<'_> {
    /// Runs the command and passes signals on to it.
    pub async fn wait(self, signals: &mut Signals) -> Result<Ended, NotStarted> {
        let (mut child, family) = self.start()?;
        // A limit beyond the range of the clock is no limit.
        let deadline = self
            .limit
            .and_then(|limit| Instant::now().checked_add(limit));
        loop {
            let late = async {
                match deadline {
                    Some(deadline) => sleep_until(deadline).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                // If the command has ended, it is not late, even if its time is up as well.
                biased;
                ended = child.wait() => {
                    family.end_the_rest();
                    return Ok(Ended { code: ended.map_or(u8::MAX, exit_code::of), late: None });
                }
                () = late => {
                    end(&mut child, &family).await;
                    return Ok(Ended { code: TIMED_OUT, late: self.limit });
                }
                signal = signals.next() => family.pass_on(signal),
            }
        }
    }

    fn start(&self) -> Result<(Child, Family), NotStarted> {
        let (program, arguments) = self.line.split_first().ok_or_else(|| NotStarted {
            why: "a command is needed".to_owned(),
            code: NOT_FOUND,
        })?;
        let mut command = Command::new(program);
        command
            .args(arguments)
            .envs(self.environment.iter().map(|(name, value)| (name, value)));
        let family = Family::prepare(&mut command);
        let child = command
            .spawn()
            .map_err(|error| not_started(program, &error))?;
        let family = family.of(&child);
        Ok((child, family))
    }
}

/// Stops a command and everything that it started: asks first, then kills.
async fn end(child: &mut Child, family: &Family) {
    family.ask_to_end();
    let deadline = Instant::now() + GRACE;
    let gone = async {
        // An error means that it is no longer our child.
        let _ = child.wait().await;
        while family.is_alive() {
            sleep(LOOK).await;
        }
    };
    tokio::select! {
        () = gone => {}
        () = sleep_until(deadline) => {
            family.kill();
            let _ = child.start_kill();
            let _ = child.wait().await;
        }
    }
}

fn not_started(program: &OsStr, error: &std::io::Error) -> NotStarted {
    let name = program.to_string_lossy();
    let found = find(program);
    let interpreter = found.as_deref().and_then(interpreter);
    match (error.kind(), found) {
        (ErrorKind::NotFound, Some(path)) => NotStarted {
            why: match interpreter {
                Some(interpreter) => format!(
                    "`{name}`: the interpreter `{interpreter}`, which the first line of {} names, is not there",
                    path.display()
                ),
                None => format!(
                    "`{name}`: {} cannot be run on this machine: its loader is missing",
                    path.display()
                ),
            },
            code: CANNOT_RUN,
        },
        (ErrorKind::NotFound, None) => NotStarted {
            why: if Path::new(program).components().count() > 1 {
                format!("`{name}`: no such file")
            } else {
                format!("`{name}`: command not found in PATH")
            },
            code: NOT_FOUND,
        },
        (ErrorKind::PermissionDenied, _) => NotStarted {
            why: format!("`{name}`: is not executable"),
            code: CANNOT_RUN,
        },
        _ => NotStarted {
            why: format!("`{name}`: cannot be run: {error}"),
            code: CANNOT_RUN,
        },
    }
}

/// The file of a program, given as a path or found in `PATH`.
fn find(program: &OsStr) -> Option<PathBuf> {
    if Path::new(program).components().count() > 1 {
        return Some(PathBuf::from(program)).filter(|path| path.exists());
    }
    let folders = std::env::var_os("PATH")?;
    let mut paths = std::env::split_paths(&folders).map(|folder| folder.join(program));
    paths.find(|path| path.is_file())
}

/// The interpreter in the first line of a script: `#!/usr/bin/env python3`.
fn interpreter(script: &Path) -> Option<String> {
    let mut line = Vec::new();
    let file = BufReader::new(File::open(script).ok()?);
    file.take(FIRST_LINE).read_until(b'\n', &mut line).ok()?;
    let line = String::from_utf8_lossy(line.strip_prefix(b"#!")?);
    // In a file with Windows line endings, the carriage return is part of the name.
    Some(
        line.trim_end_matches('\n')
            .trim_start()
            .replace('\r', "\\r"),
    )
}
