//! The program `flexiti-mock`.

mod args;
mod banner;
mod commands;
mod complaint;
mod exec;
mod log;
mod ready_file;
mod serve;
mod settings;
mod values;

use crate::cli::complaint::complain;
use clap::FromArgMatches as _;
use std::process::ExitCode;

/// Bad usage or configuration.
const USAGE: u8 = 2;

/// Parses the command line, runs what it says, and returns the exit code.
pub fn main() -> ExitCode {
    let cli = args::Cli::from_arg_matches(&args::command().get_matches());
    let cli = cli.unwrap_or_else(|error| error.exit());
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
