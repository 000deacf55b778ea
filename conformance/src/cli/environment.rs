//! Environment variables: an empty one counts as not set, as CI and compose files leave them.

use clap::{Arg, Command};

/// The command line, blind to empty variables.
pub fn without_empty_variables(command: Command) -> Command {
    let sighted = |arg: Arg| {
        let value = arg.get_env().and_then(std::env::var_os);
        match value {
            Some(value) if value.is_empty() => arg.env(None::<&str>),
            _ => arg,
        }
    };
    command
        .mut_args(sighted)
        .mut_subcommands(without_empty_variables)
}
