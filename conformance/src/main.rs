//! `flexiti-conformance`: parses, runs, returns a code.

mod cli;
mod commands;
mod merchant_commands;

use clap::Parser as _;
use flexiti_conformance::merchant::shop::Trouble;
use flexiti_conformance::target::Unreachable;
use std::process::ExitCode;

/// Bad usage, configuration or input.
const USAGE: u8 = 2;
/// Nothing can be said: the target does not answer.
const INCONCLUSIVE: u8 = 3;

fn main() -> ExitCode {
    match commands::run(cli::Cli::parse().command) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("flexiti-conformance: {error:#}");
            let unreachable = error.downcast_ref::<Unreachable>().is_some()
                || error.downcast_ref::<Trouble>().is_some();
            ExitCode::from(if unreachable { INCONCLUSIVE } else { USAGE })
        }
    }
}
