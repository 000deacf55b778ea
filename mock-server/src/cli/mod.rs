//! The program `flexiti-mock`.

mod args;
mod banner;
mod commands;
mod ready_file;
mod serve;

use crate::redact::Redactor;
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
            complain(&format!("{error:#}"));
            ExitCode::from(USAGE)
        }
    }
}

/// Says on standard error why the program ends. Nobody may be there to read it.
fn complain(why: &str) {
    use std::io::Write as _;
    // A URL of a configuration may have a password in it.
    let why = Redactor::default().text(why);
    let _ = writeln!(std::io::stderr(), "flexiti-mock: {why}");
}
