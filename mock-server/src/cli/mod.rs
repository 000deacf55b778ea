//! The program `flexiti-mock`.

mod args;
mod banner;
mod collector;
mod commands;
mod complaint;
mod data;
mod end;
mod exec;
mod healthcheck;
mod help;
mod log;
mod ready_file;
mod reload;
mod serve;
mod serve_args;
mod settings;
#[cfg_attr(not(unix), path = "no_systemd.rs")]
mod systemd;
mod upstream_args;

use crate::cli::complaint::complain;
use crate::command_line::{misspelt, named_by_variable};
use clap::{CommandFactory as _, FromArgMatches as _};
use std::ffi::OsString;
use std::process::ExitCode;

/// The exit code for bad usage or configuration.
const USAGE: u8 = 2;

/// Parses the command line, runs it, and returns the exit code.
pub fn main() -> ExitCode {
    let mut command = args::command();
    let typed: Vec<OsString> = std::env::args_os().collect();
    let parsed = command.try_get_matches_from_mut(&typed);
    let cli = parsed.and_then(|matches| args::Cli::from_arg_matches(&matches));
    let cli = cli.unwrap_or_else(|error| named_by_variable(error, &command, &typed).exit());
    for warning in misspelt("FLEXITI_MOCK_", &args::Cli::command()) {
        complain(&warning);
    }
    let done = match cli.command {
        None => serve::run(cli.serve),
        Some(command) => commands::run(command, &cli.serve),
    };
    match done {
        Ok(code) => code,
        Err(error) => {
            complain(&format!("{error:#}"));
            ExitCode::from(USAGE)
        }
    }
}

#[cfg(test)]
mod damaged_files;
