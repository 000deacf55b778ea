//! The merchant's shop as a child process: start, watch, stop.

pub mod belief;
pub mod pace;
pub mod process;

use crate::merchant::driver::Driver;
use crate::merchant::stage::browser::causes;
use crate::net::Clients;
use flexiti_mock::embed::environment::no_proxy;
use process::Group;
use reqwest::blocking::Client;
use reqwest::{Certificate, Method};
use std::process::{Command, ExitStatus};
use std::time::{Duration, Instant};

/// Timeout for one request to the page that shows that a shop is ready.
const READY: Duration = Duration::from_secs(10);
/// Timeout of the command that resets a shop.
const RESET: Duration = Duration::from_secs(60);
/// A run is abandoned after this many consecutive scenarios that say nothing about the shop:
/// continuing would take an hour.
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
        /// The system's error.
        error: std::io::Error,
    },
    /// The shop exited before it was ready, or during a scenario.
    #[error("the shop exited {when} with {status}{said}")]
    Ended {
        /// When.
        when: &'static str,
        /// Its exit status.
        status: ExitStatus,
        /// Its last output.
        said: String,
    },
    /// The reset command failed.
    #[error("shop.reset: {what}")]
    NotReset {
        /// What went wrong.
        what: String,
    },
    /// The mock cannot listen where the flags say.
    #[error("--listen: {address}: {error}")]
    NotListening {
        /// The address.
        address: std::net::SocketAddr,
        /// The system's error.
        error: String,
    },
    /// Nothing that the shop does can be judged.
    #[error("the shop cannot be judged: {what}, {times} times in a row")]
    Lost {
        /// What was observed instead.
        what: String,
        /// How many times.
        times: usize,
    },
    /// The shop did not become ready in time.
    #[error("the shop does not answer at {url} within {limit} seconds (shop.start_s): {why}{said}")]
    NotReady {
        /// The limit in seconds.
        limit: u16,
        /// The URL that was polled.
        url: String,
        /// What happened instead.
        why: String,
        /// Its last output.
        said: String,
    },
}

/// A running shop. If the runner started it, it is stopped with its children on drop.
#[derive(Debug)]
pub struct Shop {
    group: Option<Group>,
}

impl Shop {
    /// Starts the shop of a driver file with `environment`, and waits until it is ready.
    pub fn start(driver: &Driver, environment: &[(&str, &str)]) -> Result<Self, Trouble> {
        let mut shop = Self { group: None };
        let line = driver.shop.command_line();
        if !line.is_empty() {
            let not_started = |error| Trouble::NotStarted {
                command: line.join(" "),
                error,
            };
            let mut command = command(driver, &line, environment).map_err(not_started)?;
            shop.group = Some(Group::start(&mut command).map_err(not_started)?);
        }
        if let Some(url) = &driver.shop.ready_url {
            shop.wait(url, driver.shop.start_s, &driver.mock.authorities)?;
        }
        Ok(shop)
    }

    fn wait(&mut self, url: &str, limit: u16, authorities: &[Certificate]) -> Result<(), Trouble> {
        let settings = || Client::builder().tls_certs_merge(authorities.iter().cloned());
        let clients = Clients::new(settings, None);
        let deadline = Instant::now() + Duration::from_secs(limit.into());
        let mut why = "no answer".to_owned();
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            self.check("before it was ready")?;
            // A page may be slow; one that hangs is requested again.
            let left = left.min(READY);
            let answer = clients
                .as_ref()
                .map(|clients| clients.request(Method::GET, url).timeout(left).send());
            match answer {
                Ok(Ok(answer)) if answer.status().as_u16() < 500 => return Ok(()),
                Ok(Ok(answer)) => why = format!("status {}", answer.status()),
                Ok(Err(error)) => why = causes(error),
                Err(error) => why = error.to_string(),
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Err(Trouble::NotReady {
            url: url.to_owned(),
            limit,
            why,
            said: self.said(),
        })
    }

    /// Checks that the shop is still running, if it was started here.
    pub fn check(&mut self, when: &'static str) -> Result<(), Trouble> {
        match self.group.as_mut().and_then(Group::ended) {
            Some(status) => Err(Trouble::Ended {
                when,
                status,
                said: self.said(),
            }),
            None => Ok(()),
        }
    }

    /// The end of the shop's output.
    fn said(&mut self) -> String {
        let said = self.group.as_mut().map(|group| group.said(TAIL));
        match said {
            Some(said) if !said.trim().is_empty() => format!("; it wrote:\n{}", said.trim_end()),
            _ => String::new(),
        }
    }
}

/// Resets the shop, if the driver file says how.
pub fn reset(driver: &Driver, environment: &[(&str, &str)]) -> Result<(), Trouble> {
    if driver.shop.reset.is_empty() {
        return Ok(());
    }
    let not_reset = |what: String| Trouble::NotReset { what };
    let command = command(driver, &driver.shop.reset, environment);
    let mut command = command.map_err(|error| not_reset(error.to_string()))?;
    process::output(&mut command, RESET).map_err(not_reset)?;
    Ok(())
}

/// A program of the merchant's, in the folder of the driver file and with its environment.
pub fn command(
    driver: &Driver,
    line: &[String],
    environment: &[(&str, &str)],
) -> std::io::Result<Command> {
    let (program, arguments) = line.split_first().ok_or(std::io::ErrorKind::InvalidInput)?;
    // A path is relative to the driver file, not to the working directory.
    let program = if program.contains('/') {
        std::path::absolute(driver.folder.join(program))?
    } else {
        program.into()
    };
    let given = |name: &str| {
        let own = driver.shop.env.get(name).map(Into::into);
        own.or_else(|| std::env::var_os(name))
    };
    let mut command = Command::new(program);
    command
        .args(arguments)
        .current_dir(&driver.folder)
        .envs(environment.iter().copied())
        .envs(&driver.shop.env)
        .envs(no_proxy(given));
    Ok(command)
}
