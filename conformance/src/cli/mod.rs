//! The command line: arguments in, reports out, an exit code back.

mod args;
mod commands;
mod diff;
mod environment;
mod exit_code;
mod merchant;
mod merchant_args;
mod merchant_code;
mod probe;
mod replay;
mod reports;
mod secret;
mod self_test;
mod server;
mod signals;
mod target;
mod unknown;
mod values;

use crate::merchant::Trouble;
use crate::server::Unreachable;
use clap::{CommandFactory as _, FromArgMatches as _};
use std::process::ExitCode;

/// Runs the program on the arguments of this process.
pub fn main() -> ExitCode {
    let command = environment::without_empty_variables(args::Cli::command());
    let cli = args::Cli::from_arg_matches(&command.get_matches());
    let cli = cli.unwrap_or_else(|error| error.exit());
    match commands::run(cli.command) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("flexiti-conformance: {error:#}");
            let unreachable = error.downcast_ref::<Unreachable>().is_some()
                || error.downcast_ref::<Trouble>().is_some();
            ExitCode::from(if unreachable {
                exit_code::INCONCLUSIVE
            } else {
                exit_code::USAGE
            })
        }
    }
}
