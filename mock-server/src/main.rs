//! `flexiti-mock`: parses, runs, returns a code.

mod banner;
mod cli;
mod commands;
mod run;

use clap::Parser as _;
use std::process::ExitCode;

/// Bad usage or configuration.
const USAGE: u8 = 2;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    let done = match cli.command {
        None => run::run(cli.serve),
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
