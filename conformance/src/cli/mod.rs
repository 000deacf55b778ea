//! The command line: arguments in, reports out, an exit code back.

mod args;
mod certify;
mod commands;
mod diff;
mod drift;
mod exit_code;
mod explain;
mod help;
mod merchant;
mod merchant_args;
mod merchant_drivers;
mod probe;
mod replay;
mod reports;
mod say;
mod secret;
mod self_test;
mod server;
mod signals;
mod target;
mod unknown;
mod values;
mod verify;

use self::say::complain;
use crate::merchant::Trouble;
use crate::server::Unreachable;
use clap::FromArgMatches as _;
use flexiti_mock::command_line::{named_by_variable, slips};
use std::ffi::OsString;
use std::process::ExitCode;

/// Runs the program on the arguments of this process.
pub fn main() -> ExitCode {
    let mut command = args::command();
    let typed: Vec<OsString> = std::env::args_os().collect();
    let parsed = command.try_get_matches_from_mut(&typed);
    let cli = parsed.and_then(|matches| args::Cli::from_arg_matches(&matches));
    let cli = cli.unwrap_or_else(|error| named_by_variable(error, &command, &typed).exit());
    // Variables that `flexiti-mock exec` sets, and the mock's own, are not ours to check.
    let others = ["FLEXITI_MOCK_", "FLEXITI_ADMIN_URL", "FLEXITI_CA_FILE"];
    for warning in slips("FLEXITI_", &command, &others) {
        complain!("flexiti-conformance: {warning}");
    }
    match commands::run(cli.command) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            complain!("flexiti-conformance: {error:#}");
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

#[cfg(test)]
mod damaged_files;
