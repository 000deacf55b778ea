//! The merchant's shop as a child process: start, watch, stop.

use crate::merchant::driver::Driver;
use crate::net::{self, Clients};
use reqwest::Method;
use reqwest::blocking::Client;
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// How long a shop may take to start.
const START: Duration = Duration::from_secs(20);
/// A run is given up after this many scenarios in a row that say nothing about the shop: going on
/// would take an hour.
pub const LOST: usize = 3;
/// How many bytes of the shop's latest output an error shows.
const TAIL: u64 = 2_000;

/// Why a shop cannot be judged: exit code 3.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// The command cannot be run.
    #[error("the shop cannot be started: `{command}`: {error}")]
    NotStarted {
        /// The program.
        command: String,
        /// What the system says.
        error: std::io::Error,
    },
    /// The shop exited before it was ready, or while it was needed.
    #[error("the shop exited {when} with {status}{said}")]
    Ended {
        /// When.
        when: &'static str,
        /// With what.
        status: ExitStatus,
        /// What it wrote last.
        said: String,
    },
    /// Nothing that the shop does can be judged.
    #[error("the shop cannot be judged: {what}, {} times in a row", LOST)]
    Lost {
        /// What was observed instead.
        what: String,
    },
    /// The shop did not become ready in time.
    #[error("the shop does not answer at {url} within {} seconds: {why}{said}", START.as_secs())]
    NotReady {
        /// Where it was asked.
        url: String,
        /// What came instead.
        why: String,
        /// What it wrote last.
        said: String,
    },
}

/// A running shop. One that was started here is killed when this value is dropped.
#[derive(Debug)]
pub struct Shop {
    child: Option<Child>,
    log: Option<File>,
}

impl Shop {
    /// Starts the shop of a driver file with `environment`, and waits until it is ready.
    pub fn start(driver: &Driver, environment: &[(&str, &str)]) -> Result<Self, Trouble> {
        let mut shop = Self {
            child: None,
            log: None,
        };
        if let Some((program, arguments)) = driver.shop.command.split_first() {
            let not_started = |error| Trouble::NotStarted {
                command: driver.shop.command.join(" "),
                error,
            };
            // A path is relative to the driver file, not to the working directory.
            let program = if program.contains('/') {
                std::path::absolute(driver.folder.join(program)).map_err(not_started)?
            } else {
                program.into()
            };
            let log = tempfile::tempfile().map_err(not_started)?;
            let handle = || log.try_clone().map(Stdio::from).map_err(not_started);
            let given = |name: &str| {
                let own = driver.shop.env.get(name).map(Into::into);
                own.or_else(|| std::env::var_os(name))
            };
            let child = Command::new(program)
                .args(arguments)
                .current_dir(&driver.folder)
                .envs(environment.iter().copied())
                .envs(&driver.shop.env)
                .envs(net::no_proxy_for_children(given))
                .stdin(Stdio::null())
                .stdout(handle()?)
                .stderr(handle()?)
                .spawn()
                .map_err(not_started)?;
            shop.child = Some(child);
            shop.log = Some(log);
        }
        if let Some(url) = &driver.shop.ready_url {
            shop.wait(url)?;
        }
        Ok(shop)
    }

    fn wait(&mut self, url: &str) -> Result<(), Trouble> {
        let settings = || Client::builder().timeout(Duration::from_secs(2));
        let clients = Clients::new(settings, None);
        let deadline = Instant::now() + START;
        let mut why = "no answer".to_owned();
        while Instant::now() < deadline {
            self.check("before it was ready")?;
            let answer = clients
                .as_ref()
                .map(|clients| clients.request(Method::GET, url).send());
            match answer {
                Ok(Ok(answer)) if answer.status().as_u16() < 500 => return Ok(()),
                Ok(Ok(answer)) => why = format!("status {}", answer.status()),
                Ok(Err(error)) => why = error.to_string(),
                Err(error) => why = error.to_string(),
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Err(Trouble::NotReady {
            url: url.to_owned(),
            why,
            said: self.said(),
        })
    }

    /// Whether the shop still runs, if it was started here.
    pub fn check(&mut self, when: &'static str) -> Result<(), Trouble> {
        let child = self.child.as_mut();
        match child.map(Child::try_wait) {
            Some(Ok(Some(status))) => Err(Trouble::Ended {
                when,
                status,
                said: self.said(),
            }),
            _ => Ok(()),
        }
    }

    /// The end of the shop's output.
    fn said(&mut self) -> String {
        let Some(log) = &mut self.log else {
            return String::new();
        };
        let length = log.metadata().map_or(0, |data| data.len());
        let mut bytes = Vec::new();
        let read = log
            .seek(SeekFrom::Start(length.saturating_sub(TAIL)))
            .and_then(|_| log.read_to_end(&mut bytes));
        match read {
            Ok(count) if count > 0 => {
                let text = String::from_utf8_lossy(&bytes);
                format!("; it wrote:\n{}", text.trim_end())
            }
            _ => String::new(),
        }
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            // It may be gone already.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
