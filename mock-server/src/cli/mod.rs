//! The program `flexiti-mock`.

mod args;
mod banner;
mod commands;
mod serve;

use clap::Parser as _;
use std::process::ExitCode;

/// Bad usage or configuration.
const USAGE: u8 = 2;

/// Parses the command line, runs what it says, and returns the exit code.
pub fn main() -> ExitCode {
    let cli = args::Cli::parse();
    let done = match cli.command {
        None => serve::run(cli.serve),
        Some(command) => commands::run(command, &cli.serve),
    };
    match done {
        Ok(code) => code,
        Err(error) => {
            eprintln!("flexiti-mock: {error:#}");
            ExitCode::from(USAGE)
        }
    }
}
