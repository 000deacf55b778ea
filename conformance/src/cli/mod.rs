//! The command line: arguments in, reports out, an exit code back.

mod args;
mod commands;
mod exit_code;
mod merchant;

use crate::merchant::Trouble;
use crate::server::Unreachable;
use clap::Parser as _;
use std::process::ExitCode;

/// Runs the program on the arguments of this process.
pub fn main() -> ExitCode {
    match commands::run(args::Cli::parse().command) {
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
